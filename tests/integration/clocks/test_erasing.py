"""Redis' clock jumps, and an erase leaves nothing, loses nothing and dates nobody ahead."""

from __future__ import annotations

import pytest

from memory.forget import forget
from memory.model import Scope
from memory.revise import Change, update
from tests.integration.clocks.conftest import Clock
from tests.integration.house import ANA, BOB, House

CAROL = Scope(tenant="other", user_id="carol")
TENANT = Scope(tenant="default")


async def erased(house: House, scope: Scope) -> bool:
    """Forget an owner; returns whether the receipt would say that nothing is left."""
    erasure = await forget(
        scope, inbox=house.inbox, lanes=house.lanes, turns=house.turns, store=house.store, embedder=house.embedder
    )
    return erasure.verified


async def edited(house: House, text: str) -> None:
    (memory,) = await house.memories()
    change = Change(text=text)
    await update(TENANT, memory.id, change, lanes=house.lanes, store=house.store, embedder=house.embedder)


@pytest.mark.parametrize("ahead", [5, 300, 3_600])
async def test_an_edit_made_after_a_clock_was_ahead_is_erased(house: House, clock: Clock, ahead: float) -> None:
    await house.say("I live in Lisbon")
    await house.drain()
    clock.set_ahead(ahead)
    await house.say("I am Bob", BOB)
    await house.drain(BOB)
    clock.set_ahead(0)
    await edited(house, "Ana lives at 12 Secret Street")
    assert await erased(house, ANA)
    assert await house.texts() == []
    assert await house.store.left(ANA) == 0
