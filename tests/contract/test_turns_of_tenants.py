"""Whose turn it is: tenants take turns, lanes come by since when they are due, and nothing rests on a message."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.chunks import chunks
from scrubjay.adapters.redis.limits import READY, InboxLimits
from scrubjay.adapters.redis.scripts.order import clock
from scrubjay.errors import LaneBusy
from scrubjay.model import Lane, Lease, Plan
from scrubjay.model.names import QUEUE
from tests.contract.desk import Desk, desk_on, post, user
from tests.redis_keys import keys, lane_keys, lane_scripts
from tests.support import wait_until

MANY = 5_000
LIMITS = InboxLimits(sweep_seconds=0.001, lease_seconds=15, retry_max_seconds=0.01)


@pytest.fixture
def desk(redis: Redis) -> Desk:
    """A desk that is swept as often as it is asked to."""
    return desk_on(redis, LIMITS)


async def claimed(desk: Desk, *left_out: str) -> Lane | None:
    """The lane whose turn it is; its holder is never heard of again."""
    lease = await desk.lanes.leasing.claimed(left_out)
    return None if lease is None else lease.lane


async def tenants_in_turn(desk: Desk, claims: int, *left_out: str) -> list[str]:
    lanes = [await claimed(desk, *left_out) for _ in range(claims)]
    return [lane.tenant for lane in lanes if lane is not None]


async def batch(desk: Desk, lease: Lease) -> bool:
    """One turn of the lane is settled; returns whether others wait."""
    taken = await desk.lanes.take(lease, 1, 1_000)
    assert taken is not None
    await desk.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in taken.turns)))
    return taken.others_wait


async def now_ms(desk: Desk) -> int:
    """What the monotonic clock shows."""
    return (await clock(desk.intake._core.scripts)).monotonic_ms


async def later_than(desk: Desk, moment_ms: float) -> bool:
    return await now_ms(desk) > moment_ms


async def pause_over(desk: Desk, lane: Lane) -> None:
    """Wait until the lane is to be looked at."""
    due_ms = await desk.redis.zscore(keys.lanes, (await lane_keys(desk.redis, lane)).id)
    assert due_ms is not None
    await wait_until(lambda: later_than(desk, due_ms), what="the end of the pause")


async def crowded(desk: Desk) -> None:
    """Very many users of one tenant have said something."""
    for names in chunks(range(MANY), 500):
        await asyncio.gather(*(desk.post(scope=user("acme", name)) for name in names))
    assert await desk.redis.zcard(keys.ready("acme")) == MANY


async def test_beside_thousands_of_lanes_one_whose_pause_has_ended_is_next_after_a_sweep(desk: Desk) -> None:
    await post(desk, "bravo", "unlucky")
    async with desk.lanes.claim() as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1_000)
        await desk.lanes.postpone(lease, "the model is away", None)
    await crowded(desk)
    await pause_over(desk, lease.lane)
    await desk.sweeper.sweep()
    assert user("bravo", "unlucky").lane in [await claimed(desk) for _ in range(2)]


async def test_beside_thousands_of_lanes_one_whose_worker_is_gone_is_next_after_its_lease_and_a_sweep(
    redis: Redis,
) -> None:
    desk = desk_on(redis, InboxLimits(sweep_seconds=0.001, lease_seconds=1))
    orphan = user("bravo", "orphan").lane
    await post(desk, "bravo", "orphan")
    assert await claimed(desk) == orphan
    await crowded(desk)

    async def lease_has_ended() -> bool:
        return not await redis.exists((await lane_keys(redis, orphan)).lease)

    await wait_until(lease_has_ended, what="the lease of whoever is gone")
    await desk.sweeper.sweep()
    assert orphan in [await claimed(desk) for _ in range(2)]


async def test_sweeps_make_thousands_of_lanes_ready_those_first_that_are_due_for_longest(desk: Desk) -> None:
    names = lane_scripts(desk.redis)
    lanes = [(await names.of(user("acme", number).lane)).id for number in range(5_000)]
    await desk.redis.zadd(keys.lanes, {lane: 1 + place for place, lane in enumerate(lanes)})
    quiet = await names.of(user("bravo", "bob").lane)
    await desk.redis.zadd(keys.lanes, {quiet.id: 6_000})  # due a moment later than all of them
    await desk.redis.rpush(QUEUE, *("x" for _ in range(1_000)))
    await desk.sweeper._wake()
    ready: Any = await desk.redis.zrange(keys.ready("acme"), 0, 99, withscores=True)
    assert [(name.decode(), since) for name, since in ready] == [
        (lane, 1 + place) for place, lane in enumerate(lanes[:100])
    ]
    await desk.sweeper._wake()  # a slow machine may need a second sweep for the last ones
    assert await desk.redis.zcard(keys.ready("acme")) == 5_000
    assert await desk.redis.zscore(keys.ready("bravo"), quiet.id) == 6_000


async def test_a_lane_that_the_sweep_finds_comes_before_those_that_were_due_later(desk: Desk) -> None:
    await post(desk, "acme", "early")
    async with desk.lanes.claim() as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1_000)
        await desk.lanes.postpone(lease, "the model is away", None)
    await pause_over(desk, lease.lane)
    await post(desk, "acme", "late", "later")
    await desk.sweeper.sweep()
    assert [await claimed(desk) for _ in range(3)] == [user("acme", name).lane for name in ("early", "late", "later")]


async def test_a_lane_that_is_handed_back_stands_behind_the_others_of_its_tenant(desk: Desk) -> None:
    for name in ("first", "second"):
        await post(desk, "acme", name, name)
        posted_ms = await now_ms(desk)
        await wait_until(partial(later_than, desk, posted_ms), what="the clock going on")
    async with desk.lanes.claim() as lease:
        assert lease is not None
        assert lease.lane == user("acme", "first").lane
        since_ms = await now_ms(desk)
        await wait_until(lambda: later_than(desk, since_ms), what="the clock going on")
        await batch(desk, lease)
    assert [await claimed(desk) for _ in range(2)] == [user("acme", name).lane for name in ("second", "first")]


async def test_tenants_take_turns_however_many_lanes_each_has(desk: Desk) -> None:
    await post(desk, "acme", *range(30))
    await post(desk, "bravo", *range(4))
    await post(desk, "chess", *range(4))
    turns = await tenants_in_turn(desk, 12)
    assert [set(three) for three in chunks(turns, 3)] == [{"acme", "bravo", "chess"}] * 4
    assert await tenants_in_turn(desk, 3) == ["acme"] * 3


async def test_who_was_away_is_next_and_earns_nothing_by_it(desk: Desk) -> None:
    await post(desk, "bravo", "once")
    await post(desk, "acme", *range(60))
    assert set(await tenants_in_turn(desk, 2)) == {"acme", "bravo"}
    assert await tenants_in_turn(desk, 40) == ["acme"] * 40
    await post(desk, "bravo", *range(10))
    turns = await tenants_in_turn(desk, 10)
    assert "bravo" in turns[:2]
    assert (turns.count("acme"), turns.count("bravo")) == (5, 5)


async def test_who_has_just_had_a_turn_and_comes_back_is_behind_the_others(desk: Desk) -> None:
    await post(desk, "acme", 0)
    await post(desk, "bravo", 0, 1)
    assert await tenants_in_turn(desk, 1) == ["acme"]
    await post(desk, "acme", 1)
    assert await tenants_in_turn(desk, 1) == ["bravo"]


async def test_each_further_batch_of_a_holder_counts_for_its_tenant(desk: Desk) -> None:
    for _ in range(4):
        await post(desk, "acme", 0)
    await post(desk, "acme", 1)
    await post(desk, "bravo", *range(8))
    async with desk.lanes.claim() as lease:
        assert lease is not None
        assert lease.lane == user("acme", 0).lane
        for _ in range(4):
            assert await batch(desk, lease)
    assert await tenants_in_turn(desk, 5) == ["bravo"] * 4 + ["acme"]


async def test_who_takes_a_batch_is_told_whether_lanes_of_others_are_ready(desk: Desk) -> None:
    for _ in range(2):
        await post(desk, "acme", 0)
    await post(desk, "acme", 1)
    async with desk.lanes.claim() as lease:
        assert lease is not None
        assert not await batch(desk, lease)
        await post(desk, "bravo", 0)
        assert await batch(desk, lease)


async def test_a_tenant_that_is_left_out_is_passed_over_and_earns_nothing_by_it(desk: Desk) -> None:
    await post(desk, "acme", *range(10))
    await post(desk, "bravo", *range(20))
    assert await tenants_in_turn(desk, 10, "acme") == ["bravo"] * 10
    turns = await tenants_in_turn(desk, 8)
    assert abs(turns.count("acme") - turns.count("bravo")) <= 2
    assert await tenants_in_turn(desk, 1, "acme", "bravo") == []


async def test_no_lane_is_claimed_twice_at_once(desk: Desk) -> None:
    await post(desk, "acme", *range(10))
    await post(desk, "bravo", *range(10))
    lanes = await asyncio.gather(*(claimed(desk) for _ in range(50)))
    claimed_lanes = [lane for lane in lanes if lane is not None]
    assert len(claimed_lanes) == len(set(claimed_lanes)) == 20


async def test_a_lane_that_somebody_edits_is_left_alone_and_ready_afterwards(desk: Desk) -> None:
    scope = user("acme")
    async with desk.lanes.edit(scope.lane):
        await desk.post(scope=scope)
        assert await claimed(desk) is None
        assert not await desk.redis.exists(keys.ready("acme"), keys.ready_tenants)
    assert await claimed(desk) == scope.lane


async def test_a_claim_finds_the_free_lane_behind_many_that_are_held(desk: Desk) -> None:
    await post(desk, "acme", *range(40))
    for number in range(39):
        await desk.redis.set((await lane_keys(desk.redis, user("acme", number).lane)).lease, 1, px=10_000)
    assert await claimed(desk) == user("acme", 39).lane
    assert await claimed(desk) is None
    due_ms = await desk.redis.zscore(keys.lanes, (await lane_keys(desk.redis, user("acme", 0).lane)).id)
    assert due_ms is not None
    assert due_ms < READY, "the sweep looks at it when the lease has ended"


@pytest.mark.parametrize("lost", [keys.ready("acme"), keys.ready_tenants, keys.served])
async def test_a_lane_that_is_ready_is_claimed_though_a_key_was_lost(desk: Desk, lost: str) -> None:
    await post(desk, "bravo", 0)
    assert await claimed(desk) == user("bravo", 0).lane
    await post(desk, "acme", 0)
    await desk.redis.delete(lost)
    await desk.sweeper.sweep()
    assert await claimed(desk) == user("acme", 0).lane


async def test_an_edit_takes_a_ready_lane_out_and_its_end_puts_it_back(desk: Desk) -> None:
    scope = user("acme")
    await desk.post(scope=scope)
    async with desk.lanes.edit(scope.lane):
        assert await claimed(desk) is None
        with pytest.raises(LaneBusy):
            async with desk.lanes.edit(scope.lane, wait_seconds=0):
                pass
    assert await claimed(desk) == scope.lane


async def test_an_erase_leaves_no_name_among_what_is_ready(desk: Desk) -> None:
    await post(desk, "acme", "ana")
    await desk.erase(user("acme", "ana"))
    assert not await desk.redis.exists(keys.lanes, keys.ready("acme"), keys.ready_tenants)
