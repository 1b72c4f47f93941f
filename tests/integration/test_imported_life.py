"""What was imported lives on like any other memory: turns change it, it can be undone, deleted, forgotten, exported."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import delete, undo
from scrubjay.edit.exporting import ExportServices, export
from scrubjay.edit.importing import bring_in
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.model import Event, Lease, Memory, Scope, Turn, TurnStatus, Write
from scrubjay.model.arrival import Arrival, Became
from tests.integration.service import ANA, Service, make_removals_due

TENANT = Scope(tenant="default")
ANA_WITH_BOT = Scope(tenant="default", user_id="ana", agent_id="bot")
BOT = Scope(tenant="default", agent_id="bot")
MADE, CHANGED = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
BERLIN, ROME = "I live in Berlin", "I live in Rome"


class NoOwners:
    """Nobody has turns here that are to be exported."""

    async def of(self, scope: Scope) -> AsyncIterator[tuple[TurnStatus, Turn | None]]:
        nobody: tuple[tuple[TurnStatus, Turn | None], ...] = ()
        for owner in nobody:
            yield owner


class Interrupted:
    """A store in which something happens just before, or just after, an import writes."""

    def __init__(
        self, store: QdrantStore, before: Callable[[], Awaitable[object]], after: BaseException | None
    ) -> None:
        self._store, self._before, self._after = store, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        await self._before()
        await self._store.insert(lease, writes, good_until)
        if self._after:
            raise self._after


class Killed(BaseException):
    """Stands for kill -9: nothing that would answer it is ours."""


def berlin(scope: Scope = ANA) -> Arrival:
    return Arrival(id=str(uuid.uuid4()), scope=scope, text=BERLIN, created_at=MADE, updated_at=CHANGED)


async def brought(service: Service, arrival: Arrival, store: Any = None) -> Became:
    parts = replace(service.imports, store=store or service.store)
    return (await bring_in([arrival], TENANT, parts))[0].became


async def forgotten(service: Service, scope: Scope) -> None:
    erasure = await forget(scope, service.forget_services)
    assert erasure.verified


async def history(service: Service, arrival: Arrival) -> list[Memory]:
    return await service.store.history(TENANT, str(arrival.id))


async def told(service: Service, text: str, event: Event, scope: Scope = ANA, **more: Any) -> None:
    service.reconciler.table[text] = event
    await service.say(text, scope, **more)
    assert await service.drain(scope) == 1


@pytest.fixture
async def arrival(service: Service) -> Arrival:
    memory = berlin()
    assert await brought(service, memory) is Became.IMPORTED
    return memory


async def test_a_turn_supersedes_it_and_its_history_begins_with_what_was_imported(
    service: Service, arrival: Arrival
) -> None:
    await told(service, ROME, Event.UPDATE)
    first, second = await history(service, arrival)
    assert [(memory.text, memory.version, memory.current) for memory in (first, second)] == [
        (BERLIN, 1, False),
        (ROME, 2, True),
    ]
    assert (first.created_at, first.updated_at, second.created_at) == (MADE, CHANGED, MADE)
    assert first.superseded_by == second.id == arrival.id


async def test_a_change_of_it_can_be_undone(service: Service, arrival: Arrival) -> None:
    await told(service, ROME, Event.UPDATE)
    restored = await undo(TENANT, str(arrival.id), service.edits)
    assert (restored.text, restored.version) == (BERLIN, 3)
    assert [memory.text for memory in await history(service, arrival)] == [BERLIN, ROME, BERLIN]


async def test_what_was_said_before_it_was_last_changed_takes_its_place_in_the_history(
    service: Service, arrival: Arrival
) -> None:
    await told(service, ROME, Event.UPDATE, timestamp=datetime(2024, 4, 1, tzinfo=UTC))
    assert [(memory.text, memory.current) for memory in await history(service, arrival)] == [
        (ROME, False),
        (BERLIN, True),
    ]


async def test_what_was_taken_back_since_stays_so_when_it_is_imported_again(service: Service, arrival: Arrival) -> None:
    await told(service, "I live nowhere", Event.DELETE)
    assert await service.texts() == []
    assert await brought(service, arrival) is Became.THERE
    assert await service.texts() == []


async def test_a_changed_one_is_deleted_with_all_its_versions(service: Service, arrival: Arrival) -> None:
    await told(service, ROME, Event.UPDATE)
    await delete(TENANT, str(arrival.id), service.edits)
    assert await service.store.left(TENANT) == 0


async def test_it_holds_again_when_the_part_that_changed_it_is_forgotten(service: Service, arrival: Arrival) -> None:
    await told(service, ROME, Event.UPDATE, ANA_WITH_BOT)
    await forgotten(service, BOT)
    assert [(memory.text, memory.created_at) for memory in await service.memories()] == [(BERLIN, MADE)]


async def test_it_is_exported_with_its_history(service: Service, arrival: Arrival) -> None:
    await told(service, ROME, Event.UPDATE)
    lines = [line async for line in export(ANA, ExportServices(store=service.store, owners=NoOwners()))]
    assert sorted(line["memory"] for line in lines if line["kind"] == "memory") == [BERLIN, ROME]


@pytest.mark.parametrize("whose", [ANA, BOT], ids=["of the lane", "of a part that the erase finds no lane of"])
async def test_an_erase_while_it_is_being_written_wins(service: Service, whose: Scope) -> None:
    memory = berlin(ANA_WITH_BOT)
    store = Interrupted(service.store, lambda: forgotten(service, whose), None)
    assert await brought(service, memory, store) is Became.BUSY
    assert await service.store.left(TENANT) == 0
    assert await brought(service, memory) is Became.REFUSED


async def test_what_a_killed_import_wrote_after_an_erase_is_removed_by_the_sweep(
    service: Service, redis: Redis
) -> None:
    store = Interrupted(service.store, lambda: forgotten(service, ANA), Killed())
    with pytest.raises(Killed):
        await brought(service, berlin(), store)
    assert await service.store.left(TENANT) == 1
    await make_removals_due(redis)
    await finish_removals(service.removals)
    assert await service.store.left(TENANT) == 0
