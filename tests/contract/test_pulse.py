"""Signs of life on Redis: since when turns are due, which lanes back off, which workers are alive."""

from __future__ import annotations

from datetime import datetime

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Lease, QueueState, Scope
from tests.contract.desk import ANA, Desk
from tests.redis_keys import keys, lane_keys

BOB = Scope(tenant="default", user_id="bob")
AN_HOUR_MS = 3_600_000


@pytest.fixture
def pulse(redis: Redis) -> RedisPulse:
    return RedisPulse(redis, RedisScripts(redis))


async def leased(desk: Desk, scope: Scope = ANA) -> Lease:
    lease = await desk.lanes.leasing.acquire(scope.lane, edit=False)
    assert lease is not None
    return lease


async def due_for_an_hour(redis: Redis, scope: Scope = ANA) -> None:
    """As if the lane's first turn had been accepted an hour ago."""
    await redis.zincrby(keys.due, -AN_HOUR_MS, (await lane_keys(redis, scope.lane)).waiting)


async def oldest(pulse: RedisPulse) -> float:
    return (await pulse.queue()).oldest_due_seconds or 0


async def test_a_lane_with_work_is_due_from_the_acceptance_of_its_first_turn(desk: Desk, pulse: RedisPulse) -> None:
    assert await pulse.queue() == QueueState()
    await desk.post()
    await due_for_an_hour(desk.redis)
    await desk.post("again")
    await desk.post("I live in Rome", BOB)
    assert (await pulse.queue()).lanes == 2
    assert await oldest(pulse) >= 3600
    await desk.settle_all(await leased(desk))
    assert (await pulse.queue()).lanes == 1
    assert await oldest(pulse) < 3600
    await desk.settle_all(await leased(desk, BOB))
    assert await pulse.queue() == QueueState()


async def test_what_waits_in_back_off_is_not_due_and_counts_from_the_end_of_the_pause(
    desk: Desk, pulse: RedisPulse
) -> None:
    for number in range(3):
        await desk.redis.hset(keys.turn("default", await desk.post(f"{number}")), "due_ms", 1_000)
    await due_for_an_hour(desk.redis)
    lease = await leased(desk)
    assert await desk.lanes.take(lease, 1, 1000)
    await desk.lanes.postpone(lease, "model_unavailable: it is away", 60)
    assert await pulse.queue() == QueueState(lanes=1, backing_off=1)
    await desk.redis.hdel((await lane_keys(desk.redis, ANA.lane)).counters, "wake_us")
    await desk.redis.zincrby(
        keys.due, -90_000, (await lane_keys(desk.redis, ANA.lane)).waiting
    )  # half a minute after the pause
    lease = await leased(desk)
    batch = await desk.lanes.take(lease, 1, 1000)
    assert batch is not None
    await desk.lanes.fail(lease, "bad_answer: no JSON")
    state = await pulse.queue()
    assert (state.lanes, state.backing_off) == (1, 0)
    assert 25 < (state.oldest_due_seconds or 0) < 3600  # of the next turn, which waited through the pause as well


async def test_a_replayed_turn_is_due_from_its_replay(desk: Desk, pulse: RedisPulse) -> None:
    turn_id = await desk.post()
    lease = await leased(desk)
    await desk.lanes.take(lease, 1, 1000)
    await desk.lanes.fail(lease, "bad_answer: no JSON")
    await desk.lanes.hand_back(lease)
    assert await pulse.queue() == QueueState()
    await desk.redis.hset(keys.turn("default", turn_id), "due_ms", 1_000)
    first = await desk.post("first in its lane")
    await due_for_an_hour(desk.redis)
    assert await oldest(pulse) >= 3600
    assert (await desk.dead_letters.revive("default", [turn_id], replay=True)).count
    lease = await leased(desk)
    batch = await desk.lanes.take(lease, 1, 1000)
    assert batch is not None
    assert [turn.id for turn in batch.turns] == [first]
    await desk.lanes.fail(lease, "bad_answer: no JSON")
    assert (await pulse.queue()).lanes == 1
    assert await oldest(pulse) < 3600


async def test_a_lane_that_was_emptied_by_an_erase_is_gone_when_it_is_handed_back(
    desk: Desk, pulse: RedisPulse
) -> None:
    await desk.post()
    lease = await leased(desk)
    await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).waiting)
    await desk.lanes.hand_back(lease)
    assert (await desk.redis.exists(keys.due), (await pulse.queue()).lanes) == (0, 0)


async def test_workers_are_seen_until_they_leave_or_are_missed(redis: Redis, pulse: RedisPulse) -> None:
    for process in ("one", "two", "three"):
        await pulse.beat(process)
    assert (await pulse.queue()).workers == 3
    await pulse.leave("three")
    await redis.zincrby(keys.workers, -AN_HOUR_MS, "two")
    assert (await pulse.queue()).workers == 1
    await pulse.beat("one")
    assert await redis.zcard(keys.workers) == 1


async def test_a_clock_that_jumps_neither_loses_a_worker_nor_makes_a_turn_late(desk: Desk, pulse: RedisPulse) -> None:
    await pulse.beat("one")
    await desk.post()
    for jump_us in (AN_HOUR_MS * 1000, -AN_HOUR_MS * 1000):  # as if Redis had seen another time before
        await desk.redis.hincrby(keys.clock, "seen_us", jump_us)
        state = await pulse.queue()
        assert (state.workers, state.lanes, state.backing_off) == (1, 1, 0)
        assert (state.oldest_due_seconds or 0) < 60
    await desk.redis.hincrby(keys.clock, "monotonic_us", 61_000_000)
    state = await pulse.queue()
    assert (state.workers, (state.oldest_due_seconds or 0) > 60) == (0, True)


async def test_since_when_a_part_is_unwell_is_one_moment_for_all_processes_until_it_recovers(redis: Redis) -> None:
    pulse, two = RedisPulse(redis, RedisScripts(redis)), RedisPulse(redis, RedisScripts(redis))
    since = await pulse.note(["qdrant", "workers"], [])
    assert await two.note(["workers", "qdrant"], []) == since
    assert isinstance(since["qdrant"], datetime)
    again = await two.note(["workers"], ["qdrant"])
    assert again == {"workers": since["workers"]}
    assert (await pulse.note(["qdrant"], []))["qdrant"] > since["qdrant"]


async def test_a_redis_that_is_full_does_not_take_the_small_write(redis: Redis, pulse: RedisPulse) -> None:
    await pulse.try_writing()
    await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(InboxUnavailable, match="out of memory"):
            await pulse.try_writing()
        await pulse.beat("one")
        assert (await pulse.queue()).workers == 1
    finally:
        await redis.config_set("maxmemory", 0)
