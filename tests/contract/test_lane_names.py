"""What lanes are called in Redis: nothing that tells whose they are, and one name each for everybody."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.model import OWNERS, DeadFilter, Lane, Page, Plan, Scope, Status
from tests.chaos.scan import all_of_redis
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys

NAME = "erika-mustermann"
NAMES_ITS_OWNER = ("sj:turn:", "sj:text:", "sj:plan:", "sj:delivery:")  # in what they hold, and an erase removes that
SCOPES = [Scope(tenant="default", **{field: NAME}) for field in OWNERS]


async def naming_an_owner(redis: Redis) -> list[str]:
    """The keys whose name tells of the owner, or that hold the name though they are not to."""
    texts = await all_of_redis(redis)
    return [key for key, text in texts.items() if NAME in key or (NAME in text and not key.startswith(NAMES_ITS_OWNER))]


async def test_no_key_message_or_index_holds_an_owners_id_whatever_becomes_of_the_turns(
    desk: Desk, redis: Redis
) -> None:
    for scope in SCOPES:
        for text in ("settles", "dies", "waits"):
            await desk.post(text, scope)
        assert await naming_an_owner(redis) == []
        async with desk.lanes.lease(scope.lane) as lease:
            assert lease is not None
            batch = await desk.lanes.take(lease, 1, 1000)
            assert batch is not None
            await desk.lanes.settle(lease, Plan(turn_ids=[turn.id for turn in batch.turns]))
            await desk.lanes.take(lease, 1, 1000)
            await desk.lanes.fail(lease, "bad_answer: no JSON")
            await desk.lanes.take(lease, 1, 1000)
            assert await naming_an_owner(redis) == []
            await desk.lanes.postpone(lease, "the model is away", None)
        assert await naming_an_owner(redis) == []
    await desk.sweeper.sweep()
    assert await naming_an_owner(redis) == []
    assert await all_of_redis(redis)


def test_no_two_lanes_have_one_name(desk: Desk) -> None:
    """See `Lane.key`, of which the name is a hash: tenants hold no colon."""
    owners = ("ana", "user:ana", "a:user:ana", "ANA")
    lanes = [
        Lane(tenant=tenant, kind=kind, name=name)
        for tenant, kind, name in itertools.product(("a", "b"), ("user", "agent", "run", "app"), owners)
    ]
    assert len({lane.key for lane in lanes}) == len(lanes)


async def test_after_redis_was_emptied_all_processes_name_a_lane_alike(redis: Redis) -> None:
    first, second = desk_on(redis, InboxLimits()), desk_on(redis, InboxLimits())
    await first.post()
    await redis.flushall()
    await second.post("a newcomer is first", ANA)
    await first.post("and one who was there before", ANA)
    waiting = [key async for key in redis.scan_iter("sj:wait:*")]
    assert waiting == [(await lane_keys(redis, ANA.lane)).waiting.encode()]
    assert await redis.llen(waiting[0]) == 2


async def waiting_of_ana(desk: Desk) -> list[str]:
    return [turn.id for turn in (await desk.turns.page("default", Status.QUEUED, "ana", Page(size=10))).items]


async def dead_of_ana(desk: Desk) -> list[str]:
    return [turn.id for turn in (await desk.turns.dead_page("default", DeadFilter(user_id="ana"), Page(size=10))).items]


async def exported_of_ana(desk: Desk) -> list[str]:
    return [status.id async for status, _ in desk.owners.of(ANA)]


async def pending_of_ana(desk: Desk) -> int:
    return await desk.turns.pending(ANA)


@pytest.mark.parametrize("read", [waiting_of_ana, dead_of_ana, exported_of_ana, pending_of_ana])
async def test_after_redis_was_emptied_what_is_read_of_an_owner_is_there_at_once(
    redis: Redis, read: Callable[[Desk], Awaitable[object]]
) -> None:
    first, second = desk_on(redis, InboxLimits()), desk_on(redis, InboxLimits())
    await first.post()
    await redis.flushall()
    for _ in range(2):
        await second.post()
    async with second.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await second.lanes.take(lease, 1, 1000)
        await second.lanes.fail(lease, "bad_answer: no JSON")
    assert await read(second)
    assert await read(first) == await read(second)


@pytest.mark.parametrize("step", ["lease", "edit", "hold"])
async def test_after_redis_was_emptied_nobody_holds_a_lane_by_its_old_name(redis: Redis, step: str) -> None:
    first, second = desk_on(redis, InboxLimits()), desk_on(redis, InboxLimits())
    await first.post()
    await redis.flushall()
    await second.post()
    lane = await lane_keys(redis, ANA.lane)
    if step == "hold":
        async with first.turn_erasure.holding(first.lanes.hand_back) as hold:
            await hold.take([ANA.lane])
            assert await redis.exists(lane.lease)
        return
    async with first.lanes.lease(ANA.lane) if step == "lease" else first.lanes.edit(ANA.lane) as lease:
        assert lease is not None
        assert await redis.get(lane.lease) == str(lease.token).encode()


async def test_a_lane_whose_first_turns_are_lost_is_claimed_for_the_first_that_is_not(desk: Desk, redis: Redis) -> None:
    lost = [await desk.post() for _ in range(3)]
    left = await desk.post()
    await redis.delete(*(keys.turn("default", turn_id) for turn_id in lost))
    with capture_logs() as lines:
        async with desk.lanes.claim() as lease:
            assert lease is not None
            assert lease.lane == ANA.lane
            batch = await desk.lanes.take(lease, 8, 1000)
            assert batch is not None
            assert [turn.id for turn in batch.turns] == [left]
    assert [line["turn_id"] for line in lines if line["event"] == "turn_lost"] == lost
    ledger = await desk.turns.ledger("default")
    assert (ledger.lost, ledger.balanced) == (3, True)


async def test_a_lane_of_which_every_turn_is_lost_falls_asleep_and_the_next_one_is_claimed(
    desk: Desk, redis: Redis
) -> None:
    lost = [await desk.post() for _ in range(700)]  # more than one step drops
    await redis.delete(*(keys.turn("default", turn_id) for turn_id in lost))
    bob = Scope(tenant="default", user_id="bob")
    await desk.post("I live in Rome", bob)
    with capture_logs() as lines:
        async with desk.lanes.claim() as lease:
            assert lease is not None
            assert lease.lane == bob.lane
    assert sorted(line["turn_id"] for line in lines if line["event"] == "turn_lost") == sorted(lost)
    lane = await lane_keys(redis, ANA.lane)
    assert await redis.ttl(lane.counters) > 0
    assert not await redis.exists(lane.lease, lane.waiting)
    assert await redis.zscore(keys.lanes, lane.id) is None
    ledger = await desk.turns.ledger("default")
    assert (ledger.lost, ledger.balanced) == (700, True)
