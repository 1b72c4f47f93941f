"""The read side of the inbox on Redis: statuses, lists, what is pending, the books."""

from __future__ import annotations

import structlog
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.redis_codec import decode_status, decode_turn, decode_usage
from memory.adapters.redis_scripts import answered
from memory.books import Ledger
from memory.errors import NewerFormat
from memory.model import Lane, Page, Scope, Status, Turn, TurnStatus, Usage

log = structlog.get_logger(__name__)

LIVE = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
_CHUNK = 500


class RedisTurns:
    """The port `TurnLog` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, tenant: str, turn_id: str) -> TurnStatus | None:
        """One turn's status, None when unknown (or past retention). Raises NewerFormat."""
        fields = await answered(self._redis.hgetall(keys.turn(tenant, turn_id)))
        return decode_status(turn_id, fields) if fields else None

    async def text(self, tenant: str, turn_id: str) -> Turn | None:
        """The turn itself, as long as its text is kept; None also when only a newer Turnstone can read it."""
        fields = await answered(self._redis.hgetall(keys.turn(tenant, turn_id)))
        body = fields.get(b"body")
        if fields and body is None:
            body = await answered(self._redis.get(keys.text(tenant, turn_id)))
        if body is None:
            return None
        try:
            return decode_turn((turn_id.encode(), body, fields[b"accepted_us"], int(fields[b"attempts"])))
        except NewerFormat as error:
            log.warning("left_out", reason=str(error))
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
                log.warning("left_out", reason=str(error))
        return found

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
        async with self._redis.pipeline(transaction=True) as pipeline:
            for status in statuses:
                pipeline.zcard(keys.status(tenant, status))
                pipeline.zrevrange(keys.status(tenant, status), 0, page.offset + page.size - 1, withscores=True)
            answers = await answered(pipeline.execute())
        newest = sorted((row for rows in answers[1::2] for row in rows), key=lambda row: row[1], reverse=True)
        chosen = newest[page.offset : page.offset + page.size]
        return sum(answers[::2]), [turn_id.decode() for turn_id, _ in chosen]

    async def _hashes(self, tenant: str, ids: list[str]) -> list[dict[bytes, bytes]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hgetall(keys.turn(tenant, turn_id))
            return list(await answered(pipeline.execute()))

    async def pending(self, scope: Scope) -> int:
        """How many accepted turns of this owner are not settled yet."""
        return int(await answered(self._redis.llen(keys.waiting(scope.lane))))

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's books, read in one step."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hgetall(keys.ledger(tenant))
            for status in LIVE:
                pipeline.zcard(keys.status(tenant, status))
            books, *waiting = await answered(pipeline.execute())
        totals = {field.decode(): int(total) for field, total in books.items()}
        return Ledger(
            accepted=totals.get("accepted", 0),
            settled=totals.get("settled", 0),
            waiting=sum(waiting),
            dead=totals.get("dead", 0),
            erased=totals.get("erased", 0),
            gated=totals.get("gated", 0),
            dropped_facts=totals.get("dropped_facts", 0),
        )

    async def gated(self, tenant: str, page: Page) -> tuple[int, list[TurnStatus]]:
        """The turns that were settled without asking a model, newest first: for a person to look through."""
        stop = page.offset + page.size - 1
        ids = await answered(self._redis.zrevrange(keys.gated(tenant), page.offset, stop))
        found = await self._readable(tenant, [turn_id.decode() for turn_id in ids])
        return int(await answered(self._redis.zcard(keys.gated(tenant)))), found

    async def usage(self, tenant: str) -> dict[str, Usage]:
        """What models have cost the tenant, by the model's name."""
        by_model: dict[str, dict[bytes, bytes]] = {}
        for field, count in (await answered(self._redis.hgetall(keys.usage(tenant)))).items():
            model, _, name = field.rpartition(b"|")
            by_model.setdefault(model.decode(), {})[name] = count
        return {model: decode_usage(counts) for model, counts in sorted(by_model.items())}

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""
        return sorted(tenant.decode() for tenant in await answered(self._redis.smembers(keys.TENANTS)))

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope: one for a user, else found by looking through the tenant's turns."""
        if scope.user_id is not None:
            return [scope.lane]
        found = {scope.lane.key: scope.lane}
        for status in Status:
            ids = await answered(self._redis.zrange(keys.status(scope.tenant, status), 0, -1))
            for start in range(0, len(ids), _CHUNK):
                chunk = [turn_id.decode() for turn_id in ids[start : start + _CHUNK]]
                for row in await self._hashes(scope.tenant, chunk):
                    if b"lane" in row and _within(row, scope):
                        lane = Lane.parse(row[b"lane"].decode())
                        found[lane.key] = lane
        return list(found.values())


def _within(row: dict[bytes, bytes], scope: Scope) -> bool:
    return all(row.get(field.encode()) == name.encode() for field, name in scope.ids.items())
