"""Compaction: merge segments, drop deleted points and build HNSW graphs without holding up a single query.

The engine's `optimize()` holds the interpreter lock from its start to its end, 38 seconds for 50,000 points, so
no thread of this process may call it. Instead the data is copied, another process of the lowest priority
optimizes the copy, and the changes made meanwhile are made on the copy as well before it becomes the data.
Until the record names the copy as current, a crash leaves the old data, which holds every change.
"""

import asyncio
import shutil
import sys
import time
from pathlib import Path

from scrubjay.devstack.qdrant_engine import log, optimizer
from scrubjay.devstack.qdrant_engine.collection import Collection
from scrubjay.devstack.qdrant_engine.errors import Refusal

_OPTIMIZER = optimizer.__name__


class Compaction:
    """One compaction of one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._abandoned = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    def abandon(self) -> None:
        """Stop as soon as possible; the collection stays as it is."""
        self._abandoned.set()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def run(self) -> None:
        """Copy, optimize the copy, take it over."""
        collection, started = self._collection, time.monotonic()
        copy = collection.next_data()
        try:
            await self._copy(copy)
            exit_code = await self._optimize(copy)
            if exit_code == optimizer.OPTIMIZED and not self._abandoned.is_set():
                await self._take_over(copy, started)
                return
            if exit_code != optimizer.NOTHING_TO_DO:
                log.warn(log.COMPACTION_ABANDONED, collection=collection.name, exit_code=exit_code)
            await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)
        except (OSError, Refusal) as error:
            # The copy stays until the next start, which removes what the record does not name.
            log.warn(log.COMPACTION_ABANDONED, collection=collection.name, reason=log.first_clause(error))
        finally:
            collection.journal = None

    async def _copy(self, copy: Path) -> None:
        # Changes wait for the copy, queries do not: only those who write take the lock.
        async with self._collection.writing:
            source = self._collection.start_journal()
            await asyncio.to_thread(shutil.copytree, source, copy)

    async def _optimize(self, copy: Path) -> int | None:
        if self._abandoned.is_set():
            return None
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _OPTIMIZER, str(copy), stdin=asyncio.subprocess.DEVNULL
        )
        if self._abandoned.is_set():
            self._process.kill()
        return await self._process.wait()

    async def _take_over(self, copy: Path, started: float) -> None:
        async with self._collection.writing:
            stalled = time.monotonic()
            old = self._collection.take_over(copy)
        log.say(
            log.COMPACTED,
            collection=self._collection.name,
            seconds=round(time.monotonic() - started, 1),
            stalled_seconds=round(time.monotonic() - stalled, 3),
        )
        await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)
