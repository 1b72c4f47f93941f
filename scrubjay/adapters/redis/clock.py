"""Redis' clock, as every process reads it: asked now and then, and carried on by the monotonic clock in between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.order import clock_jumped
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.errors import InboxUnavailable
from scrubjay.model.clock import from_us

log = structlog.get_logger(__name__)

_GOOD_FOR_SECONDS = 5
_A_JUMP_SECONDS = 1
_AGREED = timedelta(minutes=1)


@dataclass(frozen=True)
class _Reading:
    """What Redis' clock showed.

    Args:
        time: by Redis' clock.
        read_at: by the event loop's clock, in seconds: the middle of the call.
        off_by: how far `read_at` may be off, in seconds: Redis read its clock at some moment of the call.
    """

    time: datetime
    read_at: float
    off_by: float


class RedisClock:
    """The port `Clock`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._read: _Reading | None = None

    async def now(self) -> datetime:
        """What time it is by Redis' clock; where Redis is away, by what it said last, and by our own if nothing."""
        if self._read is None or asyncio.get_running_loop().time() - self._read.read_at > _GOOD_FOR_SECONDS:
            try:
                return await self._read_now()
            except InboxUnavailable:
                if self._read is None:
                    return datetime.now(UTC)
        return self._read.time + timedelta(seconds=asyncio.get_running_loop().time() - self._read.read_at)

    async def agrees(self) -> bool:
        """Whether our own clock and Redis' agree to a minute; False where Redis is away."""
        try:
            return abs(await self._read_now() - datetime.now(UTC)) <= _AGREED
        except InboxUnavailable:
            return False

    async def look(self) -> None:
        """Compare the time that has passed by Redis' clock with ours; a difference of more than a second is a jump.

        A call that took long may have read the clock at any moment of it: so much more is allowed for. A jump is
        logged, and counted once however many processes see it. Raises InboxUnavailable.
        """
        before = self._read
        await self._read_now()
        after = self._read
        if before is None or after is None:
            return
        jump = (after.time - before.time).total_seconds() - (after.read_at - before.read_at)
        if abs(jump) > _A_JUMP_SECONDS + before.off_by + after.off_by:
            log.warning("clock_jumped", seconds=round(jump, 3), direction="ahead" if jump > 0 else "back")
            await clock_jumped(self._scripts, int(jump * 1000))

    async def _read_now(self) -> datetime:
        begun = asyncio.get_running_loop().time()
        seconds, micros = await answered(self._redis.time())
        off_by = (asyncio.get_running_loop().time() - begun) / 2
        self._read = _Reading(from_us(seconds * 1_000_000 + micros), begun + off_by, off_by)
        return self._read.time
