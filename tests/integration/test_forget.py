"""Forgetting and revising: nothing of the owner stays, whoever is at work; edits keep the history."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import Change, delete, undo, update
from scrubjay.erase.forget import forget
from scrubjay.errors import (
    BadAnswer,
    LeaseLost,
    NotFound,
    NothingToUndo,
)
from scrubjay.ingest.drain import drain
from scrubjay.model import Event, Lease, Scope, Status, Write
from scrubjay.search.recall import wait_until_settled
from tests.fakes import EchoExtractor
from tests.integration.service import ANA, BOB, Service
from tests.redis_keys import lane_keys


async def test_forgetting_leaves_nothing_of_the_owner_and_everything_of_the_others(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    await service.say("I like tea")
    await service.say("I am Bob", BOB)
    await service.drain(BOB)
    receipt = await forget(ANA, service.forget_services)
    assert (receipt.turns, receipt.memories, receipt.verified) == (2, 1, True)
    assert await service.drain() == 0
    assert await service.texts() == []
    assert await service.texts(BOB) == ["I am Bob"]
    await service.say("I live in Rome")
    assert await service.drain() == 1
    assert await service.texts() == ["I live in Rome"]


async def test_a_dead_turn_that_has_outlived_its_lanes_index_is_forgotten_too(service: Service, redis: Redis) -> None:
    turn_id = await service.say("I live in Berlin")

    class Failing(EchoExtractor):
        async def extract(self, turns: Any) -> Any:
            raise BadAnswer("no")

    service.extractor = Failing()
    await service.drain()
    assert (await service.status(turn_id)).status is Status.DEAD
    await redis.delete(
        (await lane_keys(redis, ANA.lane)).owned, (await lane_keys(redis, ANA.lane)).counters
    )  # as after the retention time
    receipt = await forget(ANA, service.forget_services)
    assert (receipt.turns, receipt.verified) == (1, True)
    assert (await service.status(turn_id)).status is Status.ERASED


async def test_an_erase_during_extraction_wins(service: Service) -> None:
    turn_id = await service.say("I live in Berlin")

    class Erasing(EchoExtractor):
        async def extract(self, turns: Any) -> Any:
            await forget(ANA, service.forget_services)
            return await super().extract(turns)

    service.extractor = Erasing()
    assert await service.drain() == 0
    assert await service.texts() == []
    assert (await service.status(turn_id)).status is Status.ERASED


async def test_a_stalled_worker_that_writes_after_an_erase_takes_it_back(service: Service) -> None:
    """The worker passed its last look, was stopped, and the owner was erased before its write went out."""
    turn_id = await service.say("I live in Berlin")
    inner = service.store.apply

    async def late(lease: Lease, writes: list[Write], good_until: float) -> None:
        await forget(ANA, service.forget_services)
        await inner(lease, writes, good_until)

    stalled = service.drain_with(store=_With(service.store, late))
    assert await drain(ANA.lane, stalled) == 0
    assert await service.texts() == []
    assert (await service.status(turn_id)).status is Status.ERASED


class _With:
    """A store with another `apply`."""

    def __init__(self, store: QdrantStore, apply: Any) -> None:
        self._store = store
        self.apply = apply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_a_lost_lease_stops_the_pass_before_it_writes(service: Service) -> None:
    await service.say("I live in Berlin")

    class Losing(EchoExtractor):
        async def extract(self, turns: Any) -> Any:
            async with service.turn_erasure.holding(service.lanes.hand_back) as hold:
                await hold.take([ANA.lane])  # somebody else takes the lane
            return await super().extract(turns)

    service.extractor = Losing()
    assert await service.drain() == 0
    assert await service.texts() == []


async def test_an_edit_by_hand_keeps_the_old_text_in_history(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()
    after = await update(
        Scope(tenant="default"),
        memory.id,
        Change(text="Lives in Rome"),
        service.edits,
    )
    assert after.version == 2
    assert [version.text for version in await service.store.history(Scope(tenant="default"), memory.id)] == [
        "I live in Berlin", "Lives in Rome",
    ]  # fmt: skip
    assert [result.memory.text for result in (await service.ask("Rome")).results] == ["Lives in Rome"]
    with pytest.raises(NotFound):
        await update(
            Scope(tenant="other"),
            memory.id,
            Change(text="x"),
            service.edits,
        )
    await delete(Scope(tenant="default"), memory.id, service.edits)
    with pytest.raises(NotFound):
        await delete(Scope(tenant="default"), memory.id, service.edits)


async def test_a_recall_tells_how_many_turns_are_still_on_their_way(service: Service) -> None:
    turn_id = await service.say("I live in Berlin")
    assert (await service.ask("Berlin")).pending == 1
    assert not await wait_until_settled(Scope(tenant="default"), turn_id, 0.05, service.turns)
    await service.drain()
    assert await wait_until_settled(Scope(tenant="default"), turn_id, 1, service.turns)
    recall = await service.ask("Berlin")
    assert (recall.pending, [result.memory.text for result in recall.results]) == (0, ["I live in Berlin"])


async def test_losing_the_lease_is_told_apart_from_other_errors(service: Service) -> None:
    await service.say("I live in Berlin")
    async with service.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        with pytest.raises(LeaseLost):
            await service.lanes.confirm(lease.model_copy(update={"token": lease.token - 1}), ())


async def test_an_undo_brings_the_version_before_back_and_keeps_what_it_took_back(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await service.say("I live in Lisbon")
    await service.drain()
    (memory,) = await service.memories()
    restored = await undo(Scope(tenant="default"), memory.id, service.edits)
    assert (restored.text, restored.quote, restored.version) == ("I live in Berlin", "I live in Berlin", 3)
    assert await service.texts() == ["I live in Berlin"]
    assert [result.memory.text for result in (await service.ask("live")).results] == ["I live in Berlin"]
    versions = sorted(
        await service.store.history(Scope(tenant="default"), memory.id), key=lambda version: version.version
    )
    assert [version.text for version in versions] == ["I live in Berlin", "I live in Lisbon", "I live in Berlin"]
    assert [version.current for version in versions] == [False, False, True]


async def test_an_undo_brings_a_retracted_memory_back(service: Service) -> None:
    await service.say("I have a dog")
    await service.drain()
    (memory,) = await service.memories()
    service.reconciler.table["I have no dog"] = Event.DELETE
    await service.say("I have no dog")
    await service.drain()
    assert await service.texts() == []
    await undo(Scope(tenant="default"), memory.id, service.edits)
    assert await service.texts() == ["I have a dog"]
    assert len(await service.store.history(Scope(tenant="default"), memory.id)) == 2
    service.reconciler.table["I have a cat"] = Event.UPDATE
    await service.say("I have a cat")
    await service.drain()
    assert await service.texts() == ["I have a cat"]
    restored = await undo(Scope(tenant="default"), memory.id, service.edits)
    assert (restored.text, restored.version) == ("I have a dog", 4)
    assert await service.texts() == ["I have a dog"]


async def test_a_memory_that_never_changed_has_nothing_to_undo(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()
    with pytest.raises(NothingToUndo):
        await undo(Scope(tenant="default"), memory.id, service.edits)
    with pytest.raises(NotFound):
        await undo(Scope(tenant="other"), memory.id, service.edits)
