"""Leases on Redis: a lane is held by name, or because it is its turn, or to edit in it; kept, and handed back.

Each call is one Lua script, so one atomic step.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from functools import partial
from typing import TypeVar, get_args

import structlog

from scrubjay.adapters.redis.limits import MOST_MESSAGES, InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts import Argument, RedisScripts
from scrubjay.errors import InboxRefused, InboxUnavailable, LaneBusy, LeaseLost, Transient
from scrubjay.logging_setup import attempted
from scrubjay.model import Kind, Lane, Lease
from scrubjay.model.clock import from_us
from scrubjay.ports import WakeupMessages

T = TypeVar("T")
log = structlog.get_logger(__name__)

_REST_MS = 500
_EDIT_LOOK_SECONDS = 0.05
_REDIS_LOOK_SECONDS = 0.5
_LOST, _MORE, _DAMAGED = 0, b"more", b"damaged"
_MESSAGES_A_DRAIN = 2  # one in its own place, and one so that more threads get to work where there is more to do


class RedisLeasing:
    """The part of the port `Lanes` that holds lanes.

    Args:
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
        order: runs the steps that draw a fencing token.
    """

    def __init__(self, scripts: RedisScripts, wakeups: WakeupMessages, limits: InboxLimits, order: RedisOrder) -> None:
        self._order = order
        self._run = scripts.run
        self._wakeups = wakeups
        self._limits = limits
        self._keys = scripts.keys

    @contextlib.asynccontextmanager
    async def lease(self, lane: Lane) -> AsyncIterator[Lease | None]:
        """Hold the lane, renewed by a heartbeat; None when it is held, asleep or backing off.

        Left by an unforeseen error, the batch stays marked as held: the next holder bisects it, as after a crash.
        """
        lease = await self._waited_for(partial(self._acquire, lane, edit=False))
        if lease is None:
            yield None
            return
        async with self._kept(lease):
            yield lease

    @contextlib.asynccontextmanager
    async def claim(self, left_out: Collection[str] = ()) -> AsyncIterator[Lease | None]:
        """Hold the lane whose turn it is, as `lease` does; None when no lane is ready. See the port."""
        lease = await self._waited_for(partial(self._claimed, left_out))
        if lease is None:
            yield None
            return
        async with self._kept(lease):
            yield lease

    @contextlib.asynccontextmanager
    async def edit(self, lane: Lane, wait_seconds: float = 5) -> AsyncIterator[Lease]:
        """Hold the lane to change a memory by hand, once no worker holds it and no plan is pending.

        Raises LaneBusy when that takes longer than `wait_seconds`.
        """
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while (lease := await self._acquire(lane, edit=True)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise LaneBusy("this owner's memories are being written just now", retry_after_seconds=1)
            await asyncio.sleep(_EDIT_LOOK_SECONDS)
        async with self._kept(lease):
            yield lease

    async def _acquire(self, lane: Lane, *, edit: bool) -> Lease | None:
        names = [
            self._keys.lease(lane),
            self._keys.lane(lane),
            self._keys.waiting(lane),
            self._keys.plan(lane),
            self._keys.owned(lane),
        ]
        args: list[Argument] = [lane.key, self._limits.lease_ms, int(edit), self._limits.retention_seconds]
        taken = await self._order.run("acquire", names, [*args, self._limits.longest_lease_ms])
        return lease_of(lane, *taken) if taken else None

    async def _claimed(self, left_out: Collection[str]) -> Lease | None:
        """Take the lane whose turn it is: one after the other is looked at, until one is free or none is ready."""
        limits = self._limits
        args: list[Argument] = [limits.lease_ms, limits.retention_seconds, limits.longest_lease_ms, *left_out]
        while answer := await self._order.run("claim", [], args):
            if answer == _MORE:
                continue
            if answer[0] == _DAMAGED:
                _tell_damage(answer[1])
                continue
            name, token, taken_us, waited_ms = answer
            try:
                lane = Lane.parse(name.decode())
            except ValueError:  # it rests for as long as the lease that was just taken
                _tell_damage(name)
                continue
            return lease_of(lane, token, taken_us).model_copy(update={"waited_seconds": int(waited_ms) / 1000})
        return None

    @contextlib.asynccontextmanager
    async def _kept(self, lease: Lease) -> AsyncIterator[None]:
        heartbeat = asyncio.create_task(self._beat(lease))
        died, refused = True, False
        try:
            yield
            died = False
        except (asyncio.CancelledError, Transient, LeaseLost) as error:
            died, refused = False, isinstance(error, InboxRefused)
            raise
        finally:
            heartbeat.cancel()
            await self._give_back(lease, died, refused)

    async def _give_back(self, lease: Lease, died: bool, refused: bool) -> None:
        """Hand back, waiting for Redis as long as the lease can live; after that it has ended by itself."""
        with contextlib.suppress(InboxUnavailable):
            await self._waited_for(partial(self.hand_back, lease, died=died, refused=refused))

    async def _waited_for(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step that may be done twice, waiting for Redis as long as a lease: by then the sweep rings anyway."""
        deadline = asyncio.get_running_loop().time() + self._limits.lease_seconds
        while True:
            try:
                return await step()
            except InboxUnavailable:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(_REDIS_LOOK_SECONDS)

    async def _beat(self, lease: Lease) -> None:
        names, is_ours = [self._keys.lease(lease.lane)], True
        while is_ours:
            await asyncio.sleep(self._limits.lease_seconds / 3)
            renewing = self._run("renew", names, [lease.token, lease.lane.key, self._limits.lease_ms])
            is_ours = await attempted("renew", renewing, expected=InboxUnavailable) != _LOST

    async def hand_back(self, lease: Lease, *, died: bool = False, refused: bool = False) -> None:
        """Give the lane up, if it is still ours, and send some wake-up messages if lanes are ready.

        Args:
            lease: the one that ends.
            died: its holder came to an unforeseen end: the batch stays marked as held, and the lane rests a moment.
            refused: Redis refused a step: the lane rests, for longer each time.
        """
        lane = lease.lane
        names = [
            self._keys.lease(lane),
            self._keys.lane(lane),
            self._keys.waiting(lane),
            self._keys.owned(lane),
            self._keys.erasing(lane),
            self._wakeups.queue,
        ]
        args: list[Argument] = [
            lease.token,
            lane.key,
            *self._keys.prefixes(lane),
            int(died) or ("refused" if refused else ""),
            _REST_MS,
        ]
        args += [
            self._limits.retention_seconds,
            int(self._limits.retry_max_seconds * 1000),
            MOST_MESSAGES,
            *(self._wakeups.message() for _ in range(_MESSAGES_A_DRAIN)),
        ]
        await self._run("hand_back", names, args)


def lease_of(lane: Lane, token: bytes, taken_us: bytes) -> Lease:
    """A lease from its token and Redis' time in microseconds."""
    return Lease(lane=lane, token=int(token), taken_at=from_us(taken_us))


def _tell_damage(name: bytes) -> None:
    """Log that a lane rests as a key of it, or its name, is of no use; of the name only the tenant and the kind."""
    tenant, _, rest = name.decode(errors="replace").partition(":")
    kind = rest.partition(":")[0]
    log.error("lane_damaged", tenant=tenant, lane_kind=kind if kind in get_args(Kind) else "unknown")
