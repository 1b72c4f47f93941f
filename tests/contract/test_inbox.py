"""The inbox and the lanes on a real Redis: accept, lease, take, record, settle, fail, postpone, erase, replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import pytest
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.celery_bell import QUEUE, CeleryBell
from memory.adapters.redis_inbox import RedisInbox
from memory.adapters.redis_lanes import InboxLimits, RedisLanes
from memory.adapters.redis_scripts import RedisScripts
from memory.adapters.redis_turns import RedisTurns
from memory.errors import IdempotencyConflict, InboxFull, LaneBusy, LeaseLost, ModelUnavailable
from memory.model import Event, Lane, Lease, Message, Page, Plan, Role, Scope, Status, Submission, TurnEvent
from tests.support import wait_until

ANA = Scope(tenant="default", user_id="ana")


@dataclass
class Desk:
    """The three doors to one Redis."""

    inbox: RedisInbox
    lanes: RedisLanes
    turns: RedisTurns
    redis: Redis

    async def post(self, text: str = "I live in Berlin", scope: Scope = ANA, key: str | None = None) -> str:
        said = Submission(scope=scope, messages=(Message(role=Role.USER, content=text),))
        return (await self.inbox.accept(said, idempotency_key=key)).id

    async def settle_all(self, lease: Lease, size: int = 8) -> list[str]:
        settled: list[str] = []
        while batch := await self.lanes.take(lease, size, 100_000):
            ids = tuple(turn.id for turn in batch.turns)
            await self.lanes.settle(lease, Plan(turn_ids=ids))
            settled += ids
        return settled

    async def bells(self) -> int:
        return int(await self.redis.llen(QUEUE))


def desk_on(redis: Redis, limits: InboxLimits) -> Desk:
    scripts, bell = RedisScripts(redis), CeleryBell()
    return Desk(RedisInbox(redis, scripts, bell, limits), RedisLanes(redis, scripts, bell, limits), RedisTurns(redis), redis)


@pytest.fixture
async def desk(redis: Redis) -> AsyncIterator[Desk]:
    yield desk_on(redis, InboxLimits(lease_seconds=15, max_attempts=2))


async def test_an_accepted_turn_is_queued_and_rings_once(desk: Desk) -> None:
    first = await desk.post()
    await desk.post("I moved to Lisbon")
    status = await desk.turns.get("default", first)
    assert status is not None
    assert status.status is Status.QUEUED
    assert await desk.bells() == 1
    assert (await desk.turns.ledger("default")).accepted == 2


async def test_the_bell_names_the_lane_and_carries_no_text(desk: Desk) -> None:
    await desk.post("a secret")
    bell = await desk.redis.lindex(QUEUE, 0)  # type: ignore[misc]
    assert b"secret" not in bell
    assert orjson.loads(bell)["headers"]["task"] == "turnstone.drain"


async def test_acceptance_times_strictly_increase_within_a_lane(desk: Desk) -> None:
    await asyncio.gather(*(desk.post(f"turn {number}") for number in range(200)))
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await desk.lanes.take(lease, 500, 10_000_000)
        assert batch is not None
    times = [turn.accepted_at for turn in batch.turns]
    assert len(times) == 200
    assert all(earlier < later for earlier, later in zip(times, times[1:], strict=False))


async def test_the_same_idempotency_key_gives_the_same_turn(desk: Desk) -> None:
    first, second = await desk.post(key="k"), await desk.post(key="k")
    assert first == second
    assert (await desk.turns.ledger("default")).accepted == 1


async def test_a_reused_key_with_another_body_is_refused_and_changes_nothing(desk: Desk) -> None:
    await desk.post("one", key="k")
    with pytest.raises(IdempotencyConflict):
        await desk.post("two", key="k")
    assert (await desk.turns.ledger("default")).accepted == 1


@pytest.mark.parametrize("limits", [InboxLimits(max_backlog=2), InboxLimits(max_lane_backlog=2)])
async def test_a_full_inbox_refuses_and_changes_nothing(redis: Redis, limits: InboxLimits) -> None:
    desk = desk_on(redis, limits)
    await desk.post()
    await desk.post()
    with pytest.raises(InboxFull) as refused:
        await desk.post()
    assert refused.value.retry_after_seconds
    assert (await desk.turns.ledger("default")).accepted == 2


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
    assert await desk.redis.zcard(keys.LANES) == 0


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
    status = await desk.turns.get("default", turn_id)
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
    status = await desk.turns.get("default", turn_id)
    assert status is not None
    assert (status.status, status.attempts, status.error) == (Status.RETRYING, 0, "the model is away")
    async with desk.lanes.lease(ANA.lane) as again:
        assert again is None
    assert await desk.inbox.sweep() == 0


async def test_a_lane_whose_back_off_has_ended_is_rung_for_again(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(retry_max_seconds=0.01, sweep_seconds=0.001))
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 8, 1000)
        await desk.lanes.postpone(lease, "away", None)
    await redis.delete(QUEUE)
    assert await wait_until(desk.inbox.sweep, what="the sweep ringing") == 1
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
    count, dead = await desk.turns.page("default", Status.DEAD, None, Page())
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
    dead = await desk.turns.get("default", ids[2])
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
    status = await desk.turns.get("default", turn_id)
    assert status is not None
    assert (status.status, status.attempts) == (Status.QUEUED, 0)
    assert await desk.bells() == 1


async def test_leaving_a_lane_by_a_transient_error_counts_no_death(desk: Desk) -> None:
    turn_id = await desk.post()
    with pytest.raises(ModelUnavailable):
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            await desk.lanes.take(lease, 8, 1000)
            raise ModelUnavailable("away")
    status = await desk.turns.get("default", turn_id)
    assert status is not None
    assert status.attempts == 0


async def test_whoever_lost_the_lease_can_neither_record_nor_confirm_nor_settle(desk: Desk) -> None:
    turn_id = await desk.post()
    async with desk.lanes.lease(ANA.lane) as stale:
        assert stale is not None
        batch = await desk.lanes.take(stale, 8, 1000)
        assert batch is not None
        await desk.redis.delete(keys.lease(ANA.lane))
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
    await desk.lanes._acquire(ANA.lane, edit=False)  # a holder that is killed sends no heartbeat
    await redis.delete(QUEUE)
    assert await wait_until(desk.inbox.sweep, what="the sweep ringing") == 1


async def test_an_edit_waits_for_the_lane_and_gives_up_with_a_sentence(desk: Desk) -> None:
    await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        with pytest.raises(LaneBusy, match="being written"):
            async with desk.lanes.edit(ANA.lane, wait_seconds=0.1):
                pass
    async with desk.lanes.edit(ANA.lane) as edit:
        assert edit.token > lease.token


async def test_an_erase_takes_the_lane_by_force_and_leaves_of_each_turn_only_that_it_was_erased(desk: Desk) -> None:
    first = await desk.post("one")
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.settle_all(lease) == [first]
    second, other = await desk.post("two"), await desk.post("mine", Scope(tenant="default", user_id="bob"))
    async with desk.lanes.lease(ANA.lane) as holder:
        assert holder is not None
        batch = await desk.lanes.take(holder, 8, 1000)
        assert batch is not None
        lease, epoch, count = await desk.inbox.erase(ANA, ANA.lane, datetime.now(UTC))
        assert count == 2
        with pytest.raises(LeaseLost):
            await desk.lanes.confirm(holder, batch.turns)
        assert await desk.lanes.erased(batch.turns) == {second}
    await desk.lanes.hand_back(lease)
    for turn_id in (first, second):
        assert set(await desk.redis.hkeys(keys.turn("default", turn_id))) == {  # type: ignore[misc]
            b"status", b"accepted_us", b"settled_us", b"attempts",
        }  # fmt: skip
    kept = await desk.turns.get("default", other)
    assert kept is not None
    assert kept.status is Status.QUEUED
    ledger = await desk.turns.ledger("default")
    assert (ledger.erased, ledger.settled, ledger.waiting, ledger.balanced) == (2, 0, 1, True)
    third = await desk.post("three")
    async with desk.lanes.lease(ANA.lane) as after:
        assert after is not None
        fresh = await desk.lanes.take(after, 8, 1000)
        assert fresh is not None
        assert fresh.turns[0].id == third
        assert fresh.turns[0].accepted_at > epoch
        assert await desk.lanes.confirm(after, fresh.turns) == frozenset()


async def test_erasing_one_run_of_a_user_leaves_the_users_other_turns(desk: Desk) -> None:
    run = Scope(tenant="default", user_id="ana", run_id="r1")
    gone, stays = await desk.post("in the run", run), await desk.post("outside")
    lease, _, count = await desk.inbox.erase(run, run.lane, datetime.now(UTC))
    await desk.lanes.hand_back(lease)
    assert count == 1
    assert [one.status for one in [await desk.turns.get("default", turn) for turn in (gone, stays)] if one] == [
        Status.ERASED,
        Status.QUEUED,
    ]
    assert (await desk.turns.ledger("default")).balanced


async def test_an_agents_erase_finds_its_turns_in_every_users_lane(desk: Desk) -> None:
    await desk.post("hello", Scope(tenant="default", user_id="ana", agent_id="bot"))
    await desk.post("hello", Scope(tenant="default", agent_id="bot"))
    lanes = await desk.turns.lanes(Scope(tenant="default", agent_id="bot"))
    assert {lane.key for lane in lanes} == {"default:user:ana", "default:agent:bot"}


@pytest.mark.parametrize(("replay", "after"), [(True, Status.QUEUED), (False, Status.ERASED)])
async def test_a_dead_turn_can_be_replayed_or_discarded_once(desk: Desk, replay: bool, after: Status) -> None:
    turn_id = await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await desk.lanes.fail(lease, "bad_answer: no")
    assert await desk.inbox.revive("default", turn_id, replay=replay)
    assert not await desk.inbox.revive("default", turn_id, replay=replay)
    status = await desk.turns.get("default", turn_id)
    assert status is not None
    assert status.status is after
    assert (await desk.turns.ledger("default")).balanced


async def test_turns_are_listed_newest_first_page_by_page_and_by_status_and_user(desk: Desk) -> None:
    ids = [await desk.post(f"turn {number}") for number in range(5)]
    await desk.post("mine", Scope(tenant="default", user_id="bob"))
    count, page = await desk.turns.page("default", None, "ana", Page(number=2, size=2))
    assert (count, [one.id for one in page]) == (5, ids[2:0:-1])
    count, page = await desk.turns.page("default", Status.QUEUED, "ana", Page(size=1))
    assert (count, [one.id for one in page]) == (5, ids[4:])
    count, _ = await desk.turns.page("default", None, None, Page())
    assert count == 6
    assert (await desk.turns.page("elsewhere", None, None, Page()))[0] == 0


async def test_scripts_that_redis_forgot_are_loaded_again(desk: Desk) -> None:
    await desk.post()
    await desk.redis.script_flush()
    await asyncio.gather(*(desk.post(f"turn {number}") for number in range(20)))
    assert (await desk.turns.ledger("default")).accepted == 21


async def test_a_lane_key_reads_back_whatever_the_owner_is_called() -> None:
    for name in ("a:b", "user:x", "日本", " "):
        lane = Lane(tenant="default", kind="user", name=name)
        assert Lane.parse(lane.key) == lane
