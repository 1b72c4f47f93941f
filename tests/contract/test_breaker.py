"""The breaker on a real Redis: breakers of one name are a fleet, and together they keep a provider from harm."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker, name_of
from scrubjay.adapters.redis.scripts import RedisScripts
from scrubjay.errors import LeaseLost, ModelRefused, ModelRejected, ModelUnavailable, ScrubjayError
from tests.redis_keys import keys
from tests.support import free_port, wait_until

LIMITS = BreakerLimits(threshold=3, base_seconds=0.05, longest_seconds=0.4, call_seconds=30, whole=6)
SLOW = BreakerLimits(threshold=3, base_seconds=60, longest_seconds=600, call_seconds=30, whole=6)
CLOCK = b"sj:clock"  # it has no end
NAME = name_of("http://one", "key", "gpt")
AWAY = ModelUnavailable("The model gpt answered HTTP 503: I cannot work on 'my secret'.")
REFUSED = ModelRefused("The model gpt refused our key (check OPENAI_API_KEY).")


def fleet_on(redis: Redis, size: int = 20, limits: BreakerLimits = LIMITS, name: str = NAME) -> list[RedisBreaker]:
    return [RedisBreaker(RedisScripts(redis), name, limits) for _ in range(size)]


async def made(breaker: RedisBreaker, error: ScrubjayError | None = None) -> bool:
    """Make a call that ends so; False when it was refused."""
    try:
        async with breaker.call():
            if error is not None:
                raise error
    except (ModelUnavailable, ModelRejected) as raised:
        return raised is error
    return True


async def refusal(breaker: RedisBreaker) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as raised:
        async with breaker.call():
            raise AssertionError("the call was let through")
    return raised.value


async def opened(fleet: Sequence[RedisBreaker], error: ScrubjayError = AWAY) -> None:
    for _ in range(LIMITS.threshold):
        await made(fleet[0], error)


async def entered(fleet: Sequence[RedisBreaker], stack: AsyncExitStack) -> int:
    """All of the fleet call at once, and those let through stay until the stack is left; returns how many."""

    async def enter(breaker: RedisBreaker) -> bool:
        call = breaker.call()
        try:
            await stack.enter_async_context(call)
        except ModelUnavailable:
            return False
        return True

    return sum(await asyncio.gather(*map(enter, fleet)))


async def answered(breaker: RedisBreaker, times: int) -> None:
    """So many calls are answered one after the other, the first as soon as the pause is over."""
    await wait_until(lambda: made(breaker), what="the pause being over")
    for _ in range(times - 1):
        assert await made(breaker)


async def pause_ms(redis: Redis) -> int:
    opened_us, until_ms = await redis.hmget(keys.breaker(NAME), "opened_us", "until_ms")
    assert opened_us
    assert until_ms
    return int(until_ms) - int(opened_us) // 1000


async def test_failures_in_a_row_seen_by_different_processes_open_it_for_all(redis: Redis) -> None:
    fleet = fleet_on(redis, limits=SLOW)
    assert [await made(breaker, AWAY) for breaker in fleet[:5]] == [True, True, True, False, False]

    error = await refusal(fleet[-1])
    assert str(error).startswith("The model gpt answered HTTP 503; asking again in ")
    assert 59 <= (error.retry_after_seconds or 0) <= 75


async def test_lanes_are_asked_to_wait_for_different_times(redis: Redis) -> None:
    fleet = fleet_on(redis, limits=SLOW)
    await opened(fleet)
    assert len({(await refusal(breaker)).retry_after_seconds for breaker in fleet}) == len(fleet)


async def test_an_answer_between_failures_keeps_it_closed(redis: Redis) -> None:
    breaker, other = fleet_on(redis, 2, SLOW)
    for error in [AWAY, AWAY, None, AWAY, AWAY, ModelRejected("too long"), AWAY, AWAY]:
        assert await made(breaker, error)
    assert await made(other)


async def test_what_the_provider_said_of_one_turn_is_not_told_to_others(redis: Redis) -> None:
    fleet = fleet_on(redis, limits=SLOW)
    await opened(fleet)
    assert "secret" not in str(await refusal(fleet[1]))
    assert await redis.hget(keys.breaker(NAME), "reason") == b"The model gpt answered HTTP 503"


async def test_a_refused_key_opens_it_at_the_first_call(redis: Redis) -> None:
    breaker, other = fleet_on(redis, 2, SLOW)
    assert await made(breaker, REFUSED)
    assert str(await refusal(other)).startswith("The model gpt refused our key (check OPENAI_API_KEY); asking again in")


async def test_the_provider_s_own_retry_after_is_honoured(redis: Redis) -> None:
    fleet = fleet_on(redis)
    await opened(fleet, ModelUnavailable("The model gpt answered HTTP 429: slow down.", retry_after_seconds=30))
    assert 29 <= ((await refusal(fleet[1])).retry_after_seconds or 0) <= 38


async def test_a_retry_after_of_a_day_is_cut_to_ten_minutes(redis: Redis) -> None:
    await opened(fleet_on(redis), ModelUnavailable("away", retry_after_seconds=86_400))
    assert await pause_ms(redis) == 600_000


async def test_after_the_pause_exactly_one_call_of_the_whole_fleet_is_let_through(redis: Redis) -> None:
    fleet = fleet_on(redis)
    await opened(fleet)
    async with AsyncExitStack() as calls:
        await wait_until(lambda: entered(fleet, calls), what="the pause being over")
        assert await redis.zcard(keys.breaker_calls(NAME)) == 1
        assert await entered(fleet, calls) == 0
        assert "a few calls at a time try whether it is back" in str(await refusal(fleet[0]))


async def test_each_answer_lets_one_more_call_through_at_once_until_they_are_no_longer_counted(redis: Redis) -> None:
    fleet = fleet_on(redis)
    await opened(fleet)
    await answered(fleet[0], 1)
    room = []
    for _ in range(LIMITS.whole):
        with contextlib.suppress(LeaseLost):  # which tells nothing about the provider
            async with AsyncExitStack() as calls:
                room.append(await entered(fleet, calls))
                raise LeaseLost("left without an answer")
        assert await made(fleet[0])
    assert room == [2, 3, 4, 5, 6, len(fleet)]
    assert await redis.exists(keys.breaker(NAME), keys.breaker_calls(NAME)) == 0


async def test_a_failing_probe_opens_it_for_twice_as_long_up_to_the_longest_pause(redis: Redis) -> None:
    breaker, other = fleet_on(redis, 2)
    await opened([breaker])
    pauses = [await pause_ms(redis)]
    for _ in range(4):
        await wait_until(lambda: made(other, AWAY), what="the pause being over")
        pauses.append(await pause_ms(redis))
    assert pauses == [50, 100, 200, 400, 400]


async def test_a_failure_among_answers_halves_the_calls_at_once_and_a_failure_of_the_only_one_opens(
    redis: Redis,
) -> None:
    fleet = fleet_on(redis)
    await opened(fleet)
    await answered(fleet[0], 4)
    limits = []
    for _ in range(3):
        assert await made(fleet[1], AWAY)
        limits.append(int(await redis.hget(keys.breaker(NAME), "limit") or 0))
    assert limits == [2, 1, 1]
    assert await pause_ms(redis) == 50  # it answered in between, so the pauses begin anew


async def test_calls_that_were_under_way_when_it_opened_do_not_count_again(redis: Redis) -> None:
    fleet = fleet_on(redis, limits=SLOW)
    async with AsyncExitStack() as calls:
        assert await entered(fleet, calls) == len(fleet)
        await opened(fleet[:1])
        before = await redis.hgetall(keys.breaker(NAME))
        with pytest.raises(ModelUnavailable):
            async with calls:
                raise AWAY
    assert await redis.hgetall(keys.breaker(NAME)) == before


async def test_a_cancelled_call_gives_its_place_back_and_tells_nothing(redis: Redis) -> None:
    fleet = fleet_on(redis)
    await opened(fleet)

    async def begun() -> asyncio.Task[None] | None:
        inside: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def probe() -> None:
            async with fleet[0].call():
                inside.set_result(None)
                await asyncio.Event().wait()

        task = asyncio.create_task(probe())
        await asyncio.wait({task, inside}, return_when=asyncio.FIRST_COMPLETED)
        return None if task.done() and task.exception() else task

    task = await wait_until(begun, what="the probe being under way")
    before = await redis.hgetall(keys.breaker(NAME))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await redis.hgetall(keys.breaker(NAME)) == before
    assert await made(fleet[1])


async def test_a_probe_whose_process_died_gives_its_place_up_after_the_time_a_call_may_take(redis: Redis) -> None:
    limits = BreakerLimits(threshold=3, base_seconds=0.05, longest_seconds=0.4, call_seconds=0.5, whole=6)
    fleet = fleet_on(redis, limits=limits)
    await opened(fleet)
    await answered(fleet[0], 1)
    calls = AsyncExitStack()
    assert await entered(fleet[:1], calls) == 1
    died = calls.pop_all()  # and is not left while it matters

    async def room() -> int:
        with contextlib.suppress(LeaseLost):
            async with AsyncExitStack() as others:
                place = await entered(fleet, others)
                raise LeaseLost("left without an answer")
        return place

    assert await room() == 1

    async def has_room_again() -> bool:
        return await room() == 2

    await wait_until(has_room_again, what="the place being free")
    await died.aclose()


async def test_endpoints_of_another_address_model_or_key_have_breakers_of_their_own(redis: Redis) -> None:
    await opened(fleet_on(redis, limits=SLOW))
    for other in [("http://two", "key", "gpt"), ("http://one", "key", "mini"), ("http://one", "new", "gpt")]:
        assert await made(fleet_on(redis, 1, SLOW, name_of(*other))[0])


async def test_every_key_ends_by_itself_and_a_healthy_provider_has_none(redis: Redis) -> None:
    breaker, other = fleet_on(redis, 2)
    assert await made(breaker)
    assert await redis.keys() == []
    await made(breaker, AWAY)
    assert await redis.pttl(keys.breaker(NAME)) > 0
    assert await made(breaker)
    await made(breaker, REFUSED)
    assert await redis.pttl(keys.breaker(NAME)) > 0
    async with AsyncExitStack() as calls:
        await wait_until(lambda: entered([other], calls), what="the pause being over")
        assert all([await redis.pttl(name) > 0 for name in await redis.keys() if name != CLOCK])


async def test_without_redis_every_call_is_let_through() -> None:
    nobody = Redis.from_url(f"redis://127.0.0.1:{free_port()}/0")
    [breaker] = fleet_on(nobody, 1)
    assert [await made(breaker, error) for error in [AWAY] * 5] == [True] * 5
    assert await made(breaker)
    await nobody.aclose()


async def test_what_is_wrong_is_told_from_the_first_opening_to_the_next_answer(redis: Redis) -> None:
    fleet = fleet_on(redis)
    assert await fleet[0].trouble() is None
    await made(fleet[0], AWAY)
    assert await fleet[0].trouble() is None  # not open yet
    await opened(fleet)
    first = await fleet[1].trouble()
    assert first is not None
    assert first.reason == "The model gpt answered HTTP 503; calls are paused."
    await wait_until(lambda: made(fleet[2], AWAY), what="a call that is let through, and fails")
    assert await fleet[1].trouble() == first
    await wait_until(lambda: made(fleet[3]), what="a call that is answered")
    assert await fleet[1].trouble() is None
