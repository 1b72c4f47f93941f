"""Long-term memory for chatbots. The library: `from scrubjay import Memory, MemoryClient`.

The library's names are looked up when they are asked for: every process of a stack imports this package, and none of
them is to load what it does not need, not even `typing`.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; for them the names are plainly there
if TYPE_CHECKING:
    from scrubjay.library.memory import AsyncMemory, Memory
    from scrubjay.library.memory_client import AsyncMemoryClient, MemoryClient

    __version__: str

__all__ = ["AsyncMemory", "AsyncMemoryClient", "Memory", "MemoryClient", "__version__"]

_PLACES = {
    "AsyncMemory": "scrubjay.library.memory",
    "AsyncMemoryClient": "scrubjay.library.memory_client",
    "Memory": "scrubjay.library.memory",
    "MemoryClient": "scrubjay.library.memory_client",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """One of the library's names, or the version that is installed."""
        if name == "__version__":
            return import_module("importlib.metadata").version("scrubjay")
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return getattr(import_module(_PLACES[name]), name)
        except ModuleNotFoundError as error:
            if (error.name or "scrubjay").startswith("scrubjay"):
                raise
            needs = f"`{name}` needs {error.name}, which is not installed: install Scrubjay with its extra `server`"
            raise ImportError(needs, name=error.name) from error
