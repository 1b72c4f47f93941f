"""The lanes on a real Redis: lease, take, record, settle, postpone, fail; whoever lost the lease writes nothing."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import LaneBusy, LeaseLost, ModelUnavailable
from scrubjay.model import Event, Page, Plan, Scope, Status, TurnEvent
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until


async def test_a_lane_has_one_holder_at_a_time(desk: Desk) -> None:
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as first, desk.lanes.lease(ANA.lane) as second:
        assert first is not None
        assert second is None


async def test_an_empty_lane_is_not_leased_and_falls_asleep(desk: Desk) -> None:
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert len(await desk.settle_all(lease)) == 1
    async with desk.lanes.lease(ANA.lane) as again:
        assert again is None
    assert await desk.redis.zcard(keys.lanes) == 0


async def test_a_turn_accepted_during_the_last_pass_is_taken_or_rung_for(desk: Desk) -> None:
    await desk.post("one")
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await desk.lanes.take(lease, 8, 1000)
        await desk.post("two")
        assert batch is not None
        await desk.lanes.settle(lease, Plan(turn_ids=(batch.turns[0].id,)))
        more = await desk.lanes.take(lease, 8, 1000)
        assert more is not None
        assert more.turns[0].messages[0].content == "two"


async def test_turns_are_taken_in_the_order_of_acceptance_bounded_in_number_and_size(desk: Desk) -> None:
    ids = [await desk.post(f"turn {number} " + "x" * 500) for number in range(5)]
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await desk.lanes.take(lease, 3, 100_000)
        assert batch is not None
        assert [turn.id for turn in batch.turns] == ids[:3]
        await desk.lanes.settle(lease, Plan(turn_ids=tuple(ids[:3])))
        small = await desk.lanes.take(lease, 3, 700)
        assert small is not None
        assert [turn.id for turn in small.turns] == ids[3:4]


async def test_a_settled_turn_tells_its_events_and_leaves_its_time(desk: Desk) -> None:
    turn_id = await desk.post()
    event = TurnEvent(event=Event.ADD, id="m1", memory="User lives in Berlin")
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1000)
        await desk.lanes.settle(lease, Plan(turn_ids=(turn_id,), events={turn_id: (event,)}))
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert (status.status, status.events, status.attempts) == (Status.SETTLED, (event,), 1)
    assert status.settled_at is not None
    assert await desk.redis.ttl(keys.turn("default", turn_id)) > 0


async def test_a_recorded_plan_is_given_to_the_next_holder_with_the_same_turns(desk: Desk) -> None:
    ids = [await desk.post(f"turn {number}") for number in range(3)]
    plan = Plan(turn_ids=tuple(ids[:2]), dropped=7)
    with pytest.raises(RuntimeError):
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            await desk.lanes.take(lease, 2, 100_000)
            await desk.lanes.record(lease, plan)
            raise RuntimeError("the worker dies here")
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await desk.lanes.take(lease, 8, 100_000)
        assert batch is not None
        assert batch.plan == plan
        assert [turn.id for turn in batch.turns] == ids[:2]


async def test_a_transient_failure_spends_no_attempt_and_the_lane_sleeps(desk: Desk) -> None:
    turn_id = await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1000)
        delay = await desk.lanes.postpone(lease, "the model is away", retry_after_seconds=7)
    assert delay >= 7
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert (status.status, status.attempts, status.error) == (Status.RETRYING, 0, "the model is away")
    async with desk.lanes.lease(ANA.lane) as again:
        assert again is None
    assert await desk.sweeper.sweep() == 0


async def test_an_edit_neither_wakes_nor_puts_off_a_lane_that_backs_off(desk: Desk) -> None:
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1000)
        await desk.lanes.postpone(lease, "away", 7)
    due_ms, wakeups = (
        await desk.redis.zscore(keys.lanes, (await lane_keys(desk.redis, ANA.lane)).id),
        await desk.wakeups(),
    )
    async with desk.lanes.edit(ANA.lane):
        pass
    assert (await desk.redis.zscore(keys.lanes, (await lane_keys(desk.redis, ANA.lane)).id), await desk.wakeups()) == (
        due_ms,
        wakeups,
    )


async def test_a_lane_whose_back_off_has_ended_is_rung_for_again(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(retry_max_seconds=0.01, sweep_seconds=0.001))
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1000)
        await desk.lanes.postpone(lease, "away", None)
    await redis.delete(QUEUE)
    assert await wait_until(desk.sweeper.sweep, what="the sweep ringing") == 1
    async with desk.lanes.lease(ANA.lane) as again:
        assert again is not None


async def test_a_permanent_failure_is_bisected_until_the_poison_turn_is_dead_and_the_rest_settle(desk: Desk) -> None:
    ids = [await desk.post("poison" if number == 5 else f"turn {number}") for number in range(8)]
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        while batch := await desk.lanes.take(lease, 8, 100_000):
            if any(turn.messages[0].content == "poison" for turn in batch.turns):
                await desk.lanes.fail(lease, "bad_answer: it was no JSON")
            else:
                await desk.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
    listed = await desk.turns.page("default", Status.DEAD, None, Page())
    count, dead = listed.count, listed.items
    assert (count, dead[0].id, dead[0].error) == (1, ids[5], "bad_answer: it was no JSON")
    ledger = await desk.turns.ledger("default")
    assert (ledger.settled, ledger.dead, ledger.waiting, ledger.balanced) == (7, 1, 0, True)


async def test_a_turn_that_kills_its_worker_is_found_and_buried(desk: Desk) -> None:
    ids = [await desk.post("poison" if number == 2 else f"turn {number}") for number in range(4)]
    for _ in range(20):
        try:
            async with desk.lanes.lease(ANA.lane) as lease:
                if lease is None:
                    break
                while batch := await desk.lanes.take(lease, 8, 100_000):
                    if any(turn.messages[0].content == "poison" for turn in batch.turns):
                        raise RuntimeError("the worker dies here")
                    await desk.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
        except RuntimeError:
            continue
    dead = await desk.turns.get(Scope(tenant="default"), ids[2])
    assert dead is not None
    assert dead.status is Status.DEAD
    assert "worker was lost" in (dead.error or "")
    assert (await desk.turns.ledger("default")).settled == 3


async def test_a_holder_that_is_cancelled_hands_its_turns_back_as_if_never_taken(desk: Desk) -> None:
    turn_id = await desk.post()
    await desk.redis.delete(QUEUE)
    with pytest.raises(asyncio.CancelledError):
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            await desk.lanes.take(lease, 8, 1000)
            raise asyncio.CancelledError
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert (status.status, status.attempts) == (Status.QUEUED, 0)
    assert await desk.wakeups() == 1


async def test_leaving_a_lane_by_a_transient_error_counts_no_death(desk: Desk) -> None:
    turn_id = await desk.post()
    with pytest.raises(ModelUnavailable):
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            await desk.lanes.take(lease, 8, 1000)
            raise ModelUnavailable("away")
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert status.attempts == 0


async def test_whoever_lost_the_lease_can_neither_record_nor_confirm_nor_settle(desk: Desk) -> None:
    turn_id = await desk.post()
    async with desk.lanes.lease(ANA.lane) as stale:
        assert stale is not None
        batch = await desk.lanes.take(stale, 8, 1000)
        assert batch is not None
        await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)
        async with desk.lanes.lease(ANA.lane) as fresh:
            assert fresh is not None
            assert fresh.token > stale.token
            for attempt in (
                desk.lanes.record(stale, Plan(turn_ids=(turn_id,))),
                desk.lanes.confirm(stale, batch.turns),
                desk.lanes.settle(stale, Plan(turn_ids=(turn_id,))),
                desk.lanes.fail(stale, "no"),
                desk.lanes.take(stale, 8, 1000),
            ):
                with pytest.raises(LeaseLost):
                    await attempt
    assert (await desk.turns.ledger("default")).settled == 0


async def test_the_heartbeat_keeps_a_lease_beyond_its_length(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(lease_seconds=0.3))
    await desk.post()
    start = asyncio.get_running_loop().time()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await wait_until(lambda: asyncio.get_running_loop().time() - start > 1, what="three lease lengths")
        await desk.lanes.confirm(lease, ())


async def test_a_lane_whose_holder_vanished_is_rung_for_once_its_lease_has_ended(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(lease_seconds=0.2, sweep_seconds=0.001))
    await desk.post()
    await desk.lanes.leasing.acquire(ANA.lane, edit=False)  # a holder that is killed sends no heartbeat
    await redis.delete(QUEUE)
    assert await wait_until(desk.sweeper.sweep, what="the sweep ringing") == 1


async def test_an_edit_waits_for_the_lane_and_gives_up_with_a_sentence(desk: Desk) -> None:
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        with pytest.raises(LaneBusy, match="being written"):
            async with desk.lanes.edit(ANA.lane, wait_seconds=0.1):
                pass
    async with desk.lanes.edit(ANA.lane) as edit:
        assert edit.token > lease.token
