"""Recorded plans, deaths of their holders, and erases between: who is counted, what is kept, and for how long."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Batch, Lease, Plan, Scope, Status
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

ANA_X = Scope(tenant="default", user_id="ana", run_id="x")
ANA_Y = Scope(tenant="default", user_id="ana", run_id="y")


async def hold(desk: Desk) -> Lease:
    """A lease without a heartbeat: its holder may be killed."""
    lease = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    return lease


async def kill(desk: Desk) -> None:
    """Kill -9 of the holder, and its lease has run out."""
    await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)


async def take(desk: Desk, lease: Lease, size: int = 8) -> Batch:
    batch = await desk.lanes.take(lease, size, 100_000)
    assert batch is not None
    return batch


async def erase(desk: Desk, scope: Scope = ANA) -> int:
    return sum((await desk.erase(scope, ANA.lane)).turns.values())


async def recorded(desk: Desk, size: int = 8) -> Plan:
    """Take a batch and record a plan for it, as a holder that is then killed."""
    lease = await hold(desk)
    plan = Plan(turn_ids=ids(await take(desk, lease, size)), dropped=7)
    await desk.lanes.record(lease, plan)
    await kill(desk)
    return plan


def ids(batch: Batch) -> tuple[str, ...]:
    return tuple(turn.id for turn in batch.turns)


async def status(desk: Desk, turn_id: str) -> Status:
    turn = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert turn is not None
    return turn.status


async def test_a_turn_whose_recorded_plan_kills_every_worker_ends_as_a_dead_letter(desk: Desk) -> None:
    turn_id = await desk.post()
    await recorded(desk)
    deaths = 1
    while await desk.lanes.take(await hold(desk), 8, 1000):
        await kill(desk)
        deaths += 1
    assert deaths == 2
    assert await status(desk, turn_id) is Status.DEAD
    assert (await desk.turns.ledger("default")).balanced


async def test_a_batch_whose_plan_kills_every_worker_loses_the_plan_and_is_halved(desk: Desk) -> None:
    for number in range(4):
        await desk.post(f"turn {number}")
    plan = await recorded(desk)
    first, second = (
        await take(desk, await hold(desk)),
        await desk.redis.hget((await lane_keys(desk.redis, ANA.lane)).counters, "deaths"),
    )
    assert (first.plan, ids(first), second) == (plan, plan.turn_ids, b"1")
    await kill(desk)
    halved = await take(desk, await hold(desk))
    assert (halved.plan, ids(halved)) == (None, plan.turn_ids[:2])


@pytest.mark.parametrize("poison", [0, 3, 7])
async def test_only_the_turn_that_kills_its_workers_dies_of_a_batch_with_a_plan(desk: Desk, poison: int) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(8)]
    await recorded(desk)
    for _ in range(30):
        lease = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
        if lease is None:
            break
        while batch := await desk.lanes.take(lease, 8, 100_000):
            plan = batch.plan or Plan(turn_ids=ids(batch))
            await desk.lanes.record(lease, plan)
            if posted[poison] in plan.turn_ids:
                await kill(desk)
                break
            await desk.lanes.settle(lease, plan)
    assert [turn_id for turn_id in posted if await status(desk, turn_id) is Status.DEAD] == [posted[poison]]
    ledger = await desk.turns.ledger("default")
    assert (ledger.settled, ledger.dead, ledger.balanced) == (7, 1, True)


async def test_an_edit_between_two_deaths_does_not_wipe_their_traces(desk: Desk) -> None:
    turn_id = await desk.post("poison")
    for _ in range(2):
        await take(desk, await hold(desk))
        await kill(desk)
        async with desk.lanes.edit(ANA.lane):
            pass
    assert await desk.lanes.take(await hold(desk), 8, 1000) is None
    assert await status(desk, turn_id) is Status.DEAD


async def test_a_holder_that_never_took_gives_back_nothing_of_its_dead_predecessor(desk: Desk) -> None:
    turn_id = await desk.post()
    await take(desk, await hold(desk))
    await kill(desk)
    with pytest.raises(InboxUnavailable):
        async with desk.lanes.lease(ANA.lane):
            raise InboxUnavailable("Redis went away before anything was taken")
    turn = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert turn is not None
    assert (turn.status, turn.attempts) == (Status.RUNNING, 1)
    await take(desk, await hold(desk))
    assert await desk.redis.hget((await lane_keys(desk.redis, ANA.lane)).counters, "deaths") == b"1"


async def test_a_lane_left_by_an_unforeseen_error_is_free_at_once_and_rests_before_it_is_rung_for(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(sweep_seconds=0.001, max_attempts=2))
    await desk.post()
    wakeups = await desk.wakeups()
    with pytest.raises(RuntimeError):
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            await take(desk, lease)
            raise RuntimeError("nobody expected this")
    assert await redis.exists((await lane_keys(redis, ANA.lane)).lease) == 0
    assert await redis.hget((await lane_keys(redis, ANA.lane)).counters, "held") == b"1"
    assert await desk.wakeups() == wakeups
    await redis.delete(QUEUE)
    assert await wait_until(desk.sweeper.sweep, deadline_seconds=5, what="the sweep ringing") == 1


async def test_settling_a_batch_twice_takes_nothing_more_out_of_the_lane(desk: Desk) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(4)]
    lease = await hold(desk)
    plan = Plan(turn_ids=ids(await take(desk, lease, 2)))
    await desk.lanes.settle(lease, plan)
    await desk.lanes.settle(lease, plan)
    assert await desk.settle_all(lease) == posted[2:]
    ledger = await desk.turns.ledger("default")
    assert (ledger.settled, ledger.waiting, ledger.balanced) == (4, 0, True)


async def test_a_recorded_plan_stays_through_an_erase_that_takes_none_of_its_turns_and_goes_with_the_first_one(
    desk: Desk,
) -> None:
    posted = [await desk.post("one", ANA_Y), await desk.post("two")]
    later = await desk.post("later", ANA_X)
    plan = await recorded(desk, size=2)
    assert await erase(desk, ANA_X) == 1
    lease = await hold(desk)
    batch = await take(desk, lease)
    assert (batch.plan, ids(batch)) == (plan, tuple(posted))
    await kill(desk)
    assert await erase(desk, ANA_Y) == 1
    lease = await hold(desk)
    batch = await take(desk, lease)
    assert (batch.plan, ids(batch)) == (None, (posted[1],))
    assert later not in ids(batch)
    await desk.lanes.settle(lease, Plan(turn_ids=ids(batch)))
    ledger = await desk.turns.ledger("default")
    assert (ledger.settled, ledger.erased, ledger.balanced) == (1, 2, True)


async def test_an_erase_of_all_that_a_plan_is_about_takes_the_plan_too(desk: Desk) -> None:
    await desk.post("one", ANA_X)
    await desk.post("two", ANA_X)
    await recorded(desk)
    stays = await desk.post("three", ANA_Y)
    assert await erase(desk, ANA_X) == 2
    batch = await take(desk, await hold(desk))
    assert (batch.plan, ids(batch)) == (None, (stays,))


async def test_an_erase_within_a_bisected_batch_leaves_the_others_in_order(desk: Desk) -> None:
    posted = [await desk.post(f"turn {number}", ANA_X if number % 2 else ANA_Y) for number in range(8)]
    lease = await hold(desk)
    await take(desk, lease)
    await desk.lanes.fail(lease, "bad_answer: it was no JSON")
    assert await erase(desk, ANA_X) == 4
    assert await desk.settle_all(await hold(desk)) == posted[::2]
    ledger = await desk.turns.ledger("default")
    assert (ledger.erased, ledger.balanced) == (4, True)
    assert await desk.redis.get(keys.backlog) == b"0"


async def test_while_turns_wait_a_lane_keeps_its_counters_and_afterwards_they_end(desk: Desk) -> None:
    lane = await lane_keys(desk.redis, ANA.lane)
    names = (lane.counters, lane.owned)
    await desk.post()
    assert [await desk.redis.ttl(name) for name in names] == [-1, -1]
    assert len(await desk.settle_all(await hold(desk))) == 1
    assert all([await desk.redis.ttl(name) > 0 for name in names])
    await desk.post()
    assert [await desk.redis.ttl(name) for name in names] == [-1, -1]


@pytest.mark.parametrize("leaves", ["by handing back", "by being killed"])
async def test_a_lane_emptied_by_a_holder_that_did_not_look_again_ends_as_well(desk: Desk, leaves: str) -> None:
    await desk.post()
    lease = await hold(desk)
    await desk.lanes.settle(lease, Plan(turn_ids=ids(await take(desk, lease))))
    if leaves == "by handing back":
        await desk.lanes.hand_back(lease)
    else:
        await kill(desk)
        assert await desk.lanes.leasing.acquire(ANA.lane, edit=False) is None
    assert await desk.redis.zcard(keys.lanes) == 0
    lane = await lane_keys(desk.redis, ANA.lane)
    for name in (lane.counters, lane.owned):
        assert await desk.redis.ttl(name) > 0


async def test_a_dead_turn_is_erased_however_long_ago_it_died_and_revived_its_lane_knows_it(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(retention_seconds=1))
    dead, revived = await desk.post("my secret is 42"), await desk.post("and 43")
    lease = await hold(desk)
    for _ in range(2):
        await take(desk, lease, 1)
        await desk.lanes.fail(lease, "bad_answer: it was no JSON")
    assert await desk.lanes.take(lease, 1, 1000) is None

    async def ended() -> bool:
        return not await redis.exists(
            (await lane_keys(redis, ANA.lane)).owned, (await lane_keys(redis, ANA.lane)).counters
        )

    await wait_until(ended, deadline_seconds=5, what="the lane's index ending")
    assert (await desk.dead_letters.revive("default", [revived], replay=True)).count
    assert await redis.zrange((await lane_keys(redis, ANA.lane)).owned, 0, -1) == [revived.encode()]
    assert await redis.ttl((await lane_keys(redis, ANA.lane)).owned) == -1
    assert await erase(desk) == 2
    assert await desk.turns.text(Scope(tenant="default"), dead) is None
    assert (await desk.turns.ledger("default")).balanced


async def test_a_turn_settled_long_after_it_was_accepted_is_still_found_by_an_erase(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(retention_seconds=1))
    old = await desk.post("my secret is 42")
    stamp = await redis.hget(keys.turn("default", old), "accepted_us")
    assert stamp is not None
    long_ago = int(stamp) - 3_600_000_000
    await redis.hset(keys.turn("default", old), "accepted_us", long_ago)
    await redis.zadd((await lane_keys(redis, ANA.lane)).owned, {old: long_ago})
    await desk.settle_all(await hold(desk))
    assert await erase(desk) == 1
    assert await desk.turns.text(Scope(tenant="default"), old) is None
