"""Erases, edits and writes that meet: whatever the order, nothing of the forgotten comes back and nothing else goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import Change, delete, update
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.errors import LaneBusy, LeaseLost, NotFound, StoreUnavailable
from scrubjay.ingest.drain import DrainServices, drain
from scrubjay.model import Event, Lease, Memory, Scope, Status, Write
from scrubjay.model.erasure import Erasure
from tests.integration.service import ANA, Service, make_removals_due
from tests.redis_keys import keys, lane_keys

ANA_A = Scope(tenant="default", user_id="ana", agent_id="a")
ANA_B = Scope(tenant="default", user_id="ana", agent_id="b")
AGENT_A = Scope(tenant="default", agent_id="a")
LATER = datetime(2999, 1, 1, tzinfo=UTC)

Step = Callable[[], Awaitable[object]]


class Interleaved:
    """A store whose `apply` has something happen just before, or just after, its write."""

    def __init__(self, store: QdrantStore, before: Step | None = None, after: Step | None = None) -> None:
        self._store, self._before, self._after = store, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        if self._before:
            await self._before()
        await self._store.apply(lease, writes, good_until)
        if self._after:
            await self._after()


class Killed(BaseException):
    """Stands for kill -9: nothing that would answer it is ours."""


def interleaved(service: Service, before: Step | None = None, after: Step | None = None) -> DrainServices:
    return service.drain_with(store=cast(QdrantStore, Interleaved(service.store, before, after)))


async def forgotten(service: Service, scope: Scope = ANA) -> Erasure:
    return await forget(scope, service.forget_services)


async def versions(service: Service, scope: Scope = ANA) -> int:
    return await service.store.left(scope)


async def edited(service: Service, memory: Memory, text: str, store: Any = None) -> Memory:
    edits = replace(service.edits, store=store or service.store)
    return await update(Scope(tenant="default"), memory.id, Change(text=text), edits)


@pytest.mark.parametrize("event", [Event.UPDATE, Event.DELETE])
async def test_an_erase_while_a_memory_is_being_changed_leaves_no_version_of_it(service: Service, event: Event) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    service.reconciler.table["I live in Rome"] = event
    await service.say("I live in Rome")
    assert await drain(ANA.lane, interleaved(service, before=lambda: forgotten(service))) == 0
    assert await versions(service) == 0


async def test_what_a_killed_worker_wrote_after_an_erase_is_removed_by_the_sweep(
    service: Service, redis: Redis
) -> None:
    await service.say("I live in Berlin")

    async def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        await drain(ANA.lane, interleaved(service, before=lambda: forgotten(service), after=die))
    assert await versions(service) == 1
    assert await finish_removals(service.removals) == 0
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1
    assert await versions(service) == 0
    assert await redis.zcard(keys.removals) == 0


async def test_a_repeated_removal_leaves_what_was_accepted_after_the_erase(service: Service, redis: Redis) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    await forgotten(service)
    service.reconciler.table["I live in Oslo"] = Event.UPDATE
    await service.say("I live in Rome")
    await service.drain()
    await service.say("I live in Oslo")
    await service.drain()
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1
    assert await service.texts() == ["I live in Oslo"]
    assert await versions(service) == 2


async def test_a_removal_that_qdrant_refused_to_repeat_stays_until_it_is_done(service: Service, redis: Redis) -> None:
    await forgotten(service)

    class Away(Interleaved):
        async def erase(self, scope: Scope, before: datetime) -> int:
            raise StoreUnavailable("Qdrant does not answer; try again shortly")

    await make_removals_due(redis)
    with pytest.raises(StoreUnavailable):
        await finish_removals(replace(service.removals, store=cast(QdrantStore, Away(service.store))))
    assert await redis.zcard(keys.removals) == 1
    assert await finish_removals(service.removals) == 0, "it rests"
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1


async def test_a_memory_deleted_by_hand_stays_deleted_when_a_stalled_worker_wakes(
    service: Service, redis: Redis
) -> None:
    """One worker stalls past its lease, another applies the same plan, the memory is deleted, the first one wakes."""
    await service.say("I live in Berlin")

    async def overtaken() -> None:
        await redis.delete((await lane_keys(redis, ANA.lane)).lease)
        assert await service.drain() == 1
        (memory,) = await service.memories()
        await delete(Scope(tenant="default"), memory.id, service.edits)

    assert await drain(ANA.lane, interleaved(service, before=overtaken)) == 0
    await make_removals_due(redis)
    await finish_removals(service.removals)
    assert await versions(service) == 0


async def test_a_worker_whose_last_look_is_too_old_writes_nothing(service: Service) -> None:
    await service.say("I live in Berlin")
    async with service.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        batch = await service.lanes.take(lease, 1, 1000)
        assert batch is not None
        seen = await service.lanes.confirm(lease, batch.turns)
        assert seen.good_until > asyncio.get_running_loop().time()
        memory = Memory(
            id="6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44", scope=ANA, text="x", created_at=LATER, updated_at=LATER,
            valid_from=LATER,
        )  # fmt: skip
        (vector,) = await service.embedder.embed(["x"])
        write = Write(point_id=memory.id, memory=memory, vector=tuple(vector))
        with pytest.raises(LeaseLost):
            await service.store.apply(lease, [write], asyncio.get_running_loop().time() - 0.001)
    assert await versions(service) == 0


async def test_an_edit_that_meets_an_erase_goes_as_well(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()
    late = Interleaved(service.store, before=lambda: forgotten(service))
    with pytest.raises(LaneBusy):
        await edited(service, memory, "Lives in Rome", late)
    assert await versions(service) == 0


async def test_an_edit_that_loses_the_lane_before_its_write_asks_to_be_tried_again(
    service: Service, redis: Redis
) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()

    class Slow(Interleaved):
        async def get(self, reach: Scope, memory_id: str) -> Memory | None:
            memory = await service.store.get(reach, memory_id)
            await redis.delete((await lane_keys(redis, ANA.lane)).lease)
            return memory

    with pytest.raises(LaneBusy):
        await edited(service, memory, "Lives in Rome", Slow(service.store))
    assert await service.texts() == ["I live in Berlin"]


async def test_a_memory_that_is_about_to_be_erased_cannot_be_edited(service: Service, redis: Redis) -> None:
    """The epoch is raised and the lane not yet taken: an edit now would be newer than the epoch, and stay."""
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()
    await service.turn_erasure.raise_epoch(ANA)
    with pytest.raises(NotFound):
        await edited(service, memory, "Lives in Rome")
    await make_removals_due(redis)
    await finish_removals(service.removals)
    assert await versions(service) == 0


async def test_a_recorded_plan_brings_no_erased_text_back(service: Service, redis: Redis) -> None:
    """The plan of b's turn holds the old text of a's memory; a is forgotten before the plan is applied."""
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Berlin", ANA_A)
    await service.drain()
    turn_id = await service.say("I live in Rome", ANA_B)

    async def away() -> None:
        raise StoreUnavailable("Qdrant does not answer; try again shortly")

    assert await drain(ANA.lane, interleaved(service, before=away)) == 0
    assert (await forgotten(service, AGENT_A)).verified
    await make_removals_due(redis)
    await finish_removals(service.removals)
    await service.drain()
    assert (await service.status(turn_id)).status is Status.SETTLED
    assert await service.texts() == ["I live in Rome"]
    assert await versions(service, AGENT_A) == 0


async def test_forgetting_another_agent_neither_asks_the_model_again_nor_applies_a_turn_twice(service: Service) -> None:
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Berlin", ANA_B)
    await service.drain()
    await service.say("I live in Rome", ANA_B)
    await drain(ANA.lane, interleaved(service, after=lambda: forgotten(service, ANA_A)))
    assert await service.drain() == 1
    (memory,) = await service.memories()
    assert (memory.text, memory.version) == ("I live in Rome", 2)
    assert len(service.extractor.batches) == 2


async def test_of_a_batch_with_turns_of_two_agents_only_the_forgotten_ones_words_go(service: Service) -> None:
    await service.say("I like tea", ANA_A)
    await service.say("I am Ana", ANA_B)
    await service.say("I like cake", ANA_A)
    await drain(ANA.lane, interleaved(service, before=lambda: forgotten(service, AGENT_A)))
    assert await service.drain() == 1
    assert await service.texts() == ["I am Ana"]
    assert service.extractor.batches[1:] == [["I am Ana"]]  # decided anew: half a plan would not fit together


async def test_a_retraction_by_a_turn_that_was_erased_before_it_was_applied_does_not_happen(service: Service) -> None:
    service.reconciler.table["I left Berlin"] = Event.DELETE
    await service.say("I live in Berlin", ANA_B)
    await service.drain()
    await service.say("I left Berlin", ANA_A)
    await service.say("I like tea", ANA_B)

    async def forgotten_first() -> None:
        await forgotten(service, AGENT_A)
        raise LeaseLost("the erase took the lane")

    assert await drain(ANA.lane, interleaved(service, before=forgotten_first)) == 0
    assert await service.drain() == 1
    assert await service.texts() == ["I live in Berlin", "I like tea"]


async def test_forgetting_an_agent_takes_its_words_out_of_memories_that_another_agent_began(service: Service) -> None:
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Berlin", ANA_B)
    await service.drain()
    await service.say("I live in Rome", ANA_A)
    await service.drain()
    assert (await forgotten(service, AGENT_A)).verified
    assert "I live in Rome" not in await service.texts()
    assert await versions(service, ANA_B) == 1


async def test_a_turn_in_a_lane_that_the_erase_did_not_see_is_settled_as_erased(service: Service) -> None:
    turn_id = await service.say("I live in Berlin", ANA_A)
    await service.turn_erasure.raise_epoch(AGENT_A)
    later = await service.say("I live in Rome", ANA_A)
    await service.drain()
    assert (await service.status(turn_id)).status is Status.ERASED
    assert (await service.status(later)).status is Status.SETTLED
    assert await service.texts() == ["I live in Rome"]
    assert await service.turns.text(Scope(tenant="default"), turn_id) is None


async def test_erases_and_accepts_at_the_same_moment_leave_exactly_what_came_after(service: Service) -> None:
    before = [await service.say(f"I am number {number}") for number in range(8)]
    later = asyncio.gather(*(service.say(f"later {number}") for number in range(8)))
    await asyncio.gather(forgotten(service), forgotten(service), later)
    after = await later
    await service.drain()
    ledger = await service.turns.ledger("default")
    assert (ledger.balanced, ledger.waiting) == (True, 0)
    assert {(await service.status(turn_id)).status for turn_id in before} == {Status.ERASED}
    settled = [turn_id for turn_id in after if (await service.status(turn_id)).status is Status.SETTLED]
    assert len(await service.texts()) == len(settled)
