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
from tests.integration.house import ANA, MARCH, House
from tests.redis_keys import keys


async def test_turns_become_memories_in_the_order_of_acceptance(house: House) -> None:
    ids = [await house.say(f"I bought item {number}") for number in range(10)]
    assert await house.drain() == 10
    memories = await house.memories()
    assert [memory.text for memory in memories] == [f"I bought item {number}" for number in range(10)]
    assert [memory.turn_ids for memory in memories] == [(turn_id,) for turn_id in ids]
    times = [memory.created_at for memory in memories]
    assert times == sorted(set(times))
    for turn_id, memory in zip(ids, memories, strict=True):
        status = await house.status(turn_id)
        assert [(event.event, event.id, event.memory) for event in status.events] == [
            (Event.ADD, memory.id, memory.text)
        ]
        assert status.accepted_at == memory.created_at


async def test_several_waiting_turns_make_one_call(house: House) -> None:
    for number in range(8):
        await house.say(f"note {number}")
    await house.drain()
    assert [len(batch) for batch in house.extractor.batches] == [4, 4]


async def test_a_turn_with_infer_off_is_kept_word_for_word_without_the_model(house: House) -> None:
    roles = (Role.SYSTEM, Role.USER, Role.ASSISTANT)
    messages = tuple(Message(role=role, content=f"{role} says so") for role in roles)
    submission = Submission(scope=ANA, infer=False, metadata={"k": 1}, messages=messages)
    for _ in range(2):
        await house.inbox.accept(submission)
    await house.drain()
    assert await house.texts() == ["user says so", "assistant says so"] * 2
    assert house.extractor.batches == [[]]
    assert (await house.memories())[0].metadata == {"k": 1}


async def test_a_changed_fact_supersedes_the_old_one_and_the_history_stays(house: House) -> None:
    await house.say("I live in Berlin", timestamp=MARCH)
    await house.drain()
    house.reconciler.table["I live in Lisbon"] = Event.UPDATE
    changed = await house.say("I live in Lisbon", timestamp=MARCH + timedelta(days=9))
    await house.drain()
    assert await house.texts() == ["I live in Lisbon"]
    event = (await house.status(changed)).events[0]
    assert (event.event, event.memory, event.previous) == (Event.UPDATE, "I live in Lisbon", "I live in Berlin")
    versions = await house.store.history(Scope(tenant="default"), event.id)
    assert [(version.text, version.version, version.current, version.quote) for version in versions] == [
        ("I live in Berlin", 1, False, "I live in Berlin"),
        ("I live in Lisbon", 2, True, "I live in Lisbon"),
    ]
    assert versions[0].valid_to == versions[1].valid_from == MARCH + timedelta(days=9)
    recall = await house.ask("where do I live", as_of=MARCH + timedelta(days=3))
    assert [result.memory.text for result in recall.results] == ["I live in Berlin"]


async def test_an_older_fact_that_arrives_late_never_replaces_a_newer_one(house: House) -> None:
    await house.say("I live in Lisbon", timestamp=MARCH)
    await house.drain()
    house.reconciler.table["I live in Berlin"] = Event.UPDATE
    await house.say("I live in Berlin", timestamp=MARCH - timedelta(days=30))
    await house.drain()
    assert await house.texts() == ["I live in Lisbon"]
    recall = await house.ask("where do I live", as_of=MARCH - timedelta(days=3))
    assert [result.memory.text for result in recall.results] == ["I live in Berlin"]


async def test_a_retracted_fact_leaves_the_search_and_stays_in_history(house: House) -> None:
    await house.say("I have a dog")
    await house.drain()
    house.reconciler.table["I have no dog"] = Event.DELETE
    turn_id = await house.say("I have no dog")
    await house.drain()
    assert await house.texts() == []
    event = (await house.status(turn_id)).events[0]
    assert event.event is Event.DELETE
    assert [memory.event for memory in await house.store.history(Scope(tenant="default"), event.id)] == [Event.DELETE]


