"""How many turns of a tenant may wait, on a real Redis: exact whatever becomes of them, and no other tenant's concern."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import InboxFull
from scrubjay.model import Scope
from tests.contract.desk import ANA, Desk, desk_on

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
    await desk.redis.zadd("sj:lanes", {BOB.lane.key: 0})
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
