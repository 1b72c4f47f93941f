"""Watches leases at the moment of a kill and afterwards: when each ended by itself, when the lane was held again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from scrubjay.model.clock import from_us

_LOOK_SECONDS = 0.02
_CLOCK_SECONDS = 0.05  # a lease's end is read a moment after the answer was made


@dataclass(frozen=True)
class Lease:
    """A lease as it was at the moment of the kill.

    Args:
        token: of its holder.
        until: when it ends unless it is renewed.
    """

    token: bytes
    until: datetime


@dataclass(frozen=True)
class Takeover:
    """A lane whose lease ended by itself, as its holder was dead.

    Args:
        ended_at: when the lease did.
        taken_at: when the next worker had the lane.
    """

    ended_at: datetime
    taken_at: datetime

    @property
    def seconds(self) -> float:
        """The time in between."""
        return (self.taken_at - self.ended_at).total_seconds()


async def leases(redis: Redis, names: Sequence[str]) -> dict[str, Lease]:
    """Those of the named leases that are held now."""
    async with redis.pipeline(transaction=True) as pipeline:
        for name in names:
            pipeline.get(name)
            pipeline.pttl(name)
        answers = await pipeline.execute()
    now = datetime.now(UTC)
    pairs = zip(names, answers[::2], answers[1::2], strict=True)
    return {name: Lease(token, now + timedelta(milliseconds=left)) for name, token, left in pairs if token is not None}


async def takeovers(
    redis: Redis, before: Mapping[str, Lease], done: Callable[[], Awaitable[bool]], deadline_seconds: float
) -> list[Takeover]:
    """Watch until all is done. A token tells when its lease was taken, so looking now and then is exact.

    Args:
        redis: of the inbox.
        before: the leases at the moment of the kill.
        done: whether there is nothing left to watch.
        deadline_seconds: how long at most; then TimeoutError.
    """
    seen: dict[str, Takeover] = {}
    async with asyncio.timeout(deadline_seconds):
        while not await done():
            for name, token in zip(before, await redis.mget(list(before)) if before else [], strict=True):
                if token is not None and token != before[name].token:
                    seen.setdefault(name, Takeover(before[name].until, from_us(token)))
            await asyncio.sleep(_LOOK_SECONDS)
    return [takeover for takeover in seen.values() if takeover.seconds > -_CLOCK_SECONDS]
