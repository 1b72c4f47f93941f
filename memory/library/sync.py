"""The one bridge to code that is not async: the same calls, done by one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import ExitStack
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from memory.errors import BadRequest
from memory.library.calls import Calls

P = ParamSpec("P")
R = TypeVar("R")


class Bridge:
    """Runs the calls of one async object, from whichever thread.

    It is closed by `close`, by leaving `with`, or at the end of the process. A fork does not take it along, and ends
    without it: nothing here waits for a thread that the forked process has not got.

    Args:
        make: makes the object.
    """

    def __init__(self, make: Callable[[], Calls]) -> None:
        self._calls = make()
        self._pid = os.getpid()
        self._open = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="turnstone-memory", daemon=True)
        self._thread.start()
        with ExitStack() as stack:
            stack.callback(self.close)
            self._begun(self._calls.__aenter__).result()
            stack.pop_all()
        atexit.register(self.close)

    def _begun(self, work: Callable[[], Coroutine[Any, Any, R]]) -> Future[R]:
        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def run(self, call: Callable[[Calls], Coroutine[Any, Any, R]]) -> R:
        """Have a call done, and wait for its answer. Raises what it raises, and BadRequest where this is closed."""
        if os.getpid() != self._pid:
            raise BadRequest("this memory was made in another process: make one in each, after the fork")
        with self._open:  # what has begun before it is closed comes to its end
            if self._closed:
                raise BadRequest("this memory is closed")
            begun = self._begun(lambda: call(self._calls))
        return begun.result()

    def close(self) -> None:
        """Let go of everything that was opened, and end what was started. What was accepted is kept.

        Nothing happens where it is closed already, and in a process that was forked off.
        """
        atexit.unregister(self.close)
        if os.getpid() != self._pid:
            return
        with self._open:
            closed, self._closed = self._closed, True
        if not closed:
            try:
                self._begun(self._rested).result()
            finally:
                self._end()

    async def _rested(self) -> None:
        """Close the object, then wait for what still runs: it has nothing to work with any more."""
        await self._calls.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

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
