"""Spending on a real Redis: totals by tenant and model, and each turn's share."""

from __future__ import annotations

from redis.asyncio import Redis

from scrubjay.adapters.redis.meter import RedisMeter
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.llm.usage import paid_by
from scrubjay.model import Scope, Usage
from tests.redis_keys import keys, lane_scripts

CALL = Usage(calls=1, prompt_tokens=100, completion_tokens=11, cost_usd=0.000_1)


async def accepted(redis: Redis, *turn_ids: str, status: str = "running") -> None:
    for turn_id in turn_ids:
        await redis.hset(keys.turn("acme", turn_id), mapping={"v": 1, "status": status, "accepted_us": 1})


async def usage(redis: Redis, turn_id: str) -> Usage:
    turn = await RedisTurns(redis, lane_scripts(redis)).get(Scope(tenant="acme"), turn_id)
    assert turn is not None
    return turn.usage


async def test_a_call_is_booked_on_the_tenant_by_model_and_shared_among_its_turns(redis: Redis) -> None:
    meter = RedisMeter(RedisScripts(redis))
    await accepted(redis, "a", "b", "c")
    with paid_by("acme", ["a", "b", "c"]):
        await meter.spent("gpt", CALL)
        await meter.spent("gpt", CALL)
        await meter.spent("ada", Usage(embeddings=1, embedding_tokens=9))

    assert await RedisTurns(redis, lane_scripts(redis)).usage("acme") == {
        "ada": Usage(embeddings=1, embedding_tokens=9),
        "gpt": Usage(calls=2, prompt_tokens=200, completion_tokens=22, cost_usd=0.000_2),
    }
    shares = [await usage(redis, turn_id) for turn_id in "abc"]
    assert [share.calls for share in shares] == [2, 2, 2]  # each took part in both calls
    assert [share.prompt_tokens for share in shares] == [68, 66, 66]
    assert sum(share.completion_tokens for share in shares) == 22
    assert sum(share.embedding_tokens for share in shares) == 9
    assert sum(round((share.cost_usd or 0) * 1e9) for share in shares) == 200_000


async def test_what_nobody_pays_for_is_not_booked(redis: Redis) -> None:
    await RedisMeter(RedisScripts(redis)).spent("gpt", CALL)
    assert await redis.keys("sj:usage:*") == []


async def test_a_model_without_a_price_costs_an_unknown_amount_not_nothing(redis: Redis) -> None:
    await accepted(redis, "a")
    with paid_by("acme", ["a"]):
        await RedisMeter(RedisScripts(redis)).spent("own", Usage(calls=1, prompt_tokens=5))
    assert (await usage(redis, "a")).cost_usd is None
    assert (await RedisTurns(redis, lane_scripts(redis)).usage("acme"))["own"].cost_usd is None


async def test_an_erased_turn_and_one_that_is_gone_are_not_written_to(redis: Redis) -> None:
    await accepted(redis, "a", status="erased")
    with paid_by("acme", ["a", "gone"]):
        await RedisMeter(RedisScripts(redis)).spent("gpt", CALL)
    assert await usage(redis, "a") == Usage()
    assert not await redis.exists(keys.turn("acme", "gone"))
    assert (await RedisTurns(redis, lane_scripts(redis)).usage("acme"))["gpt"].calls == 1


async def test_a_call_is_not_failed_when_it_cannot_be_booked() -> None:
    nobody = Redis.from_url("redis://127.0.0.1:1/0")
    with paid_by("acme"):
        await RedisMeter(RedisScripts(nobody)).spent("gpt", CALL)
    await nobody.aclose()
