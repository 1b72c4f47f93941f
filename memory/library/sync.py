"""The one bridge to code that is not async: the same calls, done by one event loop in a thread of its own."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from memory.errors import BadRequest
from memory.library.calls import Calls

P = ParamSpec("P")
R = TypeVar("R")


class Bridge:
    """Runs the calls of one async object, from whichever thread.

    It is closed by `close`, by leaving `with`, or at the end of the process. A fork does not take it along.

    Args:
        make: makes the object.
    """

    def __init__(self, make: Callable[[], Calls]) -> None:
        calls = make()
        self._pid = os.getpid()
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="turnstone-memory"))
            stack.callback(portal.call, calls.close)
            portal.call(calls.__aenter__)
            self._calls, self._portal = calls, portal
            self._closing = stack.pop_all()
        atexit.register(self.close)

    def run(self, call: Callable[[Calls], Coroutine[Any, Any, R]]) -> R:
        """Have a call done, and wait for its answer. Raises what it raises, and BadRequest where this is closed."""
        if os.getpid() != self._pid:
            raise BadRequest("this memory was made in another process: make one in each, after the fork")
        try:
            future = self._portal.start_task_soon(call, self._calls)
        except RuntimeError:
            raise BadRequest("this memory is closed") from None
        answer: R = future.result()
        return answer

    def close(self) -> None:
        """Let go of everything that was opened, and end what was started. What was accepted is kept.

        Nothing happens where it is closed already, and in a process that was forked off.
        """
        atexit.unregister(self.close)
        if os.getpid() == self._pid:
            self._closing.pop_all().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _waiting(call: Callable[Concatenate[Calls, P], Coroutine[Any, Any, R]]) -> Callable[Concatenate[Bridge, P], R]:
    """The same call for whoever waits for its answer."""

    @wraps(call)
    def waits(bridge: Bridge, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return bridge.run(lambda calls: call(calls, *args, **kwargs))

    return waits


class SyncCalls(Bridge):
    """The calls of the library, for whoever waits for their answers: see `Calls` for what they do."""

    add = _waiting(Calls.add)
    search = _waiting(Calls.search)
    get = _waiting(Calls.get)
    get_all = _waiting(Calls.get_all)
    update = _waiting(Calls.update)
    delete = _waiting(Calls.delete)
    delete_all = _waiting(Calls.delete_all)
    history = _waiting(Calls.history)
    reset = _waiting(Calls.reset)
