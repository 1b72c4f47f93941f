"""How many turns of a tenant may wait, on a real Redis: exact whatever becomes of them, and for replays as well."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.turns import DeadTurn
from scrubjay.errors import InboxFull
from scrubjay.model import DeadFilter, Scope
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import lane_keys

BOB = Scope(tenant="default", user_id="bob")
BRAVO = Scope(tenant="bravo", user_id="ana")
FEW = InboxLimits(max_backlog=10, max_tenant_backlog=3)


async def accepted(desk: Desk, scope: Scope, turns: int) -> int:
    """How many of so many turns that are posted at once are accepted."""
    answers = await asyncio.gather(*(desk.post(f"turn {n}", scope) for n in range(turns)), return_exceptions=True)
    assert all(isinstance(answer, str | InboxFull) for answer in answers)
    return sum(isinstance(answer, str) for answer in answers)


async def test_a_tenant_at_its_limit_is_refused_and_others_are_accepted(redis: Redis) -> None:
    desk = desk_on(redis, FEW)
    assert await accepted(desk, ANA, 2) + await accepted(desk, BOB, 5) == 3
    with pytest.raises(InboxFull, match="of this tenant are waiting") as refused:
        await desk.post("one more", ANA)
    assert refused.value.retry_after_seconds
    assert await accepted(desk, BRAVO, 5) == 3


async def test_the_limit_of_all_holds_for_tenants_that_have_room(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(max_backlog=4, max_tenant_backlog=3))
    assert await accepted(desk, ANA, 3) == 3
    assert await accepted(desk, BRAVO, 3) == 1
    with pytest.raises(InboxFull, match="of all tenants together"):
        await desk.post("one more", BRAVO)


async def test_a_turn_that_no_longer_waits_makes_room_however_it_ended(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(max_tenant_backlog=3, max_attempts=1))
    assert await accepted(desk, ANA, 5) == 3
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.lanes.take(lease, 1, 10_000)
        await desk.lanes.fail(lease, "bad_answer: no")  # dead
        assert len(await desk.settle_all(lease)) == 2
    assert await accepted(desk, BOB, 5) == 3
    with pytest.raises(ZeroDivisionError):
        async with desk.lanes.lease(BOB.lane) as lease:
            assert lease is not None
            assert await desk.lanes.take(lease, 1, 10_000)
            raise ZeroDivisionError
    await desk.redis.zadd("sj:lanes", {(await lane_keys(desk.redis, BOB.lane)).id: 0})
    async with desk.lanes.lease(BOB.lane) as lease:
        assert lease is not None
        assert await desk.lanes.take(lease, 1, 10_000)  # the first one has died with its worker
        await desk.lanes.hand_back(lease)
    assert await accepted(desk, ANA, 5) == 1
    await desk.erase(BOB)  # two of his waited
    assert await accepted(desk, ANA, 5) == 2


async def test_without_a_setting_the_only_tenant_may_fill_the_backlog_and_one_beside_others_a_fifth(
    redis: Redis,
) -> None:
    desk = desk_on(redis, InboxLimits(max_backlog=10))
    assert await accepted(desk, ANA, 6) == 6
    assert await accepted(desk, BRAVO, 5) == 2
    with pytest.raises(InboxFull, match="of this tenant are waiting"):
        await desk.post("one more", ANA)


async def test_a_limit_that_is_set_holds_for_the_only_tenant_too(redis: Redis) -> None:
    assert await accepted(desk_on(redis, FEW), ANA, 6) == 3


async def dead(desk: Desk, scope: Scope, turns: int) -> list[str]:
    """So many dead turns of an owner, oldest first."""
    ids = [await desk.post(f"turn {n}", scope) for n in range(turns)]
    async with desk.lanes.lease(scope.lane) as lease:
        assert lease is not None
        for _ in ids:
            assert await desk.lanes.take(lease, 1, 10_000)
            await desk.lanes.fail(lease, "bad_answer: no")
        assert await desk.lanes.take(lease, 1, 10_000) is None
    return ids


async def settled(desk: Desk, scope: Scope) -> list[str]:
    async with desk.lanes.lease(scope.lane) as lease:
        assert lease is not None
        return await desk.settle_all(lease)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (InboxLimits(max_backlog=3), "too many turns of all tenants together are waiting"),
        (InboxLimits(max_tenant_backlog=3), "too many turns of this tenant are waiting"),
        (InboxLimits(max_lane_backlog=3), "too many turns of this owner are waiting"),
    ],
)
async def test_a_replay_of_more_than_fits_replays_the_oldest_and_goes_on_when_it_is_asked_again(
    redis: Redis, limits: InboxLimits, reason: str
) -> None:
    ids = await dead(desk_on(redis, InboxLimits()), ANA, 150)
    desk = desk_on(redis, limits)
    done = await desk.dead_letters.revive("default", ids, replay=True)
    assert (done.count, done.left, done.reason) == (3, 147, reason)
    assert await settled(desk, ANA) == ids[:3]
    again = await desk.dead_letters.revive("default", await desk.turns.dead("default", DeadFilter()), replay=True)
    assert (again.count, again.left) == (3, 144)
    assert await settled(desk, ANA) == ids[3:6]
    assert (await desk.turns.ledger("default")).dead == 144


async def test_a_lane_that_is_full_keeps_its_own_dead_turns_back_and_no_others(redis: Redis) -> None:
    wide, desk = desk_on(redis, InboxLimits()), desk_on(redis, InboxLimits(max_lane_backlog=3))
    ids = await dead(wide, ANA, 120) + await dead(wide, BOB, 2)
    done = await desk.dead_letters.revive("default", ids, replay=True)
    assert (done.count, done.left) == (5, 117)
    assert await settled(desk, BOB) == ids[120:]


async def test_a_dead_turn_is_not_passed_by_one_behind_it_for_which_room_comes_in_between(redis: Redis) -> None:
    lane = await lane_keys(redis, ANA.lane)
    first, second = [DeadTurn(turn, lane) for turn in await dead(desk_on(redis, InboxLimits()), ANA, 2)]
    desk = desk_on(redis, InboxLimits(max_lane_backlog=1))
    await desk.post("waits", ANA)
    refused, behind = desk.dead_letters._steps([first, second], replay=True)
    assert await refused == "lane_full"
    await settled(desk, ANA)
    assert await behind == "behind"
    assert (await desk.turns.ledger("default")).dead == 2


async def test_a_discard_knows_no_limit(redis: Redis) -> None:
    ids = await dead(desk_on(redis, InboxLimits()), ANA, 2)
    desk = desk_on(redis, InboxLimits(max_backlog=1, max_tenant_backlog=1, max_lane_backlog=1))
    await desk.post("waits", ANA)
    done = await desk.dead_letters.revive("default", ids, replay=False)
    assert (done.count, done.left, done.reason) == (2, 0, None)
