"""Lanes that an erase holds on Redis: taken by force a few at a time, and renewed together for as long as it takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial

from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import chunks
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.leases import lease_of, renew_held, take_by_force
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import InboxUnavailable, LaneBusy, LeaseLost
from scrubjay.logging_setup import attempted
from scrubjay.model import Lane, Lease

LANES_AT_ONCE = 64  # in one script call
_LEASES_AT_ONCE = 500  # in one MGET
_WAIT_SECONDS = 30
_LOOK_SECONDS = 0.1

HandBack = Callable[[Lease], Awaitable[None]]


class RedisHeldLanes:
    """The port `HeldLanes`. See `holding`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        lanes: runs the steps, and names lanes.
        order: runs the steps that draw a number in the order.
        limits: bounds.
    """

    def __init__(self, redis: Redis, lanes: LaneScripts, order: RedisOrder, limits: InboxLimits) -> None:
        self._redis = redis
        self._lanes = lanes
        self._order = order
        self._limits = limits
        self._leases = dict[Lane, Lease]()
        self._lost = 0

    @property
    def leases(self) -> Sequence[Lease]:
        """Those that are held, in the order in which they were taken."""
        return list(self._leases.values())

    async def take(self, lanes: Iterable[Lane]) -> None:
        """Take these too, all in the order of their keys.

        Raises LaneBusy when another erase has one of them for half a minute, and LeaseLost when it has one and we hold
        others already: it may be waiting for one of those.
        """
        missing = sorted({lane for lane in lanes if lane not in self._leases}, key=lambda lane: lane.key)
        first, deadline = not self._leases, asyncio.get_running_loop().time() + _WAIT_SECONDS
        while missing:
            chunk = missing[:LANES_AT_ONCE]
            taken = await self._take(chunk)
            missing = missing[taken:]
            if taken == len(chunk):
                continue
            if not first:
                raise LeaseLost("another erase holds one of the lanes")
            if asyncio.get_running_loop().time() > deadline:
                raise LaneBusy("this owner is being forgotten just now", retry_after_seconds=5)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _take(self, lanes: Sequence[Lane]) -> int:
        answer = await self._order.run(partial(take_by_force, self._lanes, lanes, self._limits.lease_ms))
        for lane in lanes[: answer.taken]:
            self._leases[lane] = lease_of(lane, answer.token, answer.taken_us)
        return answer.taken

    async def check(self) -> None:
        """Raises LeaseLost unless every lane has been held since it was taken: a token never comes back."""
        for chunk in chunks(self.leases, _LEASES_AT_ONCE):
            names = [(await self._lanes.of(lease.lane)).lease for lease in chunk]
            tokens = await answered(self._redis.mget(names))
            self._lost += sum(token != str(lease.token).encode() for token, lease in zip(tokens, chunk, strict=True))
        if self._lost:
            raise LeaseLost(f"{self._lost} lanes were lost during an erase")

    async def beat(self) -> None:
        """Renew all leases again and again, until one is lost."""
        while not self._lost:
            await asyncio.sleep(self._limits.lease_seconds / 3)
            for chunk in chunks(self.leases, LANES_AT_ONCE):
                # What has ended by then is told by the next look.
                renewing = renew_held(self._lanes, chunk, self._limits.lease_ms)
                self._lost += await attempted("renew", renewing, expected=InboxUnavailable) or 0

    async def give_back(self, hand_back: HandBack) -> None:
        """Hand all lanes back; one that cannot be handed back is free when its lease ends."""
        for chunk in chunks(self.leases, LANES_AT_ONCE):
            await asyncio.gather(*map(hand_back, chunk), return_exceptions=True)


@contextlib.asynccontextmanager
async def holding(lanes: RedisHeldLanes, hand_back: HandBack) -> AsyncIterator[RedisHeldLanes]:
    """While an erase runs, renew its leases on the lanes that it holds in Redis; at the end hand these lanes back."""
    heartbeat = asyncio.create_task(lanes.beat())
    try:
        yield lanes
    finally:
        heartbeat.cancel()
        await lanes.give_back(hand_back)
