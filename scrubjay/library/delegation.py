"""How the four classes of the library hand their calls on: each method is written once, in `Calls`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from scrubjay.library.bridge import Bridge
from scrubjay.library.calls import Calls

P = ParamSpec("P")
R = TypeVar("R")


class HasCalls(Protocol):
    """An async memory."""

    _calls: Calls


class HasBridge(Protocol):
    """A memory for code that is not async."""

    _bridge: Bridge


def awaited(
    call: Callable[Concatenate[Calls, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[HasCalls, P], Coroutine[Any, Any, R]]:
    """The method of an async memory that hands a call on, with its signature and its docstring."""

    @wraps(call)
    async def method(memory: HasCalls, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await call(memory._calls, *args, **kwargs)

    return method


def waiting(
    call: Callable[Concatenate[Calls, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[HasBridge, P], R]:
    """The method of a sync memory that hands a call on over the bridge, with its signature and its docstring."""

    @wraps(call)
    def method(memory: HasBridge, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return memory._bridge.run(lambda calls: call(calls, *args, **kwargs))

    return method
