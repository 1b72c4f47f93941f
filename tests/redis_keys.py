"""The names of the keys of an installation that has no prefix of its own."""

from __future__ import annotations

from redis.asyncio import Redis

from scrubjay.adapters.redis.keys import DEFAULT_KEYS
from scrubjay.adapters.redis.lane_names import LaneKeys, LaneScripts
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.model import Lane

keys = DEFAULT_KEYS


def lane_scripts(redis: Redis) -> LaneScripts:
    """The scripts of lanes on a Redis, for whoever has no others."""
    return LaneScripts(RedisScripts(redis))


async def lane_keys(redis: Redis, lane: Lane) -> LaneKeys:
    """The keys of a lane, as the key for names in this Redis makes them."""
    return await lane_scripts(redis).of(lane)
