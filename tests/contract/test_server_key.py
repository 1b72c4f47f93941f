"""The server's key in Redis: one for all processes, and the same again after Redis has lost it."""

from __future__ import annotations

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from tests.redis_keys import keys

GIVEN = "k" * 32


async def test_all_processes_derive_the_same_and_nothing_of_one_purpose_for_another(redis: Redis) -> None:
    server_key, other = RedisServerKey(RedisScripts(redis)), RedisServerKey(RedisScripts(redis))
    assert await server_key.derived("owner") == await other.derived("owner")
    assert await server_key.derived("owner") != await server_key.derived("receipt")
    assert await RedisServerKey(RedisScripts(redis), GIVEN).derived("owner") != await server_key.derived("owner")


async def test_a_key_that_redis_has_lost_is_put_back_by_whoever_looks_next(redis: Redis) -> None:
    server_key = RedisServerKey(RedisScripts(redis))
    before = await server_key.derived("owner")
    await redis.delete(keys.server_key)
    server_key._good_until = 0
    assert await server_key.derived("owner") == before
    assert await RedisServerKey(RedisScripts(redis)).derived("owner") == before


async def test_a_key_that_is_set_is_never_written_to_redis(redis: Redis) -> None:
    await RedisServerKey(RedisScripts(redis), GIVEN).derived("owner")
    assert not await redis.exists(keys.server_key)
