"""A time that was wrong freezes no memory: a turn that comes later, or a hand edit, always corrects it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrubjay.edit.edits import Change, undo, update
from scrubjay.model import Event, Memory, Scope
from tests.integration.clocks.conftest import HOUR, Clock
from tests.integration.house import ANA, House
from tests.integration.letters import desk_in

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


async def learnt(house: House, text: str, **more: Any) -> None:
    house.reconciler.table.setdefault(text, Event.UPDATE)
    await house.say(text, **more)
    assert await house.drain() == 1


async def history(house: House) -> list[Memory]:
    (memory,) = await house.memories()
    return await house.store.history(TENANT, memory.id)


@pytest.fixture
def house(house: House) -> House:
    house.reconciler.table |= {FIRST: Event.ADD, REDS: Event.ADD}
    return house


@pytest.mark.parametrize("is_timed", [True, False])
async def test_a_timestamp_far_ahead_is_corrected_by_turns_and_by_hand(house: House, is_timed: bool) -> None:
    def timed() -> dict[str, Any]:
        return {"timestamp": now()} if is_timed else {}

    await learnt(house, REDS, timestamp=now() + YEARS)
    await learnt(house, BLUES, **timed())
    assert await house.texts() == [BLUES]
    (memory,) = await house.memories()
    assert memory.valid_from < now() + timedelta(minutes=1)
    await learnt(house, "I play for the Blacks", timestamp=now() + YEARS)
    change = Change(text=GREENS)
    edited = await update(TENANT, memory.id, change, house.edits)
    assert abs(edited.valid_from - now()) < timedelta(minutes=1)
    await learnt(house, "I play for the Yellows", **timed())
    assert await house.texts() == ["I play for the Yellows"]
    texts = [version.text for version in await history(house)]
    assert texts == [REDS, BLUES, "I play for the Blacks", GREENS, "I play for the Yellows"]
    assert [version.text for version in await history(house) if version.current] == ["I play for the Yellows"]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_what_was_superseded_before_its_time_held_at_no_time(house: House, by_hand: bool) -> None:
    house.reconciler.table[REDS] = Event.UPDATE
    await learnt(house, FIRST, timestamp=now() - YEARS)
    await learnt(house, REDS, timestamp=now() + YEARS)
    if by_hand:
        (memory,) = await house.memories()
        change = Change(text=BLUES)
        await update(TENANT, memory.id, change, house.edits)
    else:
        await learnt(house, BLUES)
    await learnt(house, GREENS)
    first, reds, blues, greens = await history(house)
    assert first.valid_to == blues.valid_from
    assert reds.valid_to is not None
    assert reds.valid_to < reds.valid_from
    assert blues.valid_to == greens.valid_from
    assert [result.memory.text for result in (await house.ask("play", as_of=now() + 2 * YEARS)).results] == [GREENS]
    assert [result.memory.text for result in (await house.ask("play", as_of=now())).results] == [GREENS]
    again = await undo(TENANT, greens.id, house.edits)
    assert again.text == BLUES


@pytest.mark.parametrize("ahead", [90, 365 * 24 * HOUR])
async def test_what_was_learnt_while_the_clock_was_ahead_is_corrected_by_the_next_turn(
    house: House, clock: Clock, ahead: float
) -> None:
    clock.set_ahead(ahead)
    await learnt(house, REDS)
    clock.set_ahead(0)
    await learnt(house, BLUES)
    assert await house.texts() == [BLUES]
    await learnt(house, GREENS, timestamp=now())
    assert await house.texts() == [GREENS]
    assert [version.text for version in await history(house)] == [REDS, BLUES, GREENS]


async def test_what_was_taken_back_while_the_clock_was_ahead_can_be_said_again(house: House, clock: Clock) -> None:
    await learnt(house, REDS)
    clock.set_ahead(HOUR)
    house.reconciler.table["I left the club"] = Event.DELETE
    await learnt(house, "I left the club")
    clock.set_ahead(0)
    await learnt(house, REDS, timestamp=now())
    assert await house.texts() == [REDS]


async def test_dead_turns_are_replayed_in_their_order_though_the_clock_went_back_between_them(
    house: House, clock: Clock
) -> None:
    async with desk_in(house) as desk:
        clock.set_ahead(HOUR)
        first = await desk.bury("first")
        clock.set_ahead(0)
        second = await desk.bury("second")
        await desk.post("replay", all=True)
        while await house.drain():
            pass
        assert house.extractor.batches[-1] == ["first", "second"]
        assert await desk.listed() == []
        assert first != second


async def test_a_timestamp_more_than_a_day_ahead_is_refused_at_every_door(house: House) -> None:
    async with desk_in(house) as desk:
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
    assert (await house.turns.ledger(ANA.tenant)).accepted == 1


async def test_a_turn_that_died_while_the_clock_was_ahead_and_is_replayed_overwrites_nothing_newer(
    house: House, clock: Clock
) -> None:
    house.reconciler.table |= {REDS: Event.UPDATE, BLUES: Event.UPDATE}
    await learnt(house, FIRST)
    async with desk_in(house) as desk:
        clock.set_ahead(HOUR)
        await desk.bury(REDS)
        clock.set_ahead(0)
        await learnt(house, BLUES)
        await desk.post("replay", all=True)
        await house.drain()
    assert await house.texts() == [BLUES]
    assert {version.text for version in await history(house)} == {FIRST, REDS, BLUES}
