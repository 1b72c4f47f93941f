"""The read side of the inbox on Redis: statuses, lists, what is pending, the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import members
from scrubjay.adapters.redis.codec import decode_status, decode_turn, decode_usage
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.scripts.reading import ledger
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.turn_log.dead_letters import find_dead
from scrubjay.adapters.redis.turn_log.hash_reads import Looks
from scrubjay.adapters.redis.turn_log.lists import set_members
from scrubjay.adapters.redis.turn_log.turn_lists import LIVE, TurnLists
from scrubjay.errors import NewerFormat
from scrubjay.model import OWNERS, DeadFilter, Lane, Page, Scope, Slice, Status, Turn, TurnStatus, Usage
from scrubjay.model.ledger import Ledger

log = structlog.get_logger(__name__)

_CHUNK = 500
# A turn may change its status while we look. In this order it is met all the same, unless it turns back twice.
_AS_TURNS_MOVE = (Status.DEAD, *LIVE, *LIVE, Status.SETTLED, Status.DEAD)


class RedisTurns:
    """The port `TurnLog` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        lanes: runs the steps, and names lanes.
        retention_seconds: how long a settled turn is kept.
    """

    def __init__(self, redis: Redis, lanes: LaneScripts, retention_seconds: int = 7 * 86_400) -> None:
        self._redis = redis
        self._lanes, self._scripts, self._keys = lanes, lanes.scripts, lanes.keys
        self._looks = Looks(redis)
        self._lists = TurnLists(redis, lanes, retention_seconds)

    async def get(self, reach: Scope, turn_id: str) -> TurnStatus | None:
        """One turn's status, None when unknown (or past retention) or out of reach. Raises NewerFormat."""
        fields = await self._fields(reach, turn_id)
        return decode_status(turn_id, fields) if fields else None

    async def _fields(self, reach: Scope, turn_id: str) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = await answered(self._redis.hgetall(self._keys.turn(reach.tenant, turn_id)))
        return fields if _within(fields, reach) else {}

    async def text(self, reach: Scope, turn_id: str) -> Turn | None:
        """The turn itself, as long as its text is kept; None also when only a newer Scrubjay can read it."""
        fields = await self._fields(reach, turn_id)
        body = fields.get(b"body")
        if fields and body is None:
            body = await answered(self._redis.get(self._keys.text(reach.tenant, turn_id)))
        if body is None:
            return None
        was_dead = fields[b"status"] == Status.DEAD.value.encode() or b"times_replayed" in fields
        row = (turn_id.encode(), body, fields[b"accepted_us"], int(fields[b"attempts"]), was_dead, fields[b"order"])
        try:
            return decode_turn(row)
        except NewerFormat as error:
            log.warning("left_out", reason=error.plain)
            return None

    async def status(self, reach: Scope, turn_id: str) -> Status | None:
        """A turn's status alone, None as of `get`. No other field of the turn is read but for who may see it."""
        status, *ids = await self._looks.row(self._keys.turn(reach.tenant, turn_id), ["status", *reach.ids])
        fields = {field.encode(): name for field, name in zip(reach.ids, ids, strict=True) if name is not None}
        return Status(status.decode()) if status is not None and _within(fields, reach) else None

    async def page(self, tenant: str, status: Status | None, user_id: str | None, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that match, newest first."""
        if user_id is not None:
            return await self._lists.of_user(tenant, user_id, status, page)
        return await self._lists.of_tenant(tenant, status, page)

    async def dead(self, tenant: str, which: DeadFilter) -> list[str]:
        """The ids of the dead turns that are meant, in the order of acceptance; no text is read."""
        return await find_dead(self._redis, self._keys, tenant, which)

    async def dead_page(self, tenant: str, which: DeadFilter, page: Page) -> Slice[TurnStatus]:
        """A part of the dead turns that are meant, newest first."""
        return await self._lists.dead(tenant, which, page)

    async def _owners(self, tenant: str, ids: list[str]) -> list[list[bytes | None]]:
        """The ids of each turn's owner, without its words."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hmget(self._keys.turn(tenant, turn_id), _OWNERS)
            return list(await answered(pipeline.execute()))

    async def pending(self, *scopes: Scope) -> int:
        """How many accepted turns of these owners together are not settled yet; filters may name many."""
        await self._lanes.refresh()
        waiting = 0
        for start in range(0, len(scopes), _CHUNK):
            lanes = [await self._lanes.of(scope.lane) for scope in scopes[start : start + _CHUNK]]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for lane in lanes:
                    pipeline.llen(lane.waiting)
                waiting += sum(await answered(pipeline.execute()))
        return waiting

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's ledger, read in one step."""
        return await ledger(self._scripts, tenant, LIVE)

    async def ledgers(self, tenants: Sequence[str]) -> dict[str, Ledger]:
        """The ledgers of many tenants, each read in one step of its own."""
        ledgers: dict[str, Ledger] = {}
        for start in range(0, len(tenants), _CHUNK):
            chunk = tenants[start : start + _CHUNK]
            ledgers |= zip(chunk, await asyncio.gather(*map(self.ledger, chunk)), strict=True)
        return ledgers

    async def gated(self, tenant: str, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that were settled without asking a model, newest first: for a person to look through."""
        return await self._lists.gated(tenant, page)

    async def usage(self, tenant: str) -> dict[str, Usage]:
        """What models have cost the tenant, by the model's name."""
        return (await self.usages([tenant]))[tenant]

    async def usages(self, tenants: Sequence[str]) -> dict[str, dict[str, Usage]]:
        """What models have cost many tenants, by tenant and by the model's name."""
        usages: dict[str, dict[str, Usage]] = {}
        for start in range(0, len(tenants), _CHUNK):
            chunk = tenants[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for tenant in chunk:
                    pipeline.hgetall(self._keys.usage(tenant))
                usages |= zip(chunk, map(_by_model, await answered(pipeline.execute())), strict=True)
        return usages

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""
        return sorted({tenant async for chunk in set_members(self._redis, self._keys.tenants) for tenant in chunk})

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope: one for a user, else found by looking through the tenant's turns."""
        if scope.user_id is not None:
            return [scope.lane]
        lanes = {scope.lane}
        async for row in self._rows(scope.tenant):
            if _within(row, scope):
                lanes.add(_scope(scope.tenant, row).lane)
        return list(lanes)

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose turns there are, erased ones aside: each combination of ids once."""
        scopes = set[Scope]()
        async for row in self._rows(tenant):
            scopes.add(_scope(tenant, row))
        return list(scopes)

    async def _rows(self, tenant: str) -> AsyncIterator[dict[bytes, bytes]]:
        """The owner's ids of every turn that is not erased; some come more than once."""
        for status in _AS_TURNS_MOVE:
            async for chunk in members(self._redis, self._keys.status(tenant, status)):
                for ids in await self._owners(tenant, chunk):
                    row = {field: name for field, name in zip(_OWNERS, ids, strict=True) if name}
                    if row:
                        yield row


_OWNERS = tuple(field.encode() for field in OWNERS)


def _by_model(counts: dict[bytes, bytes]) -> dict[str, Usage]:
    """Decode a tenant's Redis hash of usage, whose fields are named `model|counter`, to the usage of each model."""
    by_model: dict[str, dict[bytes, bytes]] = {}
    for field, count in counts.items():
        model, _, name = field.rpartition(b"|")
        by_model.setdefault(model.decode(), {})[name] = count
    return {model: decode_usage(row) for model, row in sorted(by_model.items())}


def _scope(tenant: str, row: dict[bytes, bytes]) -> Scope:
    return Scope(tenant=tenant, **{field.decode(): name.decode() for field, name in row.items()})


def _within(row: dict[bytes, bytes], scope: Scope) -> bool:
    return all(row.get(field.encode()) == name.encode() for field, name in scope.ids.items())
