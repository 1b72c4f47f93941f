"""Erasing on Redis: the epoch, the turns and plans of a lane, removals to repeat."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.chunks import chunks, members
from scrubjay.adapters.redis.codec import decode_plan, decode_removal, encode_removal
from scrubjay.adapters.redis.digests import RedisDigests
from scrubjay.adapters.redis.erase.epochs import RedisEpochs, decode_epoch
from scrubjay.adapters.redis.erase.held_lanes import RedisHeldLanes, holding
from scrubjay.adapters.redis.erase.leftovers import Leftovers, holds
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts import Argument, RedisScripts, answered
from scrubjay.adapters.redis.webhooks.delivery_log import deliveries_of
from scrubjay.adapters.redis.webhooks.outbox import FanOut
from scrubjay.errors import LeaseLost, reason_of
from scrubjay.model import OWNERS, Epoch, Lane, Lease, Plan, Scope
from scrubjay.model.erasure import Erased, Left, Removal
from scrubjay.ports import WakeupMessages

log = structlog.get_logger(__name__)

_REMOVALS_AT_ONCE, _MOST_UNREADABLE = 4, 100
_CLAIM_MS = 60_000  # longer than one removal may take: then another process takes it
_PAUSE_MS, _LONGEST_PAUSE_MS = 30_000, 600_000  # before a removal that has failed is tried again
_TURNS_AT_ONCE = 200  # in one script call: a few milliseconds of Redis's time
_DELIVERIES_AT_ONCE = 50
_TOLD = {"queued": "waiting"}  # by the word of the books


class RedisErasing:
    """The part of the port `Inbox` that forgets.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a number in the order.
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
        self._redis = redis
        self._wakeups = wakeups
        self._limits = limits
        self._pseudonyms = pseudonyms
        self._epochs = RedisEpochs(redis, pseudonyms, scripts.keys)
        self._digests = RedisDigests(redis, pseudonyms, scripts.keys)
        self._scripts, self._run = scripts, scripts.run
        self._fan_out = FanOut(scripts, limits.retention_seconds)
        self._order = order
        self._keys = scripts.keys

    def holding(self, hand_back: Callable[[Lease], Awaitable[None]]) -> AbstractAsyncContextManager[RedisHeldLanes]:
        """Lanes held by force, none at first, renewed until left and then handed back by `hand_back`."""
        return holding(RedisHeldLanes(self._redis, self._scripts, self._order, self._limits), hand_back)

    async def raise_epoch(self, scope: Scope) -> Epoch:
        """Raise an owner's epoch: it is the next number in the order. Notes the removal down, sealed."""
        owner = await self._sealed(Removal(scope=scope))
        names = [await self._epochs.key(scope), self._keys.removals]
        args: list[Argument] = [self._limits.epoch_seconds, owner, self._limits.finish_ms]
        return decode_epoch(*await self._order.run("epoch", names, args))

    async def erase(self, scope: Scope, lease: Lease, epoch: int) -> AsyncIterator[Erased]:
        """Remove the scope's turns in a lane that came before the epoch; yields what each step has removed.

        Args:
            scope: whose turns.
            lease: of the lane, as `holding` gave it.
            epoch: its place in the order, as `raise_epoch` gave it.

        Raises LeaseLost.
        """
        rank = b"0"
        while rank:
            rank, erased = await self._erased(scope, lease, epoch, rank)
            yield erased
        for name in (self._keys.owned(lease.lane), self._keys.dead(lease.lane)):
            async for turns in members(self._redis, name):
                yield (await self._erased(scope, lease, epoch, b"", turns))[1]

    async def _erased(
        self, scope: Scope, lease: Lease, epoch: int, rank: bytes, turns: Sequence[str] = ()
    ) -> tuple[bytes, Erased]:
        """One step: some turns, or some of those that wait from a rank on; returns also the rank of the next step."""
        lane = lease.lane
        names = [
            self._keys.lease(lane),
            self._keys.lane(lane),
            self._keys.waiting(lane),
            self._keys.plan(lane),
            self._keys.owned(lane),
        ]
        names += [self._keys.ledger(lane.tenant), self._keys.backlog, self._keys.dead(lane)]
        args: list[Argument] = [lease.token, epoch, self._limits.retention_seconds, lane.key]
        args += [
            *(scope.ids.get(field, "") for field in OWNERS),
            *self._keys.prefixes(lane),
            self._keys.text_prefix(lane.tenant),
        ]
        answer = await self._run("erase", names, [*args, rank, _TURNS_AT_ONCE, *turns])
        if not answer:
            raise LeaseLost(f"the lease on a {lane.kind} lane was lost while it was erased")
        after, texts, plans, rows = answer
        states = Counter(_TOLD.get(state, state) for state in map(bytes.decode, rows[1::2]))
        return after, Erased(ids=tuple(map(bytes.decode, rows[::2])), turns=states, plans=plans, texts=texts)

    async def unplan(self, lease: Lease, scope: Scope, epoch: int) -> int:
        """Drop a lane's plan if it holds any of the scope's versions made up to the epoch, or what one may stand for.

        Returns how many plans were dropped. Raises LeaseLost.
        """
        plan = await self._plan(lease.lane)
        if plan is None or not (holds(plan, scope, epoch) or any(write.memory.hidden for write in plan.writes)):
            return 0
        names = [self._keys.lease(lease.lane), self._keys.plan(lease.lane), self._keys.lane(lease.lane)]
        if not await self._run("unplan", names, [lease.token]):
            raise LeaseLost(f"the lease on a {lease.lane.kind} lane was lost while it was erased")
        return 1

    async def _plan(self, lane: Lane) -> Plan | None:
        data = await answered(self._redis.get(self._keys.plan(lane)))
        return decode_plan(data) if data else None

    async def drop_notifications(self, scope: Scope, before: int) -> int:
        """Forget what is to be told of a scope whose lanes are all held, or was told: to webhooks, or as a digest.

        Args:
            scope: whose.
            before: only what came of turns and edits up to here in the order.

        Returns how much.
        """
        await self._note_all(scope)
        untold = await self._digests.drop(scope)
        async for ids in deliveries_of(self._redis, self._keys, scope, before):
            for chunk in chunks(ids, _DELIVERIES_AT_ONCE):
                untold += int(await self._run("hook_drop", [], [scope.tenant, *chunk]))
        return untold

    async def _note_all(self, scope: Scope) -> None:
        """Work off the outboxes of the lanes in which the scope may have turns: of erased ones nothing is noted."""
        if scope.user_id is not None:
            return await self._fan_out.whole(scope.lane)
        cursor = None
        while cursor != 0:
            cursor, rows = await answered(self._redis.zscan(self._keys.hook_lanes(scope.tenant), cursor or 0))
            for lane_key, _ in rows:
                await self._fan_out.whole(Lane.parse(lane_key.decode()))

    async def left(self, scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None) -> Left:
        """What is there of a scope's turns up to a place in the order; with `ids` None every turn is looked at."""
        return await Leftovers(self._redis, self._keys, scope, before).found(lanes, ids)

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""
        member = f"0 {await self._sealed(removal)}"
        await self._run("note", [self._keys.removals], [member, self._limits.finish_ms])

    async def _sealed(self, removal: Removal) -> str:
        document = removal.model_dump_json(exclude_none=True).encode()
        return encode_removal(removal, await self._pseudonyms.sealed(document))

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """Some removals that are due to be repeated, each with its name; for a minute no other process gets them.

        One that cannot be read is put back: it waits for a process that can, and holds up no other.
        """
        for _ in range(_MOST_UNREADABLE // _REMOVALS_AT_ONCE):
            members = await self._run("removals_due", [self._keys.removals], [_REMOVALS_AT_ONCE, _CLAIM_MS])
            documents = (decode_removal(member, self._pseudonyms.opened) for member in members)
            read = await asyncio.gather(*documents, return_exceptions=True)  # whatever stands there
            removals = list[tuple[str, Removal]]()
            for member, removal in zip(members, read, strict=True):
                if isinstance(removal, Removal):
                    removals.append((member.decode(), removal))
                else:
                    pause = await self.put_back(member.decode())
                    log.warning("left_out", reason=reason_of(removal), seconds=pause)
            if removals or not members:
                return removals
        return []

    async def put_back(self, name: str) -> float:
        """A removal could not be repeated: it is due again after a pause that grows; returns the pause in seconds."""
        names = [self._keys.removals, self._keys.removal_failures]
        return int(await self._run("put_back", names, [name, _PAUSE_MS, _LONGEST_PAUSE_MS])) / 1000

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrem(self._keys.removals, name)
            pipeline.hdel(self._keys.removal_failures, name)
            await answered(pipeline.execute())
