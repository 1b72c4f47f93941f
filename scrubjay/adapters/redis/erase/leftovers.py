"""A look through Redis for what should be gone: an erased owner's turns, their words, and plans that hold any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import AT_ONCE, chunks, items, members
from scrubjay.adapters.redis.codec import decode_plan
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.webhooks.delivery_log import deliveries_of
from scrubjay.model import OWNERS, Lane, Plan, Scope, Status
from scrubjay.model.erasure import Left

_PLANS_AT_ONCE = 20
_FIELDS = ("status", "order", *OWNERS)


@dataclass(frozen=True)
class Leftovers:
    """One look.

    Args:
        redis: an open client with undecoded answers.
        keys: the names of the keys.
        scope: whose.
        before: only what came up to here in the order.
    """

    redis: Redis
    lanes: LaneScripts
    scope: Scope
    before: int

    async def count(self, lanes: Sequence[Lane], ids: Sequence[str] | None) -> Left:
        """What is there. Arguments and errors as of `TurnErasure.left`."""
        turns, texts, counted = 0, 0, set[str]()
        async for chunk in self._chunks(lanes, ids):
            for turn_id, row, has_text in await self._rows([turn_id for turn_id in chunk if turn_id not in counted]):
                ours = self._is_ours(row)
                has_text = has_text and (ours or row[0] == Status.ERASED.value.encode())
                if ours or has_text:  # a turn may be met in several places
                    counted.add(turn_id)
                    turns, texts = turns + ours, texts + has_text
        async for delivery_ids in deliveries_of(
            self.redis, self.lanes.keys, self.scope, self.before
        ):  # each names its turn and its owner
            turns += len(delivery_ids)
        return Left(turns=turns, texts=texts, plans=await self._plans(lanes))

    async def _chunks(self, lanes: Sequence[Lane], ids: Sequence[str] | None) -> AsyncIterator[Sequence[str]]:
        for chunk in chunks(ids or (), AT_ONCE):
            yield chunk
        for lane in lanes:
            names = await self.lanes.of(lane)
            async for turns in items(self.redis, names.waiting):
                yield turns
            for name in (names.owned, names.dead):
                async for turns in members(self.redis, name):
                    yield turns
        for status in Status if ids is None else ():
            async for turns in members(self.redis, self.lanes.keys.status(self.scope.tenant, status)):
                yield turns

    async def _rows(self, ids: Sequence[str]) -> list[tuple[str, Sequence[Any], bool]]:
        if not ids:
            return []
        async with self.redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hmget(self.lanes.keys.turn(self.scope.tenant, turn_id), _FIELDS)
                pipeline.exists(self.lanes.keys.text(self.scope.tenant, turn_id))
            answers = await answered(pipeline.execute())
        return [(turn_id, row, bool(text)) for turn_id, row, text in zip(ids, answers[::2], answers[1::2], strict=True)]

    def _is_ours(self, row: Sequence[bytes | None]) -> bool:
        """Whether a turn's Redis hash is a leftover of an erase: the owner's, made up to its order, not erased."""
        status, order, *owner = [(value or b"").decode() for value in row]
        if not status or status == Status.ERASED or int(order or 0) > self.before:
            return False
        ids = dict(zip(_FIELDS[2:], owner, strict=True))
        return all(ids[field] == name for field, name in self.scope.ids.items())

    async def _plans(self, lanes: Sequence[Lane]) -> int:
        """How many of the lanes' plans hold any of it."""
        count = 0
        for chunk in chunks(lanes, _PLANS_AT_ONCE):
            names = [(await self.lanes.of(lane)).plan for lane in chunk]
            plans = await answered(self.redis.mget(names))
            count += sum(holds(decode_plan(plan), self.scope, self.before) for plan in plans if plan)
        return count


def holds(plan: Plan, scope: Scope, before: int) -> bool:
    """Whether a plan in Redis still holds a version that an erase should remove: the scope's, made up to its order."""
    versions = [write.memory for write in plan.writes]
    return any(scope.covers(version.scope) and version.order <= before for version in versions)
