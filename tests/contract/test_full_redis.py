"""A Redis that is full (`maxmemory`, `noeviction`): new turns are refused, and everything else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import InboxUnavailable, ModelUnavailable
from scrubjay.model import Guidance, Page, Plan, Scope, Status
from scrubjay.model.erasure import Removal
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys

BOB = Scope(tenant="default", user_id="bob")


@pytest.fixture
async def full(redis: Redis) -> AsyncIterator[Desk]:
    """A desk whose Redis is filled by `fill`, and has room again afterwards."""
    yield desk_on(redis, InboxLimits(max_attempts=2, sweep_seconds=0.001))
    await make_room(redis)


async def fill(redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        await redis.set("whatever", 1)


async def make_room(redis: Redis) -> None:
    await redis.config_set("maxmemory", 0)


async def test_a_full_redis_takes_no_turn_and_says_when_to_come_again(full: Desk) -> None:
    await full.post("one", key="j")
    before = await full.turns.ledger("default"), await full.redis.dbsize()
    await fill(full.redis)
    with pytest.raises(InboxUnavailable, match="out of memory") as refused:
        await full.post("two", key="k")
    assert refused.value.retry_after_seconds
    assert (await full.turns.ledger("default"), await full.redis.dbsize()) == before
    await make_room(full.redis)
    await full.post("two", key="k")
    assert (await full.turns.ledger("default")).accepted == 2


async def test_a_turn_accepted_before_redis_was_full_is_known_again_by_its_key(full: Desk) -> None:
    turn = await full.post("one", key="k")
    await fill(full.redis)
    assert await full.post("one", key="k") == turn


async def test_what_was_accepted_settles_while_redis_is_full(full: Desk) -> None:
    turns = [await full.post(f"turn {number}") for number in range(3)]
    await fill(full.redis)
    async with full.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await full.lanes.take(lease, 8, 1000)
        assert batch is not None
        plan = Plan(turn_ids=tuple(turns), dropped=1)
        await full.lanes.record(lease, plan)
        assert (await full.lanes.confirm(lease, batch.turns)).erased == frozenset()
        await full.lanes.settle(lease, plan)
        assert await full.lanes.take(lease, 8, 1000) is None
    ledger = await full.turns.ledger("default")
    assert (ledger.settled, ledger.waiting, ledger.balanced) == (3, 0, True)
    assert (await full.turns.page("default", Status.SETTLED, None, Page())).count == 3


async def test_lanes_back_off_are_handed_back_and_are_rung_for_while_redis_is_full(full: Desk) -> None:
    await full.post("one")
    await full.post("two", BOB)
    await fill(full.redis)
    for scope, error in ((ANA, None), (BOB, "the model is away")):
        async with full.lanes.lease(scope.lane) as lease:
            assert lease is not None
            await full.lanes.take(lease, 8, 1000)
            if error:
                assert await full.lanes.postpone(lease, error, None) > 0
    await make_room(full.redis)
    await full.redis.delete(QUEUE)
    await full.redis.zadd(keys.lanes, {(await lane_keys(full.redis, BOB.lane)).id: 0})  # its time has come
    await fill(full.redis)
    assert await full.sweeper.sweep() == 2
    assert await full.wakeups() == 2


async def test_an_owner_is_forgotten_while_redis_is_full(full: Desk) -> None:
    turn = await full.post()
    await fill(full.redis)
    erased = await full.erase(ANA)
    assert erased.ids == (turn,)
    await full.removal_notes.note_removal(Removal(scope=ANA, memory_id="m"))
    assert await full.redis.zcard(keys.removals) == 2
    turn_now = await full.turns.get(Scope(tenant="default"), turn)
    assert turn_now is not None
    assert turn_now.status is Status.ERASED


@pytest.mark.parametrize("replay", [True, False])
async def test_a_dead_letter_is_made_discarded_or_replayed_while_redis_is_full(full: Desk, replay: bool) -> None:
    turn = await full.post()
    await fill(full.redis)
    async with full.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await full.lanes.take(lease, 8, 1000)
        await full.lanes.fail(lease, "bad_answer: no")
    assert (await full.dead_letters.revive("default", [turn], replay=replay)).count
    ledger = await full.turns.ledger("default")
    assert (ledger.waiting, ledger.erased, ledger.balanced) == (int(replay), int(not replay), True)


async def test_a_turn_that_waits_is_discarded_while_redis_is_full(full: Desk) -> None:
    turn = await full.post()
    await fill(full.redis)
    await full.dead_letters.discard("default", turn)
    ledger = await full.turns.ledger("default")
    assert (ledger.waiting, ledger.erased, ledger.balanced) == (0, 1, True)


async def test_a_provider_that_is_down_stays_guarded_while_redis_is_full(full: Desk) -> None:
    breaker = RedisBreaker(RedisScripts(full.redis), "b", BreakerLimits(threshold=1, base_seconds=60))
    await fill(full.redis)
    with pytest.raises(ModelUnavailable, match="away"):
        async with breaker.call():
            raise ModelUnavailable("The model is away")
    with pytest.raises(ModelUnavailable, match="asking again"):
        async with breaker.call():
            pass


async def test_guidance_is_new_load_and_has_to_wait_for_room(full: Desk) -> None:
    await fill(full.redis)
    with pytest.raises(InboxUnavailable, match="out of memory"):
        await RedisGuidance(full.redis).give("default", Guidance(instructions="In verse."))
