"""Finding dead letters on Redis. A few fields of each turn are read, page by page, and never a text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis

from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.turn_log.lists import walked
from scrubjay.model import DEEPEST, OWNERS, After, DeadFilter, Lane, Status
from scrubjay.model.clock import to_us

_CHUNK = 500
_FIELDS = ("status", "accepted_us", "error", *OWNERS, "order")


async def find_dead(redis: Redis, keys: Keys, tenant: str, which: DeadFilter) -> list[str]:
    """The ids of the dead turns that are meant, in the order of acceptance. Raises InboxUnavailable."""
    return [name for _, _, name in await _stamped(redis, keys, tenant, which)]


async def _stamped(redis: Redis, keys: Keys, tenant: str, which: DeadFilter) -> list[tuple[int, int, str]]:
    """Read from Redis the ids of the dead turns that are meant, each with its place in the order and its time."""
    meant: list[tuple[int, int, str]] = []
    async for chunk in _listed(which.ids) if which.ids is not None else _dead(redis, keys, tenant, which):
        rows = await _fields(redis, keys, tenant, chunk)
        known = [(turn_id, row) for turn_id, row in zip(chunk, rows, strict=True) if _is_meant(row, which)]
        meant += [(int(row[-1] or 0), int(row[1] or 0), turn_id) for turn_id, row in known]
    return sorted(meant)


async def matching(
    redis: Redis, lanes: LaneScripts, tenant: str, which: DeadFilter, after: After | None = None
) -> tuple[list[After], After | None]:
    """The dead turns that are meant, the newest first, among the next 10,000 of the tenant, or of the user's.

    Args:
        redis: an open client with undecoded answers.
        lanes: runs a script, and names lanes.
        tenant: whose.
        which: the ones that are meant.
        after: look behind this one alone.

    Returns them, and the last one that was looked at where there are more. Raises InboxUnavailable.
    """
    keys = lanes.keys
    if which.ids is not None:
        places = [After(stamp=stamp, name=name) for _, stamp, name in await _stamped(redis, keys, tenant, which)]
        return sorted(places, key=lambda place: (place.stamp, place.name), reverse=True), None
    name, meant, seen = keys.status(tenant, Status.DEAD), list[After](), 0
    if which.user_id:
        await lanes.refresh()
        name = (await lanes.of(Lane(tenant=tenant, kind="user", name=which.user_id))).dead
    if which.accepted_before is not None:
        before = After(stamp=to_us(which.accepted_before), name="")
        after = before if after is None or after.stamp >= before.stamp else after
    async for places in walked(lanes.scripts, [name], after):
        rows = await _fields(redis, keys, tenant, [place.name for place in places])
        meant += [place for place, row in zip(places, rows, strict=True) if _is_meant(row, which)]
        seen += len(places)
        if which.accepted_after is not None and places[-1].stamp <= to_us(which.accepted_after):
            break
        if seen >= DEEPEST:
            return meant, places[-1]
    return meant, None


async def _fields(redis: Redis, keys: Keys, tenant: str, ids: Sequence[str]) -> list[Sequence[bytes | None]]:
    """Read status, time, error, owner and order of each turn from its Redis hash, with one pipeline of HMGETs."""
    async with redis.pipeline(transaction=False) as pipeline:
        for turn_id in ids:
            pipeline.hmget(keys.turn(tenant, turn_id), _FIELDS)
        return list(await answered(pipeline.execute()))


async def _listed(ids: Sequence[str]) -> AsyncIterator[list[str]]:
    once = list(dict.fromkeys(ids))
    for start in range(0, len(once), _CHUNK):
        yield once[start : start + _CHUNK]


async def _dead(redis: Redis, keys: Keys, tenant: str, which: DeadFilter) -> AsyncIterator[list[str]]:
    """Page through a tenant's sorted set of dead turns in Redis (ZRANGEBYSCORE), from the oldest of that time on.

    What others replay meanwhile moves no page.
    """
    name, last, skip = keys.status(tenant, Status.DEAD), None, 0
    low = f"({to_us(which.accepted_after)}" if which.accepted_after else "-inf"
    high = f"({to_us(which.accepted_before)}" if which.accepted_before else "+inf"
    while True:
        call = redis.zrangebyscore(name, low, high, start=skip, num=_CHUNK, withscores=True)
        rows = await answered(call)
        if not rows:
            return
        yield [turn_id.decode() for turn_id, _ in rows]
        before, last = last, int(rows[-1][1])
        # The next page begins with those of the same microsecond, of which so many were seen.
        skip = sum(score == last for _, score in rows) + (skip if last == before else 0)
        low = str(last)


def _is_meant(row: Sequence[bytes | None], which: DeadFilter) -> bool:
    status, accepted, error, *owners, _ = [(value or b"").decode() for value in row]
    if status != Status.DEAD or which.error not in (None, error, error.partition(":")[0]):
        return False
    if any(getattr(which, field) not in (None, name) for field, name in zip(OWNERS, owners, strict=True)):
        return False
    early = which.accepted_after is not None and int(accepted) <= to_us(which.accepted_after)
    late = which.accepted_before is not None and int(accepted) >= to_us(which.accepted_before)
    return not (early or late)
