"""The bridge to code that is not async: calls are done by one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import ExitStack
from typing import Any, TypeVar

from scrubjay.errors import BadRequest
from scrubjay.library.calls import Calls
from scrubjay.library.cancellation import ended

R = TypeVar("R")

_IN_HAND_SECONDS = 2


class Bridge:
    """Runs async calls from any thread.

    It is closed by `close`, or at the end of the process. A fork does not take it along, and ends
    without it: nothing here waits for a thread that the forked process has not got.

    Args:
        make: makes the calls; in the thread that makes the bridge.
    """

    def __init__(self, make: Callable[[], Calls]) -> None:
        self._calls = make()
        self._pid = os.getpid()
        self._open = threading.RLock()  # a signal's handler may close it in the midst of a call
        self._in_hand = set[Future[Any]]()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scrubjay-memory", daemon=True)
        self._thread.start()
        with ExitStack() as stack:
            stack.callback(self.close)
            self._begun(self._calls.open).result()
            stack.pop_all()
        atexit.register(self.close)

    def _begun(self, work: Callable[[], Coroutine[Any, Any, R]]) -> Future[R]:
        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def run(self, call: Callable[[Calls], Coroutine[Any, Any, R]]) -> R:
        """Have a call done, and wait for its answer.

        Raises what it raises, and BadRequest where this is closed, in a process that was forked off, and where its own
        thread would wait for itself.
        """
        if os.getpid() != self._pid:
            raise BadRequest("this memory was made in another process: make one in each, after the fork")
        self._refuse_own_thread()
        with self._open:
            if self._closed:
                raise BadRequest("this memory is closed")
            begun = self._begun(lambda: call(self._calls))
            self._in_hand.add(begun)
        begun.add_done_callback(self._in_hand.discard)
        return begun.result()

    def close(self) -> None:
        """Let go of everything that was opened, and end what was started. What was accepted is kept.

        Calls in hand have a moment to end. Nothing happens where it is closed already, and in a process that was forked
        off. Raises BadRequest in its own thread.
        """
        if os.getpid() != self._pid:
            return
        self._refuse_own_thread()
        atexit.unregister(self.close)
        with self._open:
            closed, self._closed = self._closed, True
        if not closed:
            try:
                wait(list(self._in_hand), _IN_HAND_SECONDS)
                self._begun(self._calls.close).result()
            finally:
                self._end()

    def _refuse_own_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise BadRequest("this is the thread that the memory works in: it would wait for itself")

    def _end(self) -> None:
        self._begun(self._ended).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _ended(self) -> None:
        """Whatever still runs has nothing to work with any more; a closing that was interrupted comes to its end."""
        await ended(asyncio.all_tasks() - {asyncio.current_task()})
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()
