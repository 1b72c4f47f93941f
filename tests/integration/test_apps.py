"""An app is an owner like any other: the fourth id, and the last that names a lane."""

from __future__ import annotations

from scrubjay.erase.forget import forget
from scrubjay.model import Lane, Scope
from tests.integration.service import ANA, Service

DESK = Scope(tenant="default", app_id="desk")
ANA_AT_THE_DESK = Scope(tenant="default", user_id="ana", app_id="desk")


async def forgotten(service: Service, scope: Scope) -> int:
    erased = await forget(scope, service.forget_services)
    assert erased.verified
    return erased.memories


async def test_a_turn_of_an_app_alone_waits_in_the_apps_lane_and_is_remembered_as_its(service: Service) -> None:
    turn_id = await service.say("The desk closes at six", DESK)
    assert DESK.lane == Lane(tenant="default", kind="app", name="desk")
    assert await service.drain(DESK) == 1
    assert (await service.status(turn_id)).app_id == "desk"
    assert [memory.scope for memory in await service.memories(DESK)] == [DESK]


async def test_a_users_turn_in_an_app_is_the_users_and_found_by_either_id_or_both(service: Service) -> None:
    await service.say("I sit at the window", ANA_AT_THE_DESK)
    await service.say("I like tea")
    assert await service.drain() == 2
    assert sorted(await service.texts()) == ["I like tea", "I sit at the window"]
    for scope in (DESK, ANA_AT_THE_DESK):
        assert await service.texts(scope) == ["I sit at the window"]


async def test_forgetting_an_app_forgets_what_was_said_in_it_and_nothing_else(service: Service) -> None:
    await service.say("I sit at the window", ANA_AT_THE_DESK)
    await service.say("The desk closes at six", DESK)
    await service.say("I like tea")
    for scope in (ANA, DESK):
        await service.drain(scope)
    await service.say("I moved to the door", ANA_AT_THE_DESK)
    assert await forgotten(service, DESK) == 2
    assert await service.drain() == 0, "the turn that waited has gone as well"
    assert await service.texts() == ["I like tea"]