async def test_two_changes_of_one_memory_in_one_batch_are_applied_one_after_the_other(house: House) -> None:
    await house.say("I live in Berlin")
    await house.drain()
    house.reconciler.table |= {"I live in Lisbon": Event.UPDATE, "I live in Porto": Event.UPDATE}
    await house.say("I live in Lisbon")
    await house.say("I live in Porto")
    await house.drain()
    (memory,) = await house.memories()
    assert (memory.text, memory.version) == ("I live in Porto", 3)
    assert [version.text for version in await house.store.history(Scope(tenant="default"), memory.id)] == [
        "I live in Berlin", "I live in Lisbon", "I live in Porto",
    ]  # fmt: skip


async def test_a_model_that_is_away_costs_nothing_and_the_lane_drains_afterwards(house: House) -> None:
    house.extractor.faults["Berlin"] = ModelUnavailable("the model is away", retry_after_seconds=0.01)
    turn_id = await house.say("I live in Berlin")
    assert await house.drain() == 0
    waiting = await house.status(turn_id)
    assert (waiting.status, waiting.attempts, waiting.error) == (Status.RETRYING, 0, "the model is away")
    house.extractor.faults.clear()
    while not await house.drain():
        pass
    settled = await house.status(turn_id)
    assert (settled.status, settled.attempts, settled.error) == (Status.SETTLED, 1, None)


async def test_a_poison_turn_is_dead_with_its_error_and_its_lane_goes_on(house: House) -> None:
    house.extractor.faults["poison"] = BadAnswer("the answer was no JSON")
    ids = [await house.say("poison" if number == 1 else f"note {number}") for number in range(4)]
    while await house.drain():
        pass
    assert [(await house.status(turn)).status for turn in ids] == [
        Status.SETTLED, Status.DEAD, Status.SETTLED, Status.SETTLED,
    ]  # fmt: skip
    assert (await house.status(ids[1])).error == "bad_answer: the answer was no JSON"
    assert await house.texts() == ["note 0", "note 2", "note 3"]
    assert (await house.turns.ledger("default")).balanced


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


def dying(house: House) -> DyingStore:
    store = DyingStore(house.store._client, house.store._embedder)
    house.store = store
    return store


async def test_a_worker_killed_between_apply_and_settle_leaves_no_fact_twice_and_asks_no_model_again(
    house: House,
) -> None:
    dying(house).deaths = 1
    await house.say("I live in Berlin")
    with pytest.raises(RuntimeError):
        await house.drain()
    assert await house.drain() == 1
    assert await house.texts() == ["I live in Berlin"]
    assert len(house.extractor.batches) == 1


async def test_a_store_that_is_away_keeps_the_recorded_plan(house: House) -> None:
    dying(house).away = 2
    turn_id = await house.say("I live in Berlin")
    while not await house.drain():
        pass
    assert await house.texts() == ["I live in Berlin"]
    assert len(house.extractor.batches) == 1
    assert (await house.status(turn_id)).attempts == 1


async def test_a_replay_of_a_dead_turn_is_remembered_with_its_own_time(house: House) -> None:
    house.extractor.faults["poison"] = BadAnswer("no")
    turn_id = await house.say("poison")
    await house.drain()
    house.extractor.faults.clear()
    await house.say("later")
    await house.drain()
    assert (await house.inbox.revive("default", [turn_id], replay=True)).count
    await house.drain()
    status = await house.status(turn_id)
    assert status.status is Status.SETTLED
    assert await house.texts() == ["poison", "later"]


async def test_beside_a_ready_lane_of_another_tenant_a_drain_gives_its_lane_back_after_one_batch(house: House) -> None:
    for number in range(12):
        await house.say(f"I own book number {number}")
    await house.say("I like tea", Scope(tenant="other", user_id="dora"))
    assert await house.drain() == house.drain_services.batch_turns
    async with house.lanes.claim() as lease:
        assert lease is not None
        assert lease.lane.tenant == "other"
        await drain_held(lease, house.drain_services)
    assert await house.drain() == 12 - house.drain_services.batch_turns


async def test_a_lane_that_has_waited_long_enough_for_a_burst_is_worked_on_at_once(house: House, redis: Redis) -> None:
    await house.say("I like tea")
    await redis.zincrby(keys.ready("default"), -61_000, ANA.lane.key)
    parts = replace(house.drain_services, batch_wait_seconds=60)
    async with asyncio.timeout(30), house.lanes.claim() as lease:
        assert lease is not None
        assert await drain_held(lease, parts) == 1
