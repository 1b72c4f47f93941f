"""The read side of the inbox on Redis: statuses, lists, what is pending, the books."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.redis_codec import decode_ledger, decode_status, decode_turn, decode_usage
from memory.adapters.redis_dead import find_dead
from memory.adapters.redis_scripts import RedisScripts, answered
from memory.books import Ledger
from memory.errors import NewerFormat
from memory.model import OWNERS, DeadFilter, Lane, Page, Scope, Status, Turn, TurnStatus, Usage

log = structlog.get_logger(__name__)

LIVE = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
_CHUNK = 500
# A turn may change its status while we look. In this order it is met all the same, unless it turns back twice.
_AS_TURNS_MOVE = (Status.DEAD, *LIVE, *LIVE, Status.SETTLED, Status.DEAD)


class RedisTurns:
    """The port `TurnLog` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._run = RedisScripts(redis).run

    async def get(self, reach: Scope, turn_id: str) -> TurnStatus | None:
        """One turn's status, None when unknown (or past retention) or out of reach. Raises NewerFormat."""
        fields = await self._fields(reach, turn_id)
        return decode_status(turn_id, fields) if fields else None

    async def _fields(self, reach: Scope, turn_id: str) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = await answered(self._redis.hgetall(keys.turn(reach.tenant, turn_id)))
        return fields if _within(fields, reach) else {}

    async def text(self, reach: Scope, turn_id: str) -> Turn | None:
        """The turn itself, as long as its text is kept; None also when only a newer Turnstone can read it."""
        fields = await self._fields(reach, turn_id)
        body = fields.get(b"body")
        if fields and body is None:
            body = await answered(self._redis.get(keys.text(reach.tenant, turn_id)))
        if body is None:
            return None
        was_dead = fields[b"status"] == Status.DEAD.value.encode() or b"times_replayed" in fields
        row = (turn_id.encode(), body, fields[b"accepted_us"], int(fields[b"attempts"]), was_dead, fields[b"order"])
        try:
            return decode_turn(row)
        except NewerFormat as error:
            log.warning("left_out", reason=error.plain)
            return None

    async def page(
        self, tenant: str, status: Status | None, user_id: str | None, page: Page
    ) -> tuple[int, list[TurnStatus]]:
        """How many turns match, and one page of them, newest first."""
        if user_id is not None:
            count, ids = await self._of_user(tenant, user_id, status, page)
        else:
            count, ids = await self._of_tenant(tenant, [status] if status else list(Status), page)
        return count, await self._readable(tenant, ids)

    async def _readable(self, tenant: str, ids: list[str]) -> list[TurnStatus]:
        """The statuses that are still there, but for those that only a newer Turnstone can read."""
        found = list[TurnStatus]()
        for turn_id, row in zip(ids, await self._hashes(tenant, ids), strict=True):
            try:
                found += [decode_status(turn_id, row)] if row else []
            except NewerFormat as error:
                log.warning("left_out", reason=error.plain)
        return found

    async def dead(self, tenant: str, which: DeadFilter) -> list[str]:
        """The ids of the dead turns that are meant, in the order of acceptance; no text is read."""
        return await find_dead(self._redis, tenant, which)

    async def dead_page(self, tenant: str, which: DeadFilter, page: Page) -> tuple[int, list[TurnStatus]]:
        """How many dead turns are meant, and one page of them, newest first."""
        if which.is_open:
            return await self.page(tenant, Status.DEAD, None, page)
        ids = (await self.dead(tenant, which))[::-1]
        return len(ids), await self._readable(tenant, ids[page.offset : page.offset + page.size])

    async def _of_user(self, tenant: str, user_id: str, status: Status | None, page: Page) -> tuple[int, list[str]]:
        owned = keys.owned(Lane(tenant=tenant, kind="user", name=user_id))
        if status is None:
            stop = page.offset + page.size - 1
            ids = await answered(self._redis.zrevrange(owned, page.offset, stop))
            return await answered(self._redis.zcard(owned)), [found.decode() for found in ids]
        every = [found.decode() for found in await answered(self._redis.zrevrange(owned, 0, -1))]
        matching: list[str] = []
        for start in range(0, len(every), _CHUNK):
            chunk = every[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for turn_id in chunk:
                    pipeline.hget(keys.turn(tenant, turn_id), "status")
                states = await answered(pipeline.execute())
            matching += [
                turn_id for turn_id, state in zip(chunk, states, strict=True) if state == status.value.encode()
            ]
        return len(matching), matching[page.offset : page.offset + page.size]

    async def _of_tenant(self, tenant: str, statuses: list[Status], page: Page) -> tuple[int, list[str]]:
        sets = [keys.status(tenant, status) for status in statuses]
        answers = await self._run("newest", sets, [page.offset + page.size - 1])
        rows = [row for ids in answers[1::2] for row in zip(ids[::2], map(int, ids[1::2]), strict=True)]
        newest = sorted(rows, key=lambda row: row[1], reverse=True)
        chosen = newest[page.offset : page.offset + page.size]
        return sum(answers[::2]), [turn_id.decode() for turn_id, _ in chosen]

    async def _hashes(self, tenant: str, ids: list[str]) -> list[dict[bytes, bytes]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hgetall(keys.turn(tenant, turn_id))
            return list(await answered(pipeline.execute()))

    async def _owners(self, tenant: str, ids: list[str]) -> list[list[bytes | None]]:
        """The lane of each turn and its owner's ids, without its words."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hmget(keys.turn(tenant, turn_id), [b"lane", *_OWNERS])
            return list(await answered(pipeline.execute()))

    async def pending(self, scope: Scope) -> int:
        """How many accepted turns of this owner are not settled yet."""
        return int(await answered(self._redis.llen(keys.waiting(scope.lane))))

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's books, read in one step."""
        names = [keys.ledger(tenant), *(keys.status(tenant, status) for status in LIVE)]
        return decode_ledger(*await self._run("books", names, []))

    async def ledgers(self, tenants: Sequence[str]) -> dict[str, Ledger]:
        """The books of many tenants, each read in one step of its own."""
        found: dict[str, Ledger] = {}
        for start in range(0, len(tenants), _CHUNK):
            chunk = tenants[start : start + _CHUNK]
            found |= zip(chunk, await asyncio.gather(*map(self.ledger, chunk)), strict=True)
        return found

    async def gated(self, tenant: str, page: Page) -> tuple[int, list[TurnStatus]]:
        """The turns that were settled without asking a model, newest first: for a person to look through."""
        stop = page.offset + page.size - 1
        ids = await answered(self._redis.zrevrange(keys.gated(tenant), page.offset, stop))
        found = await self._readable(tenant, [turn_id.decode() for turn_id in ids])
        return int(await answered(self._redis.zcard(keys.gated(tenant)))), found

    async def usage(self, tenant: str) -> dict[str, Usage]:
        """What models have cost the tenant, by the model's name."""
        return (await self.usages([tenant]))[tenant]

    async def usages(self, tenants: Sequence[str]) -> dict[str, dict[str, Usage]]:
        """What models have cost many tenants, by tenant and by the model's name."""
        found: dict[str, dict[str, Usage]] = {}
        for start in range(0, len(tenants), _CHUNK):
            chunk = tenants[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for tenant in chunk:
                    pipeline.hgetall(keys.usage(tenant))
                found |= zip(chunk, map(_by_model, await answered(pipeline.execute())), strict=True)
        return found

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""
        return sorted(tenant.decode() for tenant in await answered(self._redis.smembers(keys.TENANTS)))

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope: one for a user, else found by looking through the tenant's turns."""
        if scope.user_id is not None:
            return [scope.lane]
        found = {scope.lane.key: scope.lane}
        async for lane_key, row in self._rows(scope.tenant):
            if _within(row, scope):
                lane = Lane.parse(lane_key.decode())
                found[lane.key] = lane
        return list(found.values())

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose turns there are, erased ones aside: each combination of ids once."""
        found = set[Scope]()
        async for _, row in self._rows(tenant):
            found.add(Scope(tenant=tenant, **{field.decode(): name.decode() for field, name in row.items()}))
        return list(found)

    async def _rows(self, tenant: str) -> AsyncIterator[tuple[bytes, dict[bytes, bytes]]]:
        """The lane and the owner's ids of every turn that is not erased; some come more than once."""
        for status in _AS_TURNS_MOVE:
            ids = await answered(self._redis.zrange(keys.status(tenant, status), 0, -1))
            for start in range(0, len(ids), _CHUNK):
                chunk = [turn_id.decode() for turn_id in ids[start : start + _CHUNK]]
                for lane_key, *ids_of in await self._owners(tenant, chunk):
                    row = {name: one for name, one in zip(_OWNERS, ids_of, strict=True) if one}
                    if lane_key is not None:
                        yield lane_key, row


_OWNERS = tuple(field.encode() for field in OWNERS)


def _by_model(counts: dict[bytes, bytes]) -> dict[str, Usage]:
    by_model: dict[str, dict[bytes, bytes]] = {}
    for field, count in counts.items():
        model, _, name = field.rpartition(b"|")
        by_model.setdefault(model.decode(), {})[name] = count
    return {model: decode_usage(found) for model, found in sorted(by_model.items())}


def _within(row: dict[bytes, bytes], scope: Scope) -> bool:
    return all(row.get(field.encode()) == name.encode() for field, name in scope.ids.items())
