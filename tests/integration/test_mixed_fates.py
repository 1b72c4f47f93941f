"""Parts forgotten in the midst of work, retractions undone, clocks ahead: every memory ends as it should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrubjay.edit.edits import undo
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.errors import StoreUnavailable
from scrubjay.ingest.drain import drain
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler
from scrubjay.ingest.small_talk import GatedExtractor
from scrubjay.llm.usage import payer
from scrubjay.model import Event, Lease, Memory, Scope, Write
from tests.integration.service import ANA, MARCH, Service
from tests.integration.test_versions import TableModel

ANA_B = Scope(tenant="default", user_id="ana", agent_id="b")
BERLIN, ROME, OSLO = "Lives in Berlin", "Lives in Rome", "Lives in Oslo"
DAY = timedelta(days=1)


class _With:
    """Something with some methods replaced."""

    def __init__(self, inner: Any, **replaced: Any) -> None:
        self._inner = inner
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def forgotten(service: Service, scope: Scope, **parts: Any) -> None:
    await forget(scope, replace(service.forget_services, **parts))


async def told(service: Service, text: str, event: Event | None = None, scope: Scope = ANA, **more: Any) -> str:
    if event is not None:
        service.reconciler.table[text] = event
    turn_id = await service.say(text, scope, **more)
    await service.drain()
    return turn_id


async def berlin_then_rome(service: Service) -> Memory:
    await told(service, BERLIN)
    await told(service, ROME, Event.UPDATE, ANA_B)
    (memory,) = await service.memories()
    assert memory.text == ROME
    return memory


async def test_a_memory_whose_retraction_was_undone_holds_again_when_a_later_change_is_forgotten(
    service: Service,
) -> None:
    await told(service, BERLIN)
    (memory,) = await service.memories()
    await told(service, "No longer lives in Berlin", Event.DELETE)
    await undo(Scope(tenant="default"), memory.id, service.edits)
    await told(service, ROME, Event.UPDATE, ANA_B)
    assert await service.texts() == [ROME]
    await forgotten(service, ANA_B)
    assert await service.texts() == [BERLIN]


async def test_what_the_user_took_back_of_what_an_agent_was_told_leaves_what_the_user_said_before(
    service: Service,
) -> None:
    await berlin_then_rome(service)
    await told(service, "No longer lives in Rome", Event.DELETE)
    assert await service.texts() == ["No longer lives in Rome"]
    await forgotten(service, ANA_B)
    assert sorted(await service.texts()) == [BERLIN, "No longer lives in Rome"], "as if Rome had never been told"


async def test_forgetting_again_after_it_failed_halfway_lets_what_was_changed_hold_again(service: Service) -> None:
    await berlin_then_rome(service)

    async def away(*_: Any) -> Any:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await forgotten(service, ANA_B, store=_With(service.store, apply=away))
    await forgotten(service, ANA_B)
    assert await service.texts() == [BERLIN]


async def test_a_stalled_worker_of_a_forgotten_part_leaves_what_it_had_replaced_holding(service: Service) -> None:
    await told(service, BERLIN)
    service.reconciler.table[ROME] = Event.UPDATE
    await service.say(ROME, ANA_B)
    inner = service.store.apply

    async def late(lease: Lease, writes: list[Write], good_until: float) -> None:
        await forgotten(service, ANA_B)
        await inner(lease, writes, good_until)

    stalled: Any = service.drain_with(store=_With(service.store, apply=late))
    await drain(ANA.lane, stalled)
    await finish_removals(service.removals)
    assert await service.texts() == [BERLIN]


async def test_a_plan_in_flight_over_a_forgotten_part_leaves_versions_with_numbers_of_their_own(
    service: Service,
) -> None:
    await told(service, BERLIN, timestamp=MARCH)
    await told(service, ROME, Event.UPDATE, ANA_B, timestamp=MARCH + 9 * DAY)
    (memory,) = await service.memories()
    service.reconciler.table[OSLO] = Event.UPDATE
    await service.say(OSLO, timestamp=MARCH + 5 * DAY)

    async def away(lease: Lease, writes: list[Write], good_until: float) -> None:
        raise StoreUnavailable("away")

    stopped: Any = service.drain_with(store=_With(service.store, apply=away))
    await drain(ANA.lane, stopped)
    await forgotten(service, ANA_B)
    for _ in range(20):
        await service.drain()
    versions = await service.store.history(Scope(tenant="default"), memory.id)
    told_of = [
        (version.version, version.text, version.valid_from, version.valid_to, version.current) for version in versions
    ]
    assert len({version.version for version in versions}) == len(versions), told_of
    assert await service.texts() == [OSLO], told_of


async def test_undo_goes_back_step_by_step_when_a_change_was_said_for_the_future(service: Service) -> None:
    await told(service, BERLIN, timestamp=MARCH)
    await told(service, ROME, Event.UPDATE, timestamp=MARCH + 9999 * DAY)
    (memory,) = await service.memories()
    texts = [(await undo(Scope(tenant="default"), memory.id, service.edits)).text for _ in range(3)]
    assert texts == [BERLIN, ROME, BERLIN]


async def test_a_changed_fact_stands_though_the_one_before_was_said_by_a_clock_ahead(service: Service) -> None:
    await told(service, BERLIN, timestamp=datetime.now(UTC) + timedelta(minutes=5))
    await told(service, ROME, Event.UPDATE)
    assert await service.texts() == [ROME]


async def test_no_call_is_booked_on_a_turn_about_which_no_model_was_asked(service: Service) -> None:
    paying: list[tuple[str, ...]] = []

    class Reconciling:
        async def ping(self) -> None:
            """Nothing can be away."""

        async def reconcile(self, candidates: Any, neighbours: Any) -> Any:
            payment = payer()
            assert payment is not None
            paying.append(payment.turn_ids)
            return await service.reconciler.reconcile(candidates, neighbours)

    gated = await service.say("ok thanks")
    kept = await service.say("Word for word", infer=False)
    turn_id = await service.say(BERLIN)
    weigher: Any = Reconciling()
    parts: Any = service.drain_with(extractor=GatedExtractor(service.extractor), reconciler=weigher)
    await drain(ANA.lane, parts)
    assert (await service.status(gated)).gated
    assert paying == [(turn_id,)], (gated, kept)


async def test_a_turn_is_weighed_against_one_kept_word_for_word_in_the_same_batch(service: Service) -> None:
    service.reconciler.table[ROME] = Event.UPDATE
    await service.say(BERLIN, infer=False)
    await service.say(ROME)
    await service.drain()
    assert await service.texts() == [ROME]


async def test_changed_and_changed_back_in_one_batch_ends_as_said_last(service: Service) -> None:
    """End to end, with the rules and a model."""
    model = TableModel()
    service.weigher = ModelReconciler(model, 0.25, RuleReconciler(0.9))
    await told(service, BERLIN)
    model.table[ROME] = ("UPDATE", BERLIN, ROME)
    await service.say(ROME)
    await service.say(BERLIN)
    await service.drain()
    assert await service.texts() == [BERLIN]


async def test_undoing_a_retraction_said_for_the_future_leaves_one_version_holding(service: Service) -> None:
    await told(service, BERLIN, timestamp=MARCH)
    (memory,) = await service.memories()
    await told(service, "Leaves Berlin", Event.DELETE, timestamp=datetime.now(UTC) + 30 * DAY)
    await undo(Scope(tenant="default"), memory.id, service.edits)
    recall = await service.ask("Lives", as_of=datetime.now(UTC) + 10 * DAY)
    assert [result.memory.text for result in recall.results] == [BERLIN]
