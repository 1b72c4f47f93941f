"""Holds what stands in a Redis against the kinds of keys that may stand there."""

from __future__ import annotations

from redis.asyncio import Redis

from scrubjay.model import Status
from tests.key_catalog import (
    DELIVERY,
    IDEMPOTENCY,
    LANE,
    OWNED,
    TURN,
    Ends,
    Kind,
    has_ttl,
    kind_of,
    lane_of,
)
from tests.redis_keys import keys

_NO_TTL, _GONE = -1, -2
_WAITING = {b"queued", b"running", b"retrying"}


async def faults(redis: Redis) -> list[str]:
    """One sentence for each key that is of no known kind, or whose TTL is not as its kind and state say."""
    sentences = [await _fault(redis, name.decode()) async for name in redis.scan_iter("*")]
    return [sentence for sentence in sentences if sentence]


async def without_end(redis: Redis) -> list[str]:
    """The keys that are there for as long as Redis is: the permanent ones, and work that is not done."""
    names = sorted([name.decode() async for name in redis.scan_iter("*")])
    return [name for name in names if await redis.ttl(name) == _NO_TTL]


async def _fault(redis: Redis, name: str) -> str | None:
    kind = kind_of(name)
    if kind is None:
        return f"{name} is of no known kind"
    wanted, ttl = await _wanted(redis, kind, name), await redis.ttl(name)
    if ttl == _GONE or wanted is None or wanted == (ttl != _NO_TTL):
        return None
    return f"{name} has {'no' if ttl == _NO_TTL else 'a'} TTL, but {kind.ends}"


async def _wanted(redis: Redis, kind: Kind, name: str) -> bool | None:
    """None where either is right: a lane between its last turn and its sleep, or a key that just ended."""
    if kind is TURN:
        status = await redis.hget(name, "status")
        return has_ttl(kind, status=Status(status.decode())) if status else None  # type: ignore[union-attr]
    if kind is IDEMPOTENCY:
        turn_id = (await redis.hget(name, "id") or b"").decode()  # type: ignore[union-attr]
        status = await redis.hget(keys.turn(name.split(":")[2], turn_id), "status")
        return has_ttl(kind, waits=status in _WAITING)
    if kind is DELIVERY:
        status = await redis.hget(name, "status")
        return has_ttl(kind, waits=status == b"waiting") if status else None
    if kind in (LANE, OWNED):
        lane = lane_of(name)
        waits = bool(await redis.llen(lane.waiting))
        awake = await redis.zscore(keys.lanes, lane.id) is not None
        return None if awake and not waits else has_ttl(kind, waits=waits)
    return has_ttl(kind)


def permanent(name: str) -> bool:
    """Whether a key is there for ever, whatever the turns do."""
    kind = kind_of(name)
    return kind is not None and kind.ends is Ends.NEVER
