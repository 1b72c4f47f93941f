"""One event loop a process: opened when the worker starts, closed when it stops. Celery's threads only wait on it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context, copy_context
from typing import Any, TypeVar

import structlog
import uvloop

from scrubjay import gc_tuning
from scrubjay import logging_setup as logging
from scrubjay.bootstrap import Parts, opened
from scrubjay.ingest.sweep import sweep_forever
from scrubjay.settings import Settings
from scrubjay.worker.lane_slots import LaneSlots
from scrubjay.worker.presence import stay_present

log = structlog.get_logger(__name__)

T = TypeVar("T")

_START_SECONDS = 60
_STOP_SECONDS = 10


class WorkerLoop:
    """The process's event loop in a thread of its own, with every part opened on it.

    Args:
        settings: what to open.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker-loop", daemon=True)
        self._stop = asyncio.Event()
        self._parts: Parts | None = None
        self._serving: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._slots = LaneSlots(settings.worker_threads)

    def start(self) -> None:
        """Open every part and begin to sweep. Raises what opening raises."""
        os.nice(self._settings.worker_nice)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_START_SECONDS)

    async def _start(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._serving = asyncio.create_task(self._serve(ready))
        await asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            self._serving.result()

    async def _serve(self, ready: asyncio.Future[None]) -> None:
        logging.watch(self._loop)
        async with opened(self._settings) as parts:
            self._parts = parts
            sweeping = asyncio.create_task(sweep_forever(self._settings.sweep_seconds, parts.sweep))
            process = f"{socket.gethostname()}:{os.getpid()}"
            present = asyncio.create_task(stay_present(parts.pulse, process))
            following = asyncio.create_task(self._slots.follow_the_loop())
            gc_tuning.settle()
            ready.set_result(None)
            log.info("worker_open", extractor=parts.extractor.name, embedder=parts.embedder.name)
            try:
                await self._stop.wait()
            finally:
                await ended(sweeping, present, following)

    @property
    def parts(self) -> Parts:
        """Everything opened. Raises RuntimeError before `start`."""
        if self._parts is None:
            raise RuntimeError("the worker's loop is not open")
        return self._parts

    def drain_next(self) -> int:
        """Work on the lane whose turn it is, if there is one, and wait for that; returns how many turns were settled.

        Raises InboxUnavailable; CancelledError when the worker stops meanwhile.
        """
        return self.run(self._slots.drain_next(self.parts.drain))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, with the caller's log context, and wait for its answer.

        Raises what the coroutine raises; CancelledError when the worker stops meanwhile.
        """
        return asyncio.run_coroutine_threadsafe(self._tracked(work, copy_context()), self._loop).result()

    def begin(self, work: Coroutine[Any, Any, object], done: Callable[[Future[object]], None]) -> None:
        """The same without waiting: it takes no thread from those who wait, however long it takes.

        Args:
            work: what to run.
            done: is given the answer, or what was raised.
        """
        asyncio.run_coroutine_threadsafe(self._tracked(work, copy_context()), self._loop).add_done_callback(done)

    async def _tracked(self, work: Coroutine[Any, Any, T], context: Context) -> T:
        task = self._loop.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await task

    def wind_down(self) -> None:
        """What has not finished in time is cancelled: it hands its lanes back, and another worker goes on."""
        self._loop.call_soon_threadsafe(self._loop.call_later, self._settings.finish_seconds, self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def stop(self) -> None:
        """Cancel what still runs (it hands its lanes back), close every part, end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)

    async def _close(self) -> None:
        self._cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stop.set()
        if self._serving is not None:
            await self._serving


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def configured() -> WorkerLoop:
    """A loop by the environment's settings, with logging set up."""
    settings = Settings.of_service()
    logging.configure(settings.log_level)
    return WorkerLoop(settings)
