"""Signs of life on Redis: a small write, the queue's figures, which workers are alive, since when a part is unwell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts import RedisScripts, answered
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
        self._run = scripts.run
        self._keys = scripts.keys

    async def try_writing(self) -> None:
        """Write a little, as accepting a turn does: a full, read-only or silent Redis refuses it. See the port."""
        await answered(self._redis.set(self._keys.probe, 1, ex=_PROBE_SECONDS))

    async def queue(self) -> QueueState:
        """How the queue is."""
        lanes, resting, due_ms, workers = await self._run("queue", [self._keys.due, self._keys.workers], [_SEEN_MS])
        oldest = due_ms / 1000 if due_ms >= 0 else None
        return QueueState(lanes=lanes, backing_off=resting, oldest_due_seconds=oldest, workers=workers)

    async def note(self, unwell: Collection[str], recovered: Collection[str]) -> Mapping[str, datetime]:
        """Note which parts do not work and which work again; returns since when each of the first does not."""
        names = [self._keys.unwell(name) for name in (*unwell, *recovered)]
        since = await self._run("unwell", names, [len(unwell), _UNWELL_SECONDS])
        return {name: from_us(int(at)) for name, at in zip(unwell, since, strict=True)}

    async def beat(self, process: str) -> None:
        """Note that a worker process is alive."""
        await self._run("beat", [self._keys.workers], [process, _KEEP_MS])

    async def leave(self, process: str) -> None:
        """Note that a worker process has ended."""
        await answered(self._redis.zrem(self._keys.workers, process))
