"""The scope of a memory where something ends in the midst: nothing stays hidden behind what is gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import delete
from scrubjay.edit.importing import bring_in
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.errors import StoreUnavailable
from scrubjay.ingest.drain import drain
from scrubjay.model import Lane, Lease, Memory, Write
from scrubjay.model.arrival import Arrival
from tests.integration.scope_steps import (
    ANA,
    ANYBODY,
    BERLIN,
    LISBON,
    PORTO,
    R1,
    R2,
    R3,
    TEA,
    Delete,
    Say,
    replaces,
    sees,
)
from tests.integration.service import Service, make_removals_due
from tests.integration.test_scope_cases import Story

NUTS = "Is allergic to nuts"


@pytest.fixture
def story(service: Service, redis: Redis, qdrant_url: str) -> Story:
    return Story(service, redis, qdrant_url, batched=False)


async def swept(story: Story) -> None:
    await make_removals_due(story.redis)
    assert await finish_removals(story.service.removals)


class InTheMidst(QdrantStore):
    """Takes a step between the points that a plan puts and those that it only marks."""

    step: Any = None

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        await super().apply(lease, [write for write in writes if write.vector], good_until)
        marks = [write for write in writes if not write.vector]
        if marks and self.step is not None:
            step, self.step = self.step, None
            await step()
        await super().apply(lease, marks, good_until)


async def test_a_worker_that_loses_its_lane_to_an_erase_in_the_midst_hides_nothing_behind_what_is_erased(
    story: Story,
) -> None:
    service = story.service
    store = service.store = InTheMidst(service.store.collection.client, service.embedder, story.clock)
    await story.tell((Say(BERLIN, R1),))

    async def forgotten() -> None:
        erasure = await forget(R2, service.forget_services)
        assert erasure.verified

    store.step = forgotten
    turn = Say(LISBON, R2, replaces(BERLIN))
    story.reconciler.turns[await service.say(turn.text, turn.scope)] = turn
    await drain(R2.lane, replace(service.drain_services, batch_turns=8))
    assert not store.step, "it was taken"
    await swept(story)
    assert [await story.found(scope) for scope in (R2, R1, ANA)] == [[], [BERLIN], [BERLIN]]


async def test_a_deletion_that_fails_halfway_is_finished_by_the_sweep_and_shows_what_was_hidden(story: Story) -> None:
    await story.tell((Say(BERLIN, R1), Say(LISBON, R2, replaces(BERLIN)), sees(ANA, LISBON)))

    class Away(QdrantStore):
        async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
            raise StoreUnavailable("it is away")

    service = story.service
    edits = replace(service.edits, store=Away(service.store.collection.client, service.embedder))
    with pytest.raises(StoreUnavailable):
        await delete(ANYBODY, story.ids[LISBON, R2], edits)
    await swept(story)
    assert [await story.found(scope) for scope in (R2, R1, ANA)] == [[], [BERLIN], [BERLIN]]


async def test_an_import_under_the_id_of_a_deleted_memory_is_hidden_by_nothing(story: Story) -> None:
    await story.tell((Say(TEA, R1), Say(TEA, R2), Delete(TEA, R1)))
    service = story.service
    parts = service.imports
    await bring_in([Arrival(id=story.ids[TEA, R1], scope=R3, text=NUTS)], ANYBODY, parts)
    await story.tell((Say(TEA, R2),))
    assert sorted(await story.found(ANA)) == sorted([NUTS, TEA])


async def test_where_a_caller_dates_ahead_the_order_of_turns_decides_also_after_a_deletion(story: Story) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=50)
    step = Say(BERLIN, R1)
    story.reconciler.turns[await story.service.say(BERLIN, R1, timestamp=ahead)] = step
    await story.service.drain(R1)
    await story.tell((Say(LISBON, R2, replaces(BERLIN)), Say(PORTO, R3, replaces(LISBON)), Delete(PORTO, R3)))
    assert await story.found(ANA) == [LISBON]


async def test_in_one_batch_what_came_late_and_is_said_again_is_said_last(
    service: Service, redis: Redis, qdrant_url: str
) -> None:
    story = Story(service, redis, qdrant_url, batched=True)
    late, again = Say(LISBON, R2, replaces(BERLIN), day=2), Say(LISBON, R2, day=9)
    await story.tell((Say(BERLIN, R2, day=5), sees(R2, BERLIN), late, again, sees(R2, LISBON)))
