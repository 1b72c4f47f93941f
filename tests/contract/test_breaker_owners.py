"""The breaker, and whose calls fail: one owner alone closes nothing to others."""

from __future__ import annotations

from redis.asyncio import Redis

from scrubjay.adapters.redis.breaker import BreakerLimits
from scrubjay.adapters.redis.scripts.order import clock
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import ModelUnavailable
from scrubjay.llm.asking import asked_by
from scrubjay.model import Scope
from scrubjay.ports import EXTRACTION
from tests.contract.test_breaker import AWAY, NAME, REFUSED, SLOW, fleet_on, made, opened
from tests.redis_keys import keys
from tests.support import wait_until

ANA, BOB = (Scope(tenant="default", user_id=name) for name in ("ana", "bob"))


async def test_failures_of_one_owner_alone_open_it_for_nobody_and_one_of_another_does(redis: Redis) -> None:
    [breaker] = fleet_on(redis, 1, SLOW)
    with asked_by(ANA):
        assert [await made(breaker, AWAY) for _ in range(4 * SLOW.threshold)] == [True] * 4 * SLOW.threshold
    with asked_by(BOB):
        assert await made(breaker)  # an answer begins the count anew
        assert await made(breaker, AWAY)
        assert await made(breaker, AWAY)
    with asked_by(ANA):
        assert await made(breaker, AWAY)
        assert not await made(breaker)


async def test_a_burst_of_failures_among_many_answers_opens_it_only_when_it_outnumbers_them(redis: Redis) -> None:
    [breaker] = fleet_on(redis, 1, SLOW)

    async def asks(scope: Scope, error: ModelUnavailable | None = None) -> bool:
        with asked_by(scope):
            try:
                async with breaker.call(EXTRACTION):
                    if error is not None:
                        raise error
            except ModelUnavailable as raised:
                return raised is error
        return True

    for _ in range(4 * SLOW.threshold):
        assert await asks(BOB)
    for number in range(4 * SLOW.threshold):
        assert await asks((ANA, BOB)[number % 2], AWAY), f"after {number} failures it is closed"
    assert not await asks(BOB)


async def test_a_refused_key_opens_it_whoever_asked(redis: Redis) -> None:
    [breaker] = fleet_on(redis, 1, SLOW)
    with asked_by(ANA):
        assert await made(breaker, REFUSED)
        assert not await made(breaker)


async def test_whose_trial_has_failed_lets_others_try_first_and_tries_again_where_there_are_none(redis: Redis) -> None:
    limits = BreakerLimits(threshold=3, base_seconds=0.3, longest_seconds=0.3, call_seconds=30, whole=6)
    fleet = fleet_on(redis, 3, limits)
    await opened(fleet)
    with asked_by(ANA):
        await wait_until(lambda: made(fleet[0], AWAY), what="a trial, which fails")
        away_until = await redis.hget(keys.breaker(NAME), "until_ms")

    async def is_over() -> bool:
        return (await clock(RedisScripts(redis))).monotonic_ms >= int(away_until or 0)

    await wait_until(is_over, what="the pause being over")
    with asked_by(ANA):
        assert not await made(fleet[0])
    with asked_by(BOB):
        assert await made(fleet[1], AWAY)
    with asked_by(BOB):  # nobody else asks
        await wait_until(lambda: made(fleet[1]), what="being let through all the same")
