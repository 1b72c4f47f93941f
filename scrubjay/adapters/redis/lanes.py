"""The lanes on Redis: take turns, record, settle. Each call is one Lua script, so one atomic step; leases next door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.codec import decode_plan, decode_turn, encode_events, encode_plan
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.failures import RedisFailures, still_ours
from scrubjay.adapters.redis.leasing import RedisLeasing
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts import Argument, RedisScripts
from scrubjay.adapters.redis.webhooks.outbox import ALL, FanOut
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Batch, Confirmation, Epoch, Lane, Lease, Plan, Scope, Status, Telling, Turn
from scrubjay.ports import WakeupMessages

log = structlog.get_logger(__name__)

_TOLD = 2
_AGAIN = b"again"
_LOST_WORKER = "worker_lost: the worker was lost every time it held this turn alone"


class RedisLanes(RedisLeasing, RedisFailures):
    """The port `Lanes` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a fencing token.
    """

    def __init__(
        self,
        redis: Redis,
        scripts: RedisScripts,
        wakeups: WakeupMessages,
        limits: InboxLimits,
        pseudonyms: Pseudonyms,
        order: RedisOrder,
    ) -> None:
        super().__init__(scripts, wakeups, limits, order)
        self._epochs = RedisEpochs(redis, pseudonyms, scripts.keys)
        self._hooks = HookWakeups(redis, scripts, wakeups)
        self._fan_out = FanOut(scripts, limits.retention_seconds)

    async def take(self, lease: Lease, max_turns: int, max_chars: int) -> Batch | None:
        """The next turns in order, counted as attempted; None when the lane is empty and now asleep."""
        lane = lease.lane
        names = [
            self._keys.lease(lane),
            self._keys.lane(lane),
            self._keys.waiting(lane),
            self._keys.plan(lane),
            self._keys.lanes,
        ]
        names += [self._keys.ledger(lane.tenant), self._keys.backlog, self._keys.owned(lane), self._keys.dead(lane)]
        args: list[Argument] = [
            lease.token,
            lane.key,
            max_turns,
            max_chars,
            self._limits.max_attempts,
            *self._keys.prefixes(lane),
        ]
        outcome = _AGAIN
        while outcome == _AGAIN:
            outcome, *rest = await self._run("take", names, [*args, _LOST_WORKER, self._limits.retention_seconds])
            still_ours(outcome != b"lost", lane)
            for turn_id in rest[0]:
                log.error("turn_lost", tenant=lane.tenant, turn_id=turn_id.decode())
        if outcome == b"empty":
            return None
        _, rows, plan, others_wait = rest
        turns = tuple(decode_turn(row) for row in rows)
        return Batch(turns=turns, plan=decode_plan(plan) if plan else None, others_wait=bool(others_wait))

    async def record(self, lease: Lease, plan: Plan) -> None:
        """Keep the plan with its batch."""
        names = [self._keys.lease(lease.lane), self._keys.plan(lease.lane), self._keys.lane(lease.lane)]
        still_ours(await self._run("record", names, [lease.token, encode_plan(plan)]), lease.lane)

    async def confirm(self, lease: Lease, turns: Sequence[Turn]) -> Confirmation:
        """The last look before applying: raises LeaseLost, or tells which turns were erased meanwhile."""
        asked_at = asyncio.get_running_loop().time()
        token, left_ms = await self._run("confirm", [self._keys.lease(lease.lane)], [])
        still_ours(token is not None and int(token) == lease.token, lease.lane)
        left_ms = min(left_ms, self._limits.lease_ms)  # where Redis' clock has gone back, a lease seems to last longer
        return Confirmation(erased=await self.erased(turns), good_until=asked_at + left_ms / 1000)

    async def erased(self, turns: Sequence[Turn]) -> frozenset[str]:
        """Which of these turns an erase has covered since they were accepted."""
        epochs = await self._epochs.of(scope for turn in turns for scope in turn.scope.covering)
        return frozenset(
            turn.id
            for turn in turns
            if any(turn.order <= epochs[scope].order for scope in turn.scope.covering if scope in epochs)
        )

    async def epochs(self, scope: Scope) -> list[tuple[Scope, Epoch]]:
        """The erases that cover a scope, each with its epoch."""
        return list((await self._epochs.of(scope.covering)).items())

    async def settle(self, lease: Lease, plan: Plan, erased: frozenset[str] = frozenset()) -> None:
        """The batch is applied: statuses, events, books; it leaves the lane."""
        lane = lease.lane
        names = [self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane), self._keys.plan(lane)]
        names += [
            self._keys.ledger(lane.tenant),
            self._keys.backlog,
            self._keys.owned(lane),
            self._keys.hooks(lane.tenant),
        ]
        names += [self._keys.hook_outbox(lane), self._keys.hook_lanes(lane.tenant), self._keys.hooks_due]
        args: list[Argument] = [lease.token, *self._keys.prefixes(lane), self._limits.retention_seconds, plan.dropped]
        args += [self._keys.text_prefix(lane.tenant), self._limits.text_seconds]
        for turn_id in plan.turn_ids:
            status = Status.ERASED if turn_id in erased else Status.SETTLED
            args += [turn_id, status.value, encode_events(plan.events.get(turn_id, ())), int(turn_id in plan.gated)]
        answer = await self._run("settle", names, args)
        still_ours(answer, lane)
        if answer == _TOLD:
            await self._begin_to_tell(lane)

    async def _begin_to_tell(self, lane: Lane) -> None:
        """Note the first deliveries at once; a worker notes the rest, or the sweep rings for one if we die here."""
        with contextlib.suppress(InboxUnavailable):
            if (await self._fan_out.step(lane.tenant, lane))[1]:
                await self._hooks.ring(self._keys.hook(lane.tenant, ALL))
        await self._hooks.ring_all(lane.tenant)

    async def note(self, lease: Lease, telling: Telling) -> Sequence[str]:
        """Note a change by hand for the webhooks that want it, before it is made; returns the deliveries' ids."""
        lane, limits = lease.lane, self._limits
        await self._fan_out.whole(lane)  # what turns did comes first
        args: list[Argument] = [lease.token, lane.tenant, lane.key.partition(":")[2], telling.event.value]
        args += [limits.finish_ms, limits.retention_seconds, "memory", telling.memory_id]
        args += ["version", telling.version] if telling.version is not None else []
        args += [word for pair in telling.scope.ids.items() for word in pair]
        noted = await self._run("hook_note", [self._keys.lease(lane), self._keys.hooks(lane.tenant)], args)
        still_ours(noted is not None, lane)
        return [delivery_id.decode() for delivery_id in noted]

    async def tell(self, tenant: str, noted: Sequence[str]) -> None:
        """What was noted has been done: let it be delivered."""
        if noted:
            with contextlib.suppress(InboxUnavailable):  # it is due in a while by itself
                await self._run("hook_again", [], [tenant, *noted])
            await self._hooks.ring_all(tenant)
