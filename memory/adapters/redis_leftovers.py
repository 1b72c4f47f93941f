"""A look through Redis for what should be gone: an erased owner's turns, their words, and plans that hold any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.redis_codec import decode_plan
from memory.adapters.redis_delivery_log import deliveries_of
from memory.adapters.redis_scripts import answered
from memory.books import Left
from memory.model import OWNERS, Lane, Plan, Scope, Status

_CHUNK = 500
_FIELDS = ("status", "order", *OWNERS)


@dataclass(frozen=True)
class Leftovers:
    """One look.

    Args:
        redis: an open client with undecoded answers.
        scope: whose.
        before: only what came up to here in the order.
    """

    redis: Redis
    scope: Scope
    before: int

    async def found(self, lanes: Sequence[Lane], ids: Sequence[str] | None) -> Left:
        """What is there. Arguments and errors as of `Inbox.left`."""
        turns, texts, seen = 0, 0, set[str]()
        async for chunk in self._chunks(lanes, ids):
            fresh = [turn_id for turn_id in dict.fromkeys(chunk) if turn_id not in seen]
            seen.update(fresh)
            for row, has_text in await self._rows(fresh):
                turns += self._is_ours(row)
                texts += has_text and (self._is_ours(row) or row[0] == Status.ERASED.value.encode())
        async for told in deliveries_of(self.redis, self.scope, self.before):  # each names its turn and its owner
            turns += len(told)
        plans = [await self._plan(lane) for lane in lanes]
        return Left(turns=turns, texts=texts, plans=sum(one is not None and self._holds(one) for one in plans))

    async def _chunks(self, lanes: Sequence[Lane], ids: Sequence[str] | None) -> AsyncIterator[list[str]]:
        tenant = self.scope.tenant
        for start in range(0, len(ids or ()), _CHUNK):
            yield list((ids or ())[start : start + _CHUNK])
        for lane in lanes:
            yield [turn_id.decode() for turn_id in await answered(self.redis.lrange(keys.waiting(lane), 0, -1))]
            yield [turn_id.decode() for turn_id in await answered(self.redis.zrange(keys.owned(lane), 0, -1))]
        for status in Status if ids is None else (Status.DEAD,):
            cursor = None
            while cursor != 0:
                name = keys.status(tenant, status)
                cursor, rows = await answered(self.redis.zscan(name, cursor or 0, count=_CHUNK))
                yield [turn_id.decode() for turn_id, _ in rows]

    async def _rows(self, ids: Sequence[str]) -> list[tuple[Sequence[Any], bool]]:
        if not ids:
            return []
        async with self.redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hmget(keys.turn(self.scope.tenant, turn_id), _FIELDS)
                pipeline.exists(keys.text(self.scope.tenant, turn_id))
            found = await answered(pipeline.execute())
        return [(row, bool(text)) for row, text in zip(found[::2], found[1::2], strict=True)]

    def _is_ours(self, row: Sequence[bytes | None]) -> bool:
        status, order, *owner = [(value or b"").decode() for value in row]
        if not status or status == Status.ERASED or int(order or 0) > self.before:
            return False
        named = dict(zip(_FIELDS[2:], owner, strict=True))
        return all(named[field] == name for field, name in self.scope.ids.items())

    async def _plan(self, lane: Lane) -> Plan | None:
        data = await answered(self.redis.get(keys.plan(lane)))
        return decode_plan(data) if data else None

    def _holds(self, plan: Plan) -> bool:
        return holds(plan, self.scope, self.before)


def holds(plan: Plan, scope: Scope, before: int) -> bool:
    """Whether a plan holds a version of the scope's that was made up to a place in the order."""
    versions = [write.memory for write in plan.writes]
    return any(scope.covers(one.scope) and one.order <= before for one in versions)
