"""The lanes on Redis: hold one, take its turns, record, settle. Each call is one Lua script, so one atomic step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.codec import decode_plan, decode_turn, encode_events, encode_plan
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.failures import RedisFailures, still_ours
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts import Argument, RedisScripts
from scrubjay.adapters.redis.webhooks.outbox import ALL, FanOut
from scrubjay.adapters.redis.webhooks.wakeups import HookBells
from scrubjay.errors import InboxRefused, InboxUnavailable, LaneBusy, LeaseLost, Transient
from scrubjay.model import (
    Batch,
    Confirmation,
    Epoch,
    Lane,
    Lease,
    Plan,
    Scope,
    Status,
    Telling,
    Turn,
)
from scrubjay.model.clock import from_us
from scrubjay.ports import Doorbell

log = structlog.get_logger(__name__)

T = TypeVar("T")

_REST_MS = 500
_EDIT_LOOK_SECONDS = 0.05
_REDIS_LOOK_SECONDS = 0.5
_TOLD = 2
_AGAIN = b"again"
_LOST_WORKER = "worker_lost: the worker was lost every time it held this turn alone"


class RedisLanes(RedisFailures):
    """The port `Lanes` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        bell: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a fencing token.
    """

    def __init__(
        self,
        redis: Redis,
        scripts: RedisScripts,
        bell: Doorbell,
        limits: InboxLimits,
        pseudonyms: Pseudonyms,
        order: RedisOrder,
    ) -> None:
        super().__init__(scripts, limits)
        self._order = order
        self._epochs = RedisEpochs(redis, pseudonyms, scripts.keys)
        self._bell = bell
        self._hooks = HookBells(redis, scripts, bell)
        self._fan_out = FanOut(scripts, limits.retention_seconds)

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
            self._keys.lanes,
            self._keys.plan(lane),
            self._keys.owned(lane),
        ]
        args: list[Argument] = [lane.key, self._limits.lease_ms, int(edit), self._limits.retention_seconds]
        taken = await self._order.run("acquire", names, [*args, self._limits.longest_lease_ms])
        return lease_of(lane, *taken) if taken else None

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
        names, held = [self._keys.lease(lease.lane), self._keys.lanes], True
        while held:
            await asyncio.sleep(self._limits.lease_seconds / 3)
            with contextlib.suppress(InboxUnavailable):
                held = bool(await self._run("renew", names, [lease.token, lease.lane.key, self._limits.lease_ms]))

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
        _, rows, plan = rest
        return Batch(turns=tuple(decode_turn(row) for row in rows), plan=decode_plan(plan) if plan else None)

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

    async def note(self, lease: Lease, told: Telling) -> Sequence[str]:
        """Note a change by hand for the webhooks that want it, before it is made; returns the deliveries' ids."""
        lane, limits = lease.lane, self._limits
        await self._fan_out.whole(lane)  # what turns did comes first
        args: list[Argument] = [lease.token, lane.tenant, lane.key.partition(":")[2], told.event.value]
        args += [limits.finish_ms, limits.retention_seconds, "memory", told.memory_id]
        args += ["version", told.version] if told.version is not None else []
        args += [word for pair in told.scope.ids.items() for word in pair]
        noted = await self._run("hook_note", [self._keys.lease(lane), self._keys.hooks(lane.tenant)], args)
        still_ours(noted is not None, lane)
        return [one.decode() for one in noted]

    async def tell(self, tenant: str, noted: Sequence[str]) -> None:
        """What was noted has been done: let it be delivered."""
        if noted:
            with contextlib.suppress(InboxUnavailable):  # it is due in a while by itself
                await self._run("hook_again", [], [tenant, *noted])
            await self._hooks.ring_all(tenant)

    async def hand_back(self, lease: Lease, *, died: bool = False, refused: bool = False) -> None:
        """Give the lane up (nothing happens when it is no longer ours) and ring if turns wait in it.

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
            self._keys.lanes,
            self._bell.queue,
        ]
        args: list[Argument] = [lease.token, lane.key, *self._keys.prefixes(lane), self._bell.message(lane)]
        args += [self._limits.lease_ms, int(died) or ("refused" if refused else ""), _REST_MS]
        args += [self._limits.retention_seconds, int(self._limits.retry_max_seconds * 1000)]
        await self._run("hand_back", [*names, self._keys.owned(lane), self._keys.erasing(lane)], args)


def lease_of(lane: Lane, token: bytes, taken_us: bytes) -> Lease:
    """A lease from its token and Redis' time in microseconds."""
    return Lease(lane=lane, token=int(token), taken_at=from_us(taken_us))
