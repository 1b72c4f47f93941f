"""Erasing on Redis: the epoch, the turns and plans of a lane, the bells, what other turns quote, removals to repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.pseudonyms import Pseudonyms
from memory.adapters.redis_codec import decode_plan, decode_removal, encode_removal, events_of
from memory.adapters.redis_dead import find_dead
from memory.adapters.redis_delivery_log import deliveries_of
from memory.adapters.redis_digests import RedisDigests
from memory.adapters.redis_epochs import RedisEpochs, decode_epoch
from memory.adapters.redis_fan_out import FanOut
from memory.adapters.redis_lanes import ERASE_LEASE_MS, InboxLimits, lease_of
from memory.adapters.redis_leftovers import Leftovers, holds
from memory.adapters.redis_order import RedisOrder
from memory.adapters.redis_quotes import RedisQuotes
from memory.adapters.redis_scripts import Argument, RedisScripts, answered
from memory.books import Erased, Left, Removal
from memory.errors import NewerFormat, Unreadable
from memory.model import OWNERS, DeadFilter, Epoch, Lane, Lease, Plan, Scope, TurnEvent
from memory.ports import Doorbell

log = structlog.get_logger(__name__)

_MOST_REMOVALS = 100
_UNREADABLE_MS = 60_000
_BELLS_AT_ONCE = 2_000
_LANES_AT_ONCE = 1_000
_TOLD = {"queued": "waiting"}  # by the word of the books


class RedisErasing:
    """The part of the port `Inbox` that forgets.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        bell: makes the message that wakes a worker.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a number in the order.
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
        self._redis = redis
        self._bell = bell
        self._limits = limits
        self._pseudonyms = pseudonyms
        self._epochs = RedisEpochs(redis, pseudonyms)
        self._digests = RedisDigests(redis, pseudonyms)
        self._run = scripts.run
        self._fan_out = FanOut(scripts.run, limits.retention_seconds)
        self._order = order

    async def seize(self, lane: Lane) -> Lease:
        """Take a lane by force; hand it back."""
        names = [keys.lease(lane), keys.LANES]
        return lease_of(lane, *await self._order.run("seize", names, [lane.key, ERASE_LEASE_MS]))

    async def raise_epoch(self, scope: Scope) -> Epoch:
        """Raise an owner's epoch: it is the next number in the order. Notes the removal down, sealed."""
        owner = await self._sealed(Removal(scope=scope))
        names = [await self._epochs.key(scope), keys.REMOVALS]
        args: list[Argument] = [self._limits.epoch_seconds, owner, self._limits.finish_ms]
        return decode_epoch(*await self._order.run("epoch", names, args))

    async def erase(
        self, scope: Scope, lane: Lane, epoch: int, dead: Sequence[str] | None = None
    ) -> tuple[Lease, Erased]:
        """Take a lane by force and remove the scope's turns that came before the epoch.

        Args:
            scope: whose turns.
            lane: the lane to purge.
            epoch: its place in the order, as `raise_epoch` gave it.
            dead: the scope's dead turns, which outlive the lane's index; None: they are looked for.

        Returns the lease that now holds the lane (hand it back), and what was erased.
        """
        names = [keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.plan(lane), keys.owned(lane)]
        names += [keys.ledger(lane.tenant), keys.BACKLOG, keys.LANES, keys.dead(lane)]
        args: list[Argument] = [*keys.prefixes(lane), self._limits.retention_seconds, ERASE_LEASE_MS, epoch]
        args += [lane.key, *(scope.ids.get(field, "") for field in OWNERS), keys.text_prefix(lane.tenant)]
        # Looked for out here: a tenant may have very many, and a script holds up everybody.
        args += await find_dead(self._redis, lane.tenant, DeadFilter(**scope.ids)) if dead is None else dead
        token, texts, plans, rows, taken_us = await self._order.run("erase", names, args)
        states = [state.decode() for state in rows[1::2]]
        turns = Counter(_TOLD.get(state, state) for state in states)
        ids = tuple(turn_id.decode() for turn_id in rows[::2])
        return lease_of(lane, token, taken_us), Erased(ids=ids, turns=turns, plans=int(plans), texts=int(texts))

    async def hush(self, lanes: Sequence[Lane]) -> int:
        """Take the bells of these lanes out of the queue; returns how many. Who hands a lane back rings anew."""
        taken = 0
        for start in range(0, len(lanes), _LANES_AT_ONCE):
            bodies = [self._bell.body(lane) for lane in lanes[start : start + _LANES_AT_ONCE]]
            rank, seen = 0, _BELLS_AT_ONCE
            while seen == _BELLS_AT_ONCE:
                seen, out = await self._run("hush", [self._bell.queue], [rank, _BELLS_AT_ONCE, *bodies])
                rank, taken = rank + seen - out, taken + out
        return taken

    async def quotes(self, lane: Lane) -> list[TurnEvent]:
        """What the lane's turns, and its plan, tell of memories."""
        told = [event for _, events in await self._quotes(lane).events() for event in events_of(events)]
        plan = await self._plan(lane)
        return told + [event for events in (plan.events.values() if plan else ()) for event in events]

    async def unquote(self, lease: Lease, scope: Scope, epoch: int, texts: frozenset[tuple[str, str]]) -> int:
        """Take texts of memories out of what a lane's other turns tell, and drop a plan that holds any of the scope.

        Args:
            lease: of the lane, as `erase` gave it.
            scope: whose memories are erased.
            epoch: up to where in the order.
            texts: what they say, each with the memory's id.

        Returns how many plans were dropped.
        """
        await self._fan_out.whole(lease.lane)  # it goes by the places of events in what a turn tells
        await self._quotes(lease.lane).take_out(lease, texts)
        plan = await self._plan(lease.lane)
        if plan is None or not (holds(plan, scope, epoch) or _quotes(plan, texts)):
            return 0
        names = [keys.lease(lease.lane), keys.plan(lease.lane), keys.lane(lease.lane)]
        return int(await self._run("unplan", names, [lease.token]))

    def _quotes(self, lane: Lane) -> RedisQuotes:
        return RedisQuotes(self._redis, self._run, lane)

    async def _plan(self, lane: Lane) -> Plan | None:
        data = await answered(self._redis.get(keys.plan(lane)))
        return decode_plan(data) if data else None

    async def untell(self, scope: Scope) -> int:
        """Forget what is to be told of a scope whose lanes are all held, or was told: to webhooks, or as a digest.

        Returns how much.
        """
        await self._note_all(scope)
        untold = await self._digests.drop(scope)
        async for ids in deliveries_of(self._redis, scope):
            if ids:
                untold += int(await self._run("hook_drop", [], [scope.tenant, *ids]))
        return untold

    async def _note_all(self, scope: Scope) -> None:
        """Work off the outboxes of the lanes in which the scope may have turns: of erased ones nothing is noted."""
        if scope.user_id is not None:
            return await self._fan_out.whole(scope.lane)
        cursor = None
        while cursor != 0:
            cursor, rows = await answered(self._redis.zscan(keys.hook_lanes(scope.tenant), cursor or 0))
            for lane_key, _ in rows:
                await self._fan_out.whole(Lane.parse(lane_key.decode()))

    async def left(self, scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None) -> Left:
        """What is there of a scope's turns up to a place in the order; with `ids` None every turn is looked at."""
        return await Leftovers(self._redis, scope, before).found(lanes, ids)

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""
        member = f"0 {await self._sealed(removal)}"
        await self._run("note", [keys.REMOVALS], [member, self._limits.finish_ms])

    async def _sealed(self, removal: Removal) -> str:
        document = removal.model_dump_json(exclude_none=True).encode()
        return encode_removal(removal, await self._pseudonyms.sealed(document))

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """The removals that are due to be repeated, each with the name under which `finished` knows it."""
        monotonic_ms, found = await self._run("removals_due", [keys.REMOVALS], [_MOST_REMOVALS])
        removals = list[tuple[str, Removal]]()
        for member in found:
            try:
                removals.append((member.decode(), await decode_removal(member, self._pseudonyms.opened)))
            except (NewerFormat, Unreadable) as error:  # it waits for a process that can read it, and holds up no other
                log.warning("left_out", reason=error.plain)
                later: dict[bytes, float] = {member: int(monotonic_ms) + _UNREADABLE_MS}
                await answered(self._redis.zadd(keys.REMOVALS, later, xx=True))
        return removals

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""
        await answered(self._redis.zrem(keys.REMOVALS, name))


def _quotes(plan: Plan, texts: frozenset[tuple[str, str]]) -> bool:
    events = [event for found in plan.events.values() for event in found]
    return any((event.id, text) in texts for event in events for text in (event.memory, event.previous))
