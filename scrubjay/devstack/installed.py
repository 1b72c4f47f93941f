"""Whether what the embedded stack runs is installed here: a thin installation has none of it."""

from __future__ import annotations

from importlib.util import find_spec

from scrubjay.devstack.failures import StackRefused

_NEEDED = {
    "server": ("celery", "fastapi", "onnxruntime", "qdrant_client", "redis", "uvicorn"),
    "embedded": ("qdrant_edge", "starlette"),
}


def check_installed() -> None:
    """Raises StackRefused, which names the extras to install, where a package that the stack runs is missing."""
    missing = {extra: name for extra, names in _NEEDED.items() for name in names if find_spec(name) is None}
    if missing:
        extras = " and ".join(f"`{extra}`" for extra in missing)
        first = next(iter(missing.values()))
        needs = f"install Scrubjay with its extra {extras}"
        raise StackRefused(f"What serves is not installed here ({first} is missing): {needs}.")
