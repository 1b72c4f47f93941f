"""The inbox on a real Redis: accept, limits, idempotency, erase, replay, lists."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import orjson
import pytest
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.errors import IdempotencyConflict, InboxFull, LeaseLost
from scrubjay.model import Page, Scope, Status
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys


async def test_an_accepted_turn_is_queued_and_rings_once(desk: Desk) -> None:
    first = await desk.post()
    await desk.post("I moved to Lisbon")
    status = await desk.turns.get(Scope(tenant="default"), first)
    assert status is not None
    assert status.status is Status.QUEUED
    assert await desk.wakeups() == 1
    assert (await desk.turns.ledger("default")).accepted == 2


async def test_the_bell_names_the_lane_and_carries_no_text(desk: Desk) -> None:
    await desk.post("a secret")
    message = await desk.redis.lindex(QUEUE, 0)
    assert isinstance(message, bytes)
    assert b"secret" not in message
    assert orjson.loads(message)["headers"]["task"] == "scrubjay.drain"


async def test_acceptance_times_strictly_increase_within_a_lane(desk: Desk) -> None:
    for start in range(0, 200, 20):  # all at once they would wait for Redis for too long on a busy machine
        await asyncio.gather(*(desk.post(f"turn {number}") for number in range(start, start + 20)))
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await desk.lanes.take(lease, 500, 10_000_000)
        assert batch is not None
    times = [turn.accepted_at for turn in batch.turns]
    assert len(times) == 200
    assert all(earlier < later for earlier, later in pairwise(times))


async def test_the_same_idempotency_key_gives_the_same_turn(desk: Desk) -> None:
    first, second = await desk.post(key="k"), await desk.post(key="k")
    assert first == second
    assert (await desk.turns.ledger("default")).accepted == 1


async def test_a_reused_key_with_another_body_is_refused_and_changes_nothing(desk: Desk) -> None:
    await desk.post("one", key="k")
    with pytest.raises(IdempotencyConflict):
        await desk.post("two", key="k")
    assert (await desk.turns.ledger("default")).accepted == 1


A_DAY = 24 * 3600


async def test_an_idempotency_key_lives_for_a_day_after_its_turn_has_ended_and_for_as_long_as_it_waits(
    desk: Desk,
) -> None:
    async def ttl() -> int:
        (name,) = [name async for name in desk.redis.scan_iter("sj:idem:*")]
        return int(await desk.redis.ttl(name))

    first = await desk.post(key="k")
    assert await ttl() == -1
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.lanes.take(lease, 8, 1000)
        await desk.lanes.fail(lease, "bad_answer: no")
    assert A_DAY - 60 < await ttl() <= A_DAY
    assert (await desk.dead_letters.revive("default", [first], replay=True)).count
    assert await ttl() == -1
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.settle_all(lease) == [first]
    assert A_DAY - 60 < await ttl() <= A_DAY
    assert await desk.post(key="k") == first


@pytest.mark.parametrize("end", ["erased", "discarded", "lost"])
async def test_the_key_of_a_turn_that_was_erased_discarded_or_lost_its_workers_ends(desk: Desk, end: str) -> None:
    turn_id = await desk.post(key="k")
    (name,) = [name async for name in desk.redis.scan_iter("sj:idem:*")]
    if end == "erased":
        await desk.erase(ANA)
    elif end == "discarded":
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            assert await desk.lanes.take(lease, 8, 1000)
            await desk.lanes.fail(lease, "bad_answer: no")
        await desk.redis.persist(name)
        assert (await desk.dead_letters.revive("default", [turn_id], replay=False)).count
    else:
        while await desk.redis.llen((await lane_keys(desk.redis, ANA.lane)).waiting):
            holder = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
            assert holder is not None
            await desk.lanes.take(holder, 8, 1000)
            await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)
    assert A_DAY - 60 < await desk.redis.ttl(name) <= A_DAY


async def test_a_turn_leaves_an_idempotency_key_alone_that_another_turn_has_by_now(desk: Desk) -> None:
    async def died() -> str:
        turn_id = await desk.post(key="k")
        async with desk.lanes.lease(ANA.lane) as lease:
            assert lease is not None
            assert await desk.lanes.take(lease, 1, 1000)
            await desk.lanes.fail(lease, "bad_answer: no")
        await desk.redis.delete(name)  # as after a day
        return turn_id

    name = keys.idempotency("default", await Pseudonyms(RedisServerKey(RedisScripts(desk.redis))).idempotency("k"))
    discarded, replayed = await died(), await died()
    waiting = await desk.post(key="k")
    assert (await desk.dead_letters.revive("default", [discarded], replay=False)).count
    assert await desk.redis.ttl(name) == -1
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.settle_all(lease) == [waiting]
    assert (await desk.dead_letters.revive("default", [replayed], replay=True)).count
    assert A_DAY - 60 < await desk.redis.ttl(name) <= A_DAY


@pytest.mark.parametrize("limits", [InboxLimits(max_backlog=2), InboxLimits(max_lane_backlog=2)])
async def test_a_full_inbox_refuses_and_changes_nothing(redis: Redis, limits: InboxLimits) -> None:
    desk = desk_on(redis, limits)
    await desk.post()
    await desk.post()
    with pytest.raises(InboxFull) as refused:
        await desk.post()
    assert refused.value.retry_after_seconds
    assert (await desk.turns.ledger("default")).accepted == 2


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
        erased = await desk.erase(ANA)
        ((_, epoch),) = await desk.lanes.epochs(ANA)
        assert erased.turns == {"settled": 1, "running": 1}
        with pytest.raises(LeaseLost):
            await desk.lanes.confirm(holder, batch.turns)
        assert await desk.lanes.erased(batch.turns) == {second}
    for turn_id in (first, second):
        assert set(await desk.redis.hkeys(keys.turn("default", turn_id))) == {
            b"v", b"status", b"accepted_us", b"settled_us", b"attempts",
        }  # fmt: skip
    kept = await desk.turns.get(Scope(tenant="default"), other)
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
        assert fresh.turns[0].order > epoch.order
        assert (await desk.lanes.confirm(after, fresh.turns)).erased == frozenset()


async def test_erasing_one_run_of_a_user_leaves_the_users_other_turns(desk: Desk) -> None:
    run = Scope(tenant="default", user_id="ana", run_id="r1")
    gone, stays = await desk.post("in the run", run), await desk.post("outside")
    erased = await desk.erase(run)
    assert erased.turns == {"waiting": 1}
    assert [
        turn_now.status
        for turn_now in [await desk.turns.get(Scope(tenant="default"), turn) for turn in (gone, stays)]
        if turn_now
    ] == [
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
    assert (await desk.dead_letters.revive("default", [turn_id], replay=replay)).count
    assert not (await desk.dead_letters.revive("default", [turn_id], replay=replay)).count
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert status.status is after
    assert (await desk.turns.ledger("default")).balanced


async def test_turns_are_listed_newest_first_page_by_page_and_by_status_and_user(desk: Desk) -> None:
    ids = [await desk.post(f"turn {number}") for number in range(5)]
    await desk.post("mine", Scope(tenant="default", user_id="bob"))
    listed = await desk.turns.page("default", None, "ana", Page(number=2, size=2))
    count, page = listed.count, listed.items
    assert (count, [turn.id for turn in page]) == (5, ids[2:0:-1])
    listed = await desk.turns.page("default", Status.QUEUED, "ana", Page(size=1))
    count, page = listed.count, listed.items
    assert (count, [turn.id for turn in page]) == (5, ids[4:])
    listed = await desk.turns.page("default", None, None, Page())
    count = listed.count
    assert count == 6
    assert (await desk.turns.page("elsewhere", None, None, Page())).count == 0


async def test_scripts_that_redis_forgot_are_loaded_again(desk: Desk) -> None:
    await desk.post()
    await desk.redis.script_flush()
    await asyncio.gather(*(desk.post(f"turn {number}") for number in range(20)))
    assert (await desk.turns.ledger("default")).accepted == 21
