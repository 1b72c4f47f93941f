"""Redis' clock, as every process reads it: asked now and then, and carried on by the monotonic clock in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from memory.adapters.redis_scripts import RedisScripts, answered
from memory.clock import from_us
from memory.errors import InboxUnavailable

log = structlog.get_logger(__name__)

_GOOD_FOR_SECONDS = 5
_A_JUMP_SECONDS = 1
_AGREED = timedelta(minutes=1)


class RedisClock:
    """The port `Clock`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts) -> None:
        self._redis = redis
        self._run = scripts.run
        self._read: tuple[datetime, float] | None = None  # Redis' time, and the loop's when it was read

    async def now(self) -> datetime:
        """What time it is by Redis' clock; where Redis is away, by what it said last, and by our own if nothing."""
        if self._read is None or asyncio.get_running_loop().time() - self._read[1] > _GOOD_FOR_SECONDS:
            try:
                return await self._asked()
            except InboxUnavailable:
                if self._read is None:
                    return datetime.now(UTC)
        then, read_at = self._read
        return then + timedelta(seconds=asyncio.get_running_loop().time() - read_at)

    async def agrees(self) -> bool:
        """Whether our own clock and Redis' agree to a minute; False where Redis is away."""
        try:
            return abs(await self._asked() - datetime.now(UTC)) <= _AGREED
        except InboxUnavailable:
            return False

    async def look(self) -> None:
        """Compare the time that has passed by Redis' clock with ours; a difference of more than a second is a jump.

        It is logged, and counted once however many processes see it. Raises InboxUnavailable.
        """
        before = self._read
        time = await self._asked()
        if before is None or self._read is None:
            return
        passed = self._read[1] - before[1]
        jump = (time - before[0]).total_seconds() - passed
        if abs(jump) > _A_JUMP_SECONDS:
            log.warning("clock_jumped", seconds=round(jump, 3), direction="ahead" if jump > 0 else "back")
            await self._run("clock_jumped", [], [int(jump * 1000)])

    async def _asked(self) -> datetime:
        begun = asyncio.get_running_loop().time()
        seconds, micros = await answered(self._redis.time())
        read_at = (begun + asyncio.get_running_loop().time()) / 2
        self._read = from_us(seconds * 1_000_000 + micros), read_at
        return self._read[0]
