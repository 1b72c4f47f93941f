"""The batch that the holder of a lane works on, on Redis: taken, recorded, confirmed, settled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.leasing import log_lost
from scrubjay.adapters.redis.scripts import batches, leases
from scrubjay.adapters.redis.webhooks.announcing import RedisAnnouncements
from scrubjay.model import Batch, Confirmation, Lease, Plan, Turn

log = structlog.get_logger(__name__)


class RedisBatches:
    """The part of the port `Lanes` that works on a batch. Each call is one Lua script, so one atomic step.

    Args:
        core: what the adapters share.
        epochs: which turns an erase has covered.
        announcements: announces what was settled to webhooks.
    """

    def __init__(self, core: RedisCore, epochs: RedisEpochs, announcements: RedisAnnouncements) -> None:
        self._lanes, self._limits = core.lanes, core.limits
        self._epochs = epochs
        self._announcements = announcements

    async def take(self, lease: Lease, max_turns: int, max_chars: int) -> Batch | None:
        """The next turns in order, counted as attempted; None when the lane is empty and now asleep."""
        while True:
            taken = await batches.take(self._lanes, lease, self._limits, max_turns, max_chars)
            log_lost(lease.lane.tenant, taken.lost)
            if taken.state != "again":
                return taken.batch

    async def record(self, lease: Lease, plan: Plan) -> None:
        """Keep the plan with its batch."""
        await batches.record(self._lanes, lease, plan)

    async def confirm(self, lease: Lease, turns: Sequence[Turn]) -> Confirmation:
        """The last look before applying: raises LeaseLost, or tells which turns were erased meanwhile."""
        begun_at = asyncio.get_running_loop().time()
        left_ms = await leases.confirm(self._lanes, lease)
        left_ms = min(left_ms, self._limits.lease_ms)  # where Redis' clock has gone back, a lease seems to last longer
        return Confirmation(erased=await self._epochs.erased(turns), good_until=begun_at + left_ms / 1000)

    async def settle(self, lease: Lease, plan: Plan, erased: frozenset[str] = frozenset()) -> None:
        """The batch is applied: statuses, events, ledger; it leaves the lane."""
        if await batches.settle(self._lanes, lease, plan, erased, self._limits):
            await self._announcements.begin(lease.lane)
