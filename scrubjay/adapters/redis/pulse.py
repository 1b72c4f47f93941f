"""Signs of life on Redis: a small write, the queue's figures, which workers are alive, since when a part is unwell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.processes import beat, queue
from scrubjay.adapters.redis.scripts.processes import unwell as note_unwell
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.model import QueueState
from scrubjay.model.clock import from_us

_PROBE_SECONDS = 60
_SEEN_MS = 15_000
_KEEP_MS = 60_000
_UNWELL_SECONDS = 600


class RedisPulse:
    """The port `Pulse` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._keys = scripts.keys

    async def try_writing(self) -> None:
        """Write a little, as accepting a turn does: a full, read-only or silent Redis refuses it. See the port."""
        await answered(self._redis.set(self._keys.probe, 1, ex=_PROBE_SECONDS))

    async def queue(self) -> QueueState:
        """How the queue is."""
        state = await queue(self._scripts, _SEEN_MS)
        return QueueState(
            lanes=state.lanes,
            backing_off=state.backing_off,
            oldest_due_seconds=None if state.oldest_due_ms is None else state.oldest_due_ms / 1000,
            workers=state.workers,
        )

    async def note(self, unwell: Collection[str], recovered: Collection[str]) -> Mapping[str, datetime]:
        """Note which parts do not work and which work again; returns since when each of the first does not."""
        since = await note_unwell(self._scripts, tuple(unwell), tuple(recovered), _UNWELL_SECONDS)
        return dict(zip(unwell, map(from_us, since), strict=True))

    async def beat(self, process: str) -> None:
        """Note that a worker process is alive."""
        await beat(self._scripts, process, _KEEP_MS)

    async def leave(self, process: str) -> None:
        """Note that a worker process has ended."""
        await answered(self._redis.zrem(self._keys.workers, process))
