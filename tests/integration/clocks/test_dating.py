"""A time that was wrong freezes no memory: a turn that comes later, or a hand edit, always corrects it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrubjay.edit.edits import Change, undo, update
from scrubjay.model import Event, Memory, Scope
from tests.integration.clocks.conftest import HOUR, Clock
from tests.integration.dead_letters import desk_in
from tests.integration.service import ANA, Service

TENANT = Scope(tenant="default")
YEARS = timedelta(days=36_500)
FIRST, REDS, BLUES, GREENS = (
    "I play for the Whites",
    "I play for the Reds",
    "I play for the Blues",
    "I play for the Greens",
)


def now() -> datetime:
    return datetime.now(UTC)


async def learnt(service: Service, text: str, **more: Any) -> None:
    service.reconciler.table.setdefault(text, Event.UPDATE)
    await service.say(text, **more)
    assert await service.drain() == 1


async def history(service: Service) -> list[Memory]:
    (memory,) = await service.memories()
    return await service.store.history(TENANT, memory.id)


@pytest.fixture
def service(service: Service) -> Service:
    service.reconciler.table |= {FIRST: Event.ADD, REDS: Event.ADD}
    return service


@pytest.mark.parametrize("is_timed", [True, False])
async def test_a_timestamp_far_ahead_is_corrected_by_turns_and_by_hand(service: Service, is_timed: bool) -> None:
    def timed() -> dict[str, Any]:
        return {"timestamp": now()} if is_timed else {}

    await learnt(service, REDS, timestamp=now() + YEARS)
    await learnt(service, BLUES, **timed())
    assert await service.texts() == [BLUES]
    (memory,) = await service.memories()
    assert memory.valid_from < now() + timedelta(minutes=1)
    await learnt(service, "I play for the Blacks", timestamp=now() + YEARS)
    change = Change(text=GREENS)
    edited = await update(TENANT, memory.id, change, service.edits)
    assert abs(edited.valid_from - now()) < timedelta(minutes=1)
    await learnt(service, "I play for the Yellows", **timed())
    assert await service.texts() == ["I play for the Yellows"]
    texts = [version.text for version in await history(service)]
    assert texts == [REDS, BLUES, "I play for the Blacks", GREENS, "I play for the Yellows"]
    assert [version.text for version in await history(service) if version.current] == ["I play for the Yellows"]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_what_was_superseded_before_its_time_held_at_no_time(service: Service, by_hand: bool) -> None:
    service.reconciler.table[REDS] = Event.UPDATE
    await learnt(service, FIRST, timestamp=now() - YEARS)
    await learnt(service, REDS, timestamp=now() + YEARS)
    if by_hand:
        (memory,) = await service.memories()
        change = Change(text=BLUES)
        await update(TENANT, memory.id, change, service.edits)
    else:
        await learnt(service, BLUES)
    await learnt(service, GREENS)
    first, reds, blues, greens = await history(service)
    assert first.valid_to == blues.valid_from
    assert reds.valid_to is not None
    assert reds.valid_to < reds.valid_from
    assert blues.valid_to == greens.valid_from
    assert [result.memory.text for result in (await service.ask("play", as_of=now() + 2 * YEARS)).results] == [GREENS]
    assert [result.memory.text for result in (await service.ask("play", as_of=now())).results] == [GREENS]
    again = await undo(TENANT, greens.id, service.edits)
    assert again.text == BLUES


@pytest.mark.parametrize("ahead", [90, 365 * 24 * HOUR])
async def test_what_was_learnt_while_the_clock_was_ahead_is_corrected_by_the_next_turn(
    service: Service, clock: Clock, ahead: float
) -> None:
    clock.set_ahead(ahead)
    await learnt(service, REDS)
    clock.set_ahead(0)
    await learnt(service, BLUES)
    assert await service.texts() == [BLUES]
    await learnt(service, GREENS, timestamp=now())
    assert await service.texts() == [GREENS]
    assert [version.text for version in await history(service)] == [REDS, BLUES, GREENS]


async def test_what_was_taken_back_while_the_clock_was_ahead_can_be_said_again(service: Service, clock: Clock) -> None:
    await learnt(service, REDS)
    clock.set_ahead(HOUR)
    service.reconciler.table["I left the club"] = Event.DELETE
    await learnt(service, "I left the club")
    clock.set_ahead(0)
    await learnt(service, REDS, timestamp=now())
    assert await service.texts() == [REDS]


async def test_dead_turns_are_replayed_in_their_order_though_the_clock_went_back_between_them(
    service: Service, clock: Clock
) -> None:
    async with desk_in(service) as desk:
        clock.set_ahead(HOUR)
        first = await desk.let_die("first")
        clock.set_ahead(0)
        second = await desk.let_die("second")
        await desk.post("replay", all=True)
        while await service.drain():
            pass
        assert service.extractor.batches[-1] == ["first", "second"]
        assert await desk.listed() == []
        assert first != second


async def test_a_timestamp_more_than_a_day_ahead_is_refused_at_every_door(service: Service) -> None:
    async with desk_in(service) as desk:
        body = {"user_id": "ana", "messages": [{"role": "user", "content": REDS}]}
        response = await desk.http.post("/turns", json={**body, "timestamp": (now() + YEARS).isoformat()})
        assert (response.status_code, response.json().get("error")) == (422, "invalid")
        assert "timestamp is more than a day ahead" in response.json()["detail"]
        response = await desk.http.post(
            "/v3/memories/add/", json={**body, "timestamp": int((now() + YEARS).timestamp())}
        )
        assert response.status_code == 400
        assert "timestamp is more than a day ahead" in str(response.json())
        taken = await desk.http.post("/turns", json={**body, "timestamp": (now() + timedelta(hours=14)).isoformat()})
        assert taken.status_code == 202
    assert (await service.turns.ledger(ANA.tenant)).accepted == 1


async def test_a_turn_that_died_while_the_clock_was_ahead_and_is_replayed_overwrites_nothing_newer(
    service: Service, clock: Clock
) -> None:
    service.reconciler.table |= {REDS: Event.UPDATE, BLUES: Event.UPDATE}
    await learnt(service, FIRST)
    async with desk_in(service) as desk:
        clock.set_ahead(HOUR)
        await desk.let_die(REDS)
        clock.set_ahead(0)
        await learnt(service, BLUES)
        await desk.post("replay", all=True)
        await service.drain()
    assert await service.texts() == [BLUES]
    assert {version.text for version in await history(service)} == {FIRST, REDS, BLUES}
