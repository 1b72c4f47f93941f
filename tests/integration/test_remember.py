"""Remembering over a real Redis and the real Qdrant engine: order, versions, failures, replays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.errors import BadAnswer, ModelUnavailable, StoreUnavailable
from scrubjay.ingest.drain import drain_held
from scrubjay.model import Event, Lease, Message, Role, Scope, Status, Submission
from tests.integration.service import ANA, MARCH, Service
from tests.redis_keys import keys, lane_keys


async def test_turns_become_memories_in_the_order_of_acceptance(service: Service) -> None:
    ids = [await service.say(f"I bought item {number}") for number in range(10)]
    assert await service.drain() == 10
    memories = await service.memories()
    assert [memory.text for memory in memories] == [f"I bought item {number}" for number in range(10)]
    assert [memory.turn_ids for memory in memories] == [(turn_id,) for turn_id in ids]
    times = [memory.created_at for memory in memories]
    assert times == sorted(set(times))
    for turn_id, memory in zip(ids, memories, strict=True):
        status = await service.status(turn_id)
        assert [(event.event, event.id, event.memory) for event in status.events] == [
            (Event.ADD, memory.id, memory.text)
        ]
        assert status.accepted_at == memory.created_at


async def test_several_waiting_turns_make_one_call(service: Service) -> None:
    for number in range(8):
        await service.say(f"note {number}")
    await service.drain()
    assert [len(batch) for batch in service.extractor.batches] == [4, 4]


async def test_a_turn_with_infer_off_is_kept_word_for_word_without_the_model(service: Service) -> None:
    roles = (Role.SYSTEM, Role.USER, Role.ASSISTANT)
    messages = tuple(Message(role=role, content=f"{role} says so") for role in roles)
    submission = Submission(scope=ANA, infer=False, metadata={"k": 1}, messages=messages)
    for _ in range(2):
        await service.intake.accept(submission)
    await service.drain()
    assert await service.texts() == ["user says so", "assistant says so"] * 2
    assert service.extractor.batches == [[]]
    assert (await service.memories())[0].metadata == {"k": 1}


async def test_a_changed_fact_supersedes_the_old_one_and_the_history_stays(service: Service) -> None:
    await service.say("I live in Berlin", timestamp=MARCH)
    await service.drain()
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    changed = await service.say("I live in Lisbon", timestamp=MARCH + timedelta(days=9))
    await service.drain()
    assert await service.texts() == ["I live in Lisbon"]
    event = (await service.status(changed)).events[0]
    assert (event.event, event.memory, event.previous) == (Event.UPDATE, "I live in Lisbon", "I live in Berlin")
    versions = await service.store.history(Scope(tenant="default"), event.id)
    assert [(version.text, version.version, version.current, version.quote) for version in versions] == [
        ("I live in Berlin", 1, False, "I live in Berlin"),
        ("I live in Lisbon", 2, True, "I live in Lisbon"),
    ]
    assert versions[0].valid_to == versions[1].valid_from == MARCH + timedelta(days=9)
    recall = await service.ask("where do I live", as_of=MARCH + timedelta(days=3))
    assert [result.memory.text for result in recall.results] == ["I live in Berlin"]


async def test_an_older_fact_that_arrives_late_never_replaces_a_newer_one(service: Service) -> None:
    await service.say("I live in Lisbon", timestamp=MARCH)
    await service.drain()
    service.reconciler.table["I live in Berlin"] = Event.UPDATE
    await service.say("I live in Berlin", timestamp=MARCH - timedelta(days=30))
    await service.drain()
    assert await service.texts() == ["I live in Lisbon"]
    recall = await service.ask("where do I live", as_of=MARCH - timedelta(days=3))
    assert [result.memory.text for result in recall.results] == ["I live in Berlin"]


async def test_a_retracted_fact_leaves_the_search_and_stays_in_history(service: Service) -> None:
    await service.say("I have a dog")
    await service.drain()
    service.reconciler.table["I have no dog"] = Event.DELETE
    turn_id = await service.say("I have no dog")
    await service.drain()
    assert await service.texts() == []
    event = (await service.status(turn_id)).events[0]
    assert event.event is Event.DELETE
    assert [memory.event for memory in await service.store.history(Scope(tenant="default"), event.id)] == [Event.DELETE]


async def test_two_changes_of_one_memory_in_one_batch_are_applied_one_after_the_other(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    service.reconciler.table |= {"I live in Lisbon": Event.UPDATE, "I live in Porto": Event.UPDATE}
    await service.say("I live in Lisbon")
    await service.say("I live in Porto")
    await service.drain()
    (memory,) = await service.memories()
    assert (memory.text, memory.version) == ("I live in Porto", 3)
    assert [version.text for version in await service.store.history(Scope(tenant="default"), memory.id)] == [
        "I live in Berlin", "I live in Lisbon", "I live in Porto",
    ]  # fmt: skip


async def test_a_model_that_is_away_costs_nothing_and_the_lane_drains_afterwards(service: Service) -> None:
    service.extractor.faults["Berlin"] = ModelUnavailable("the model is away", retry_after_seconds=0.01)
    turn_id = await service.say("I live in Berlin")
    assert await service.drain() == 0
    waiting = await service.status(turn_id)
    assert (waiting.status, waiting.attempts, waiting.error) == (Status.RETRYING, 0, "the model is away")
    service.extractor.faults.clear()
    while not await service.drain():
        pass
    settled = await service.status(turn_id)
    assert (settled.status, settled.attempts, settled.error) == (Status.SETTLED, 1, None)


async def test_a_poison_turn_is_dead_with_its_error_and_its_lane_goes_on(service: Service) -> None:
    service.extractor.faults["poison"] = BadAnswer("the answer was no JSON")
    ids = [await service.say("poison" if number == 1 else f"note {number}") for number in range(4)]
    while await service.drain():
        pass
    assert [(await service.status(turn)).status for turn in ids] == [
        Status.SETTLED, Status.DEAD, Status.SETTLED, Status.SETTLED,
    ]  # fmt: skip
    assert (await service.status(ids[1])).error == "bad_answer: the answer was no JSON"
    assert await service.texts() == ["note 0", "note 2", "note 3"]
    assert (await service.turns.ledger("default")).balanced


class DyingStore(QdrantStore):
    """A store that does its work and then dies with the worker, or is away before it does."""

    deaths = 0
    away = 0

    async def apply(self, lease: Lease, writes: Any, good_until: float) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("Qdrant is away")
        await super().apply(lease, writes, good_until)
        if self.deaths:
            self.deaths -= 1
            raise RuntimeError("killed between apply and settle")


def dying(service: Service) -> DyingStore:
    store = DyingStore(service.store.collection.client, service.embedder)
    service.store = store
    return store


async def test_a_worker_killed_between_apply_and_settle_leaves_no_fact_twice_and_asks_no_model_again(
    service: Service,
) -> None:
    dying(service).deaths = 1
    await service.say("I live in Berlin")
    with pytest.raises(RuntimeError):
        await service.drain()
    assert await service.drain() == 1
    assert await service.texts() == ["I live in Berlin"]
    assert len(service.extractor.batches) == 1


async def test_a_store_that_is_away_keeps_the_recorded_plan(service: Service) -> None:
    dying(service).away = 2
    turn_id = await service.say("I live in Berlin")
    while not await service.drain():
        pass
    assert await service.texts() == ["I live in Berlin"]
    assert len(service.extractor.batches) == 1
    assert (await service.status(turn_id)).attempts == 1


async def test_a_replay_of_a_dead_turn_is_remembered_with_its_own_time(service: Service) -> None:
    service.extractor.faults["poison"] = BadAnswer("no")
    turn_id = await service.say("poison")
    await service.drain()
    service.extractor.faults.clear()
    await service.say("later")
    await service.drain()
    assert (await service.dead_letters.revive("default", [turn_id], replay=True)).count
    await service.drain()
    status = await service.status(turn_id)
    assert status.status is Status.SETTLED
    assert await service.texts() == ["poison", "later"]


async def test_beside_a_ready_lane_of_another_tenant_a_drain_gives_its_lane_back_after_one_batch(
    service: Service,
) -> None:
    for number in range(12):
        await service.say(f"I own book number {number}")
    await service.say("I like tea", Scope(tenant="other", user_id="dora"))
    assert await service.drain() == service.drain_services.batch_turns
    async with service.lanes.claim() as lease:
        assert lease is not None
        assert lease.lane.tenant == "other"
        await drain_held(lease, service.drain_services)
    assert await service.drain() == 12 - service.drain_services.batch_turns


async def test_a_lane_that_has_waited_long_enough_for_a_burst_is_worked_on_at_once(
    service: Service, redis: Redis
) -> None:
    await service.say("I like tea")
    await redis.zincrby(keys.ready("default"), -61_000, (await lane_keys(redis, ANA.lane)).id)
    parts = replace(service.drain_services, batch_wait_seconds=60)
    async with asyncio.timeout(30), service.lanes.claim() as lease:
        assert lease is not None
        assert await drain_held(lease, parts) == 1
