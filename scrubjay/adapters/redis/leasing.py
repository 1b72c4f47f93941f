"""Leases on Redis: a lane is held by name, or because it is its turn, or to edit in it; kept, and handed back.

Each call is one Lua script, so one atomic step.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import TypeVar, get_args

import structlog

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.scripts import leases
from scrubjay.errors import InboxRefused, InboxUnavailable, LaneBusy, LeaseLost, Transient
from scrubjay.logging_setup import attempted
from scrubjay.model import OWNERS, Kind, Lane, Lease, Scope

T = TypeVar("T")
log = structlog.get_logger(__name__)

_EDIT_LOOK_SECONDS = 0.05
_REDIS_LOOK_SECONDS = 0.5


class RedisLeasing:
    """The part of the port `Lanes` that holds lanes.

    Args:
        core: what the adapters share.
    """

    def __init__(self, core: RedisCore) -> None:
        self._core = core
        self._lanes, self._order, self._limits = core.lanes, core.order, core.limits

    @contextlib.asynccontextmanager
    async def lease(self, lane: Lane) -> AsyncIterator[Lease | None]:
        """Hold the lane, renewed by a heartbeat; None when it is held, asleep or backing off.

        Left by an unforeseen error, the batch stays marked as held: the next holder bisects it, as after a crash.
        """
        lease = await self._waited_for(partial(self.acquire, lane, edit=False))
        if lease is None:
            yield None
            return
        async with self._kept(lease):
            yield lease

    @contextlib.asynccontextmanager
    async def claim(self, left_out: Collection[str] = ()) -> AsyncIterator[Lease | None]:
        """Hold the lane whose turn it is, as `lease` does; None when no lane is ready. See the port."""
        lease = await self._waited_for(partial(self.claimed, left_out))
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
        while (lease := await self.acquire(lane, edit=True)) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise LaneBusy("this owner's memories are being written just now", retry_after_seconds=1)
            await asyncio.sleep(_EDIT_LOOK_SECONDS)
        async with self._kept(lease):
            yield lease

    async def acquire(self, lane: Lane, *, edit: bool) -> Lease | None:
        """Take the lease of a lane, which nobody renews; None when it is held, asleep or backing off."""
        return await self._order.run(partial(leases.acquire, self._lanes, lane, self._limits, edit=edit))

    async def claimed(self, left_out: Collection[str]) -> Lease | None:
        """Take the lane whose turn it is: one after the other is looked at, until one is free or none is ready."""
        step = partial(leases.claim, self._lanes, self._limits, left_out)
        while claimed := await self._order.run(step):
            if isinstance(claimed, leases.LostTurns):
                log_lost(claimed.lane_id.partition(":")[0], claimed.turn_ids)
                continue
            if isinstance(claimed, leases.Damaged):
                _log_damage(claimed.lane_id)
                continue
            lane = await self._lane_of(claimed)
            if lane is None:  # it rests for as long as the lease that was just taken
                _log_damage(claimed.lane_id)
                continue
            lease = leases.lease_of(lane, claimed.token, claimed.taken_us)
            return lease.model_copy(update={"waited_seconds": claimed.waited_ms / 1000})
        return None

    async def _lane_of(self, claimed: leases.Claimed) -> Lane | None:
        """The lane of the first turn's owner; None where what stands in Redis names none, or another lane."""
        ids = {field: name for field, name in zip(OWNERS, claimed.owner, strict=True) if name}
        try:
            lane = Scope(tenant=claimed.lane_id.partition(":")[0], **ids).lane
        except ValueError:
            return None
        return lane if (await self._lanes.of(lane)).id == claimed.lane_id else None

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
        """Do a step that may be done twice, waiting for Redis as long as a lease: then the sweep wakes a worker."""
        deadline = asyncio.get_running_loop().time() + self._limits.lease_seconds
        while True:
            try:
                return await step()
            except InboxUnavailable:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(_REDIS_LOOK_SECONDS)

    async def _beat(self, lease: Lease) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(self._limits.lease_seconds / 3)
            renewing = leases.renew(self._lanes, lease, self._limits.lease_ms)
            is_ours = await attempted("renew", renewing, expected=InboxUnavailable) is not False

    async def hand_back(self, lease: Lease, *, died: bool = False, refused: bool = False) -> None:
        """Give the lane up, if it is still ours, and send some wake-up messages if lanes are ready.

        Args:
            lease: the one that ends.
            died: its holder came to an unforeseen end: the batch stays marked as held, and the lane rests a moment.
            refused: Redis refused a step: the lane rests, for longer each time.
        """
        ending: leases.Ending = "died" if died else "refused" if refused else "released"
        await leases.hand_back(self._lanes, lease, self._core.wakeups, self._limits, ending)


def log_lost(tenant: str, turn_ids: Sequence[str]) -> None:
    """Log which turns of a tenant were lost in Redis."""
    for turn_id in turn_ids:
        log.error("turn_lost", tenant=tenant, turn_id=turn_id)


def _log_damage(lane_id: str) -> None:
    """Log that a lane rests as a key of it, or its name, is of no use; of the name only the tenant and the kind."""
    tenant, _, rest = lane_id.partition(":")
    kind = rest.partition(":")[0]
    log.error("lane_damaged", tenant=tenant, lane_kind=kind if kind in get_args(Kind) else "unknown")
