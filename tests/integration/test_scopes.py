"""User, agent and run memory: whose a memory is, who finds it, and what is left when a part of it is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.erase.forget import forget
from scrubjay.model import Event, Lane, Memory, Scope
from scrubjay.search.recall import RecallRequest, recall
from tests.integration.service import ANA, MARCH, Service
from tests.redis_keys import lane_keys

BOT = Scope(tenant="default", agent_id="bot")
RUN = Scope(tenant="default", run_id="r1")
ANA_WITH_BOT = Scope(tenant="default", user_id="ana", agent_id="bot", run_id="r1")
ANA_WITH_OTHER = Scope(tenant="default", user_id="ana", agent_id="other")


async def found(service: Service, scope: Scope) -> list[str]:
    question = RecallRequest(scope=scope, text="what is known", limit=50)
    answer = await recall(question, service.recall_services)
    return sorted(result.memory.text for result in answer.results)


async def forgotten(service: Service, scope: Scope) -> int:
    receipt = await forget(scope, service.forget_services)
    assert receipt.verified
    return receipt.memories


async def test_a_turn_with_several_ids_is_found_by_each_of_them_and_by_all_together(service: Service) -> None:
    await service.say("I live in Berlin", ANA_WITH_BOT)
    await service.say("I like tea", ANA)
    await service.drain()
    assert await found(service, ANA) == ["I like tea", "I live in Berlin"]
    for scope in (BOT, RUN, ANA_WITH_BOT):
        assert await found(service, scope) == ["I live in Berlin"]
    assert await found(service, ANA_WITH_OTHER) == []


async def test_what_an_agent_learns_for_itself_is_shared_and_reconciled_apart_from_any_users_memory(
    service: Service,
) -> None:
    await service.say("Refunds take five days", BOT)
    await service.drain(BOT)
    await service.say("Refunds take five days", ANA_WITH_BOT)
    await service.drain()
    assert await found(service, ANA) == ["Refunds take five days"]  # hers as well: it is no repetition of the agent's
    service.reconciler.table["Refunds take three days"] = Event.UPDATE
    await service.say("Refunds take three days", BOT)
    await service.drain(BOT)
    assert await found(service, BOT) == ["Refunds take five days", "Refunds take three days"]
    assert await found(service, ANA) == ["Refunds take five days"]


async def test_a_run_is_a_memory_of_its_own(service: Service) -> None:
    await service.say("We sort by date", RUN)
    await service.drain(RUN)
    assert await found(service, RUN) == ["We sort by date"]
    assert await found(service, ANA) == []


async def test_forgetting_what_one_agent_was_told_lets_hold_again_what_another_one_knows(service: Service) -> None:
    await service.say("I live in Berlin", ANA_WITH_OTHER, timestamp=MARCH)
    await service.drain()
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await service.say("I live in Lisbon", ANA_WITH_BOT, timestamp=MARCH + timedelta(days=9))
    await service.drain()
    (memory,) = await service.memories()
    assert memory.text == "I live in Lisbon"

    assert await forgotten(service, Scope(tenant="default", user_id="ana", agent_id="bot")) == 1
    assert await service.texts() == ["I live in Berlin"]
    (again,) = await service.memories()
    versions = await service.store.history(Scope(tenant="default"), again.id)
    assert [(version.valid_from, version.valid_to) for version in versions] == [
        (MARCH, None)
    ]  # as if nothing had come after it
    then = await service.ask("live", as_of=MARCH + timedelta(days=3))
    assert [result.memory.text for result in then.results] == ["I live in Berlin"]
    service.reconciler.table["I live in Porto"] = Event.UPDATE
    await service.say("I live in Porto")
    await service.drain()
    assert await service.texts() == ["I live in Porto"]


async def test_forgetting_an_agent_everywhere_lets_every_users_memories_hold_again(service: Service) -> None:
    bob = Scope(tenant="default", user_id="bob")
    for scope in (ANA, bob):
        service.reconciler.table.clear()
        await service.say("I live in Berlin", scope)
        await service.drain(scope)
        service.reconciler.table["I live in Lisbon"] = Event.UPDATE
        await service.say("I live in Lisbon", scope.model_copy(update={"agent_id": "bot"}))
        await service.drain(scope)
    await service.say("The shop closes at six", BOT)
    await service.drain(BOT)
    assert await forgotten(service, BOT) == 3
    assert await found(service, BOT) == []
    for scope in (ANA, bob):
        assert await found(service, scope) == ["I live in Berlin"]


async def test_an_erase_whose_lane_is_taken_before_it_shows_a_memory_again_begins_again(
    service: Service, redis: Redis
) -> None:
    await service.say("I live in Berlin", ANA_WITH_OTHER)
    await service.drain()
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await service.say("I live in Lisbon", ANA_WITH_BOT)
    await service.drain()

    class Overtaken(QdrantStore):
        looks = 0

        async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
            self.looks += 1
            if self.looks == 1:  # its lease has ended, and a worker is there
                await redis.delete((await lane_keys(redis, ANA.lane)).lease)
                assert await service.lanes.leasing.acquire(ANA.lane, edit=True) is not None
            return await super().members(lane, topics)

    service.store, usual = Overtaken(service.store.collection.client, service.embedder), service.store
    assert await forgotten(service, BOT) == 1
    service.store = usual
    assert await found(service, ANA) == ["I live in Berlin"]
    assert await found(service, BOT) == []


async def test_forgetting_a_user_leaves_nothing_to_hold_again(service: Service) -> None:
    await service.say("I live in Berlin", ANA_WITH_OTHER)
    await service.drain()
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await service.say("I live in Lisbon", ANA_WITH_BOT)
    await service.drain()
    assert await forgotten(service, ANA) == 2
    assert await found(service, ANA) == []
