"""Housekeeping beside the requests: a flush soon after the first change, compaction once many changes lie still."""

import asyncio
from dataclasses import dataclass

from scrubjay.devstack.qdrant_engine import log
from scrubjay.devstack.qdrant_engine.collection import Collection
from scrubjay.devstack.qdrant_engine.compaction import Compaction
from scrubjay.devstack.qdrant_engine.errors import Refusal
from scrubjay.devstack.qdrant_engine.schema import FLUSH_SECONDS
from scrubjay.devstack.qdrant_engine.store import Store


@dataclass(frozen=True)
class Policy:
    """When a collection is compacted: after `changes` changed points and `quiet_seconds` without another.

    A compaction that is overtaken by more than `overtaken_by` changed points is given up, because all of them
    wait in memory to be made again on the new data.
    """

    changes: int = 20_000
    quiet_seconds: float = 30
    overtaken_by: int = 20_000


class CompactionScheduler:
    """Schedules flushes and compactions, with timers only while there is something to do: an idle server sleeps."""

    def __init__(self, store: Store, policy: Policy) -> None:
        """Start without timers: a change to a Qdrant collection in the store plans its flush and its compaction."""
        self._store = store
        self._policy = policy
        self._flush: asyncio.TimerHandle | None = None
        self._quiet: dict[str, asyncio.TimerHandle] = {}
        self._running: dict[str, tuple[Compaction, asyncio.Task[None]]] = {}

    def touched(self, collection: Collection) -> None:
        """Take note that a collection has changed."""
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_all)
        if collection.changes < self._policy.changes:
            return
        if collection.name not in self._running:
            self._wait_for_quiet(collection)
        elif collection.changes > self._policy.overtaken_by:
            self._running[collection.name][0].abandon()

    def _flush_all(self) -> None:
        self._flush = None
        for collection in self._store.all():
            try:
                collection.flush()
            except Refusal as error:
                log.warn(log.ENGINE_FAILED, collection=collection.name, reason=log.first_clause(error))

    def _wait_for_quiet(self, collection: Collection) -> None:
        if collection.name in self._quiet:
            self._quiet[collection.name].cancel()
        loop = asyncio.get_running_loop()
        self._quiet[collection.name] = loop.call_later(self._policy.quiet_seconds, self._compact, collection)

    def _compact(self, collection: Collection) -> None:
        self._quiet.pop(collection.name, None)
        if collection.dropped:
            return
        compaction = Compaction(collection)
        task = asyncio.get_running_loop().create_task(compaction.run())
        self._running[collection.name] = (compaction, task)
        task.add_done_callback(lambda _: self._running.pop(collection.name, None))

    async def release(self, name: str) -> None:
        """Give up what is planned or under way for a collection, and return once nothing touches its files."""
        if name in self._quiet:
            self._quiet.pop(name).cancel()
        if name in self._running:
            compaction, task = self._running[name]
            compaction.abandon()
            await task

    async def close(self) -> None:
        """Give up everything that is planned or under way."""
        if self._flush is not None:
            self._flush.cancel()
        for name in [*self._quiet, *self._running]:
            await self.release(name)
