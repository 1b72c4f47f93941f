"""Erasing on Redis: the epoch, the turns and plans of a lane, what is left of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

from scrubjay.adapters.redis.chunks import chunks, members
from scrubjay.adapters.redis.codec import decode_plan
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.digests import RedisDigests
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.erase.held_lanes import RedisHeldLanes, holding
from scrubjay.adapters.redis.erase.leftovers import Leftovers, holds
from scrubjay.adapters.redis.erase.removal_notes import RedisRemovalNotes
from scrubjay.adapters.redis.lane_names import LaneKeys
from scrubjay.adapters.redis.scripts import batches, erasing
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.scripts.webhooks import hook_drop
from scrubjay.adapters.redis.webhooks.delivery_log import deliveries_of
from scrubjay.adapters.redis.webhooks.outbox import FanOut
from scrubjay.model import Epoch, Lane, Lease, Plan, Scope
from scrubjay.model.erasure import Erased, Left, Removal

_DELIVERIES_AT_ONCE = 50


class RedisTurnErasure:
    """Erases an owner's turns: the port `TurnErasure` on Redis.

    Args:
        core: what the adapters share.
        epochs: names the epochs.
        removals: seals what is to be repeated.
        digests: the orders of digests.
        fan_out: works off the outboxes of webhooks.
    """

    def __init__(
        self, core: RedisCore, epochs: RedisEpochs, removals: RedisRemovalNotes, digests: RedisDigests, fan_out: FanOut
    ) -> None:
        self._redis, self._lanes, self._keys = core.redis, core.lanes, core.keys
        self._order, self._limits = core.order, core.limits
        self._epochs = epochs
        self._removals = removals
        self._digests = digests
        self._fan_out = fan_out

    def holding(self, hand_back: Callable[[Lease], Awaitable[None]]) -> AbstractAsyncContextManager[RedisHeldLanes]:
        """Lanes held by force, none at first, renewed until left and then handed back by `hand_back`."""
        return holding(RedisHeldLanes(self._redis, self._lanes, self._order, self._limits), hand_back)

    async def raise_epoch(self, scope: Scope) -> Epoch:
        """Raise an owner's epoch: it is the next number in the order. Notes the removal down, sealed."""
        owner = await self._removals.sealed(Removal(scope=scope))
        key = await self._epochs.key(scope)
        return await self._order.run(partial(erasing.epoch, self._lanes.scripts, key, owner, self._limits))

    async def erase(self, scope: Scope, lease: Lease, epoch: int) -> AsyncIterator[Erased]:
        """Remove the scope's turns in a lane that came before the epoch; yields what each step has removed.

        Args:
            scope: whose turns.
            lease: of the lane, as `holding` gave it.
            epoch: its place in the order, as `raise_epoch` gave it.

        Raises LeaseLost.
        """
        target = erasing.ErasedScope(scope, lease, epoch)
        rank: int | None = 0
        while rank is not None:
            rank, erased = await erasing.erase(self._lanes, target, self._limits, rank)
            yield erased
        lane = await self._lanes.of(lease.lane)
        for name in (lane.owned, lane.dead):
            async for turn_ids in members(self._redis, name):
                yield (await erasing.erase(self._lanes, target, self._limits, turn_ids)).erased

    async def unplan(self, lease: Lease, scope: Scope, epoch: int) -> int:
        """Drop a lane's plan if it holds any of the scope's versions made up to the epoch, or what one may stand for.

        Returns how many plans were dropped. Raises LeaseLost.
        """
        plan = await self._plan(lease.lane)
        if plan is None or not (holds(plan, scope, epoch) or any(write.memory.hidden for write in plan.writes)):
            return 0
        await batches.unplan(self._lanes, lease)
        return 1

    async def _plan(self, lane: Lane) -> Plan | None:
        data = await answered(self._redis.get((await self._lanes.of(lane)).plan))
        return decode_plan(data) if data else None

    async def drop_notifications(self, scope: Scope, before: int) -> int:
        """Forget what is to be told of a scope whose lanes are all held, or was told: to webhooks, or as a digest.

        Args:
            scope: whose.
            before: only what came of turns and edits up to here in the order.

        Returns how much.
        """
        await self._note_all(scope)
        count = await self._digests.drop(scope)
        async for ids in deliveries_of(self._redis, self._keys, scope, before):
            for chunk in chunks(ids, _DELIVERIES_AT_ONCE):
                count += await hook_drop(self._lanes.scripts, scope.tenant, chunk)
        return count

    async def _note_all(self, scope: Scope) -> None:
        """Work off the outboxes of the lanes in which the scope may have turns: of erased ones nothing is noted."""
        if scope.user_id is not None:
            return await self._fan_out.whole(await self._lanes.of(scope.lane))
        cursor = None
        while cursor != 0:
            cursor, rows = await answered(self._redis.zscan(self._keys.hook_lanes(scope.tenant), cursor or 0))
            for lane_id, _ in rows:
                await self._fan_out.whole(LaneKeys(self._keys, lane_id.decode()))

    async def left(self, scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None) -> Left:
        """What is there of a scope's turns up to a place in the order; with `ids` None every turn is looked at."""
        return await Leftovers(self._redis, self._lanes, scope, before).count(lanes, ids)
