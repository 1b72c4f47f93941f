"""Scrubjay's shared package: what remembering is. Its library: `from scrubjay import Memory, MemoryClient`.

The library's names are looked up when they are asked for: every process of a stack imports this package, and none of
them is to load what it does not need, not even `typing`.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; for them the names are plainly there
if TYPE_CHECKING:
    from scrubjay.library.local import AsyncMemory, Memory
    from scrubjay.library.remote import AsyncMemoryClient, MemoryClient

__all__ = ["AsyncMemory", "AsyncMemoryClient", "Memory", "MemoryClient"]

_PLACES = {
    "AsyncMemory": "scrubjay.library.local",
    "AsyncMemoryClient": "scrubjay.library.remote",
    "Memory": "scrubjay.library.local",
    "MemoryClient": "scrubjay.library.remote",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """One of the library's names."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_PLACES[name]), name)
