"""Redis' clock jumps, and an erase leaves nothing, loses nothing, and dates nobody ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from scrubjay.edit.edits import Change, delete, update
from scrubjay.edit.importing import bring_in
from scrubjay.erase.forget import forget, lanes_of, what_is_left
from scrubjay.erase.removals import finish_removals
from scrubjay.model import Event, Page, Scope, Status
from scrubjay.model.arrival import Arrival, Became
from scrubjay.model.erasure import Erasure
from tests.integration.clocks.conftest import HOUR, Clock
from tests.integration.service import ANA, BOB, Service, make_removals_due
from tests.redis_keys import keys

CAROL = Scope(tenant="other", user_id="carol")
TENANT = Scope(tenant="default")
YEAR = 365 * 24 * HOUR


async def forgotten(service: Service, scope: Scope) -> Erasure:
    return await forget(scope, service.forget_services)


async def edited(service: Service, text: str) -> datetime:
    (memory,) = await service.memories()
    change = Change(text=text)
    changed = await update(TENANT, memory.id, change, service.edits)
    return changed.updated_at


def is_now(moment: datetime) -> bool:
    """To a minute, which the slowest machine does not need."""
    return abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


@pytest.mark.parametrize("ahead", [5, YEAR])
async def test_an_edit_made_after_a_clock_was_ahead_is_erased_and_dated_now(
    service: Service, clock: Clock, ahead: float
) -> None:
    await service.say("I live in Lisbon")
    await service.drain()
    clock.set_ahead(ahead)
    await service.say("I am Bob", BOB)
    await service.drain(BOB)
    clock.set_ahead(0)
    assert is_now(await edited(service, "Ana lives at 12 Secret Street"))
    erasure = await forgotten(service, ANA)
    assert (erasure.verified, erasure.counts.versions, is_now(erasure.erased_at)) == (True, 2, True)
    assert await service.texts() == []
    assert await service.store.left(ANA) == 0


@pytest.mark.parametrize("ahead", [HOUR, -300])
async def test_an_erase_after_a_jump_takes_what_came_before_and_nothing_that_comes_after(
    service: Service, clock: Clock, ahead: float
) -> None:
    for text in ("I live in Lisbon", "I like tea"):
        await service.say(text)
    await service.drain()
    waits = await service.say("I have a dog")
    clock.set_ahead(ahead)
    before = await service.say("I have a cat")
    erasure = await forgotten(service, ANA)
    assert (erasure.verified, erasure.turns) == (True, 4)
    assert {(await service.status(turn_id)).status for turn_id in (waits, before)} == {Status.ERASED}
    clock.set_ahead(0)
    after = await service.say("I live in Rome")
    assert await service.drain() == 1
    assert (await service.status(after)).status is Status.SETTLED
    assert await service.texts() == ["I live in Rome"]
    lanes = await lanes_of(ANA, service.forget_services)
    assert (await what_is_left(ANA, lanes, erasure.watermark, None, service.forget_services)).nothing
    assert not (await what_is_left(ANA, lanes, erasure.watermark + YEAR * 10**6, None, service.forget_services)).nothing


async def test_the_second_removal_after_a_jump_takes_nothing_that_came_after(
    service: Service, redis: Redis, clock: Clock
) -> None:
    clock.set_ahead(HOUR)
    await service.say("I live in Lisbon")
    await service.drain()
    await forgotten(service, ANA)
    clock.set_ahead(0)
    await service.say("I live in Rome")
    await service.drain()
    (memory,) = await service.memories()
    await delete(TENANT, memory.id, service.edits)
    await service.say("I like tea")
    await service.drain()
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 2
    assert await service.texts() == ["I like tea"]


async def test_an_import_without_times_comes_in_though_its_owner_was_forgotten_while_the_clock_was_ahead(
    service: Service, clock: Clock
) -> None:
    clock.set_ahead(HOUR)
    await service.say("I live in Lisbon")
    await service.drain()
    await forgotten(service, ANA)
    clock.set_ahead(0)
    parts = service.imports
    (outcome,) = await bring_in([Arrival(scope=ANA, text="I like jazz")], TENANT, parts)
    assert outcome.became is Became.IMPORTED
    long_ago = Arrival(scope=ANA, text="I live in Lisbon", created_at=datetime(2024, 3, 1, tzinfo=UTC))
    (outcome,) = await bring_in([long_ago], TENANT, parts)
    assert outcome.became is Became.REFUSED
    assert await service.texts() == ["I like jazz"]


@pytest.mark.parametrize("ahead", [300, YEAR])
async def test_an_owner_forgotten_after_a_jump_dates_no_other_tenant_ahead(
    service: Service, clock: Clock, ahead: float
) -> None:
    clock.set_ahead(ahead)
    await service.say("I am Bob", BOB)
    await service.drain(BOB)
    clock.set_ahead(0)
    await forgotten(service, BOB)
    await service.say("I am Carol", CAROL)
    (turn,) = (await service.turns.page("other", None, None, Page())).items
    assert is_now(turn.accepted_at)


@pytest.mark.parametrize(("ahead", "is_strict"), [(30, True), (90, False)])
async def test_times_of_a_lane_increase_strictly_unless_that_dates_a_turn_more_than_a_minute_ahead(
    service: Service, clock: Clock, ahead: float, is_strict: bool
) -> None:
    clock.set_ahead(ahead)
    first = (await service.status(await service.say("I live in Lisbon"))).accepted_at
    clock.set_ahead(0)
    ids = [await service.say(f"note {number}") for number in range(3)]
    times = [(await service.status(turn_id)).accepted_at for turn_id in ids]
    assert times == sorted(set(times))
    assert (times[0] > first, is_now(times[0])) == (is_strict, True)
    await service.drain()
    await service.drain()
    assert await service.texts() == ["I live in Lisbon", "note 0", "note 1", "note 2"]


async def test_an_emptied_redis_goes_on_after_everything_that_the_store_holds(
    service: Service, redis: Redis, clock: Clock
) -> None:
    clock.set_ahead(YEAR)
    await service.say("I live in Lisbon")
    await service.drain()
    clock.set_ahead(0)
    await redis.flushall()
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Rome")
    await service.drain()
    assert await service.texts() == ["I live in Rome"]
    await redis.delete(keys.clock)
    assert (await forgotten(service, ANA)).verified
    assert await service.store.left(ANA) == 0
