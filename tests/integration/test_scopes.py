"""User, agent and run memory: whose a memory is, who finds it, and what is left when a part of it is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.erase.forget import forget
from scrubjay.model import Event, Lane, Memory, Scope
from scrubjay.search.recall import Asked, recall
from tests.integration.house import ANA, MARCH, House
from tests.redis_keys import keys

BOT = Scope(tenant="default", agent_id="bot")
RUN = Scope(tenant="default", run_id="r1")
ANA_WITH_BOT = Scope(tenant="default", user_id="ana", agent_id="bot", run_id="r1")
ANA_WITH_OTHER = Scope(tenant="default", user_id="ana", agent_id="other")


async def found(house: House, scope: Scope) -> list[str]:
    question = Asked(scope=scope, text="what is known", limit=50)
    answer = await recall(question, house.recall_services)
    return sorted(result.memory.text for result in answer.results)


async def forgotten(house: House, scope: Scope) -> int:
    receipt = await forget(scope, house.forget_services)
    assert receipt.verified
    return receipt.memories


async def test_a_turn_with_several_ids_is_found_by_each_of_them_and_by_all_together(house: House) -> None:
    await house.say("I live in Berlin", ANA_WITH_BOT)
    await house.say("I like tea", ANA)
    await house.drain()
    assert await found(house, ANA) == ["I like tea", "I live in Berlin"]
    for scope in (BOT, RUN, ANA_WITH_BOT):
        assert await found(house, scope) == ["I live in Berlin"]
    assert await found(house, ANA_WITH_OTHER) == []


async def test_what_an_agent_learns_for_itself_is_shared_and_reconciled_apart_from_any_users_memory(
    house: House,
) -> None:
    await house.say("Refunds take five days", BOT)
    await house.drain(BOT)
    await house.say("Refunds take five days", ANA_WITH_BOT)
    await house.drain()
    assert await found(house, ANA) == ["Refunds take five days"]  # hers as well: it is no repetition of the agent's
    house.reconciler.table["Refunds take three days"] = Event.UPDATE
    await house.say("Refunds take three days", BOT)
    await house.drain(BOT)
    assert await found(house, BOT) == ["Refunds take five days", "Refunds take three days"]
    assert await found(house, ANA) == ["Refunds take five days"]


async def test_a_run_is_a_memory_of_its_own(house: House) -> None:
    await house.say("We sort by date", RUN)
    await house.drain(RUN)
    assert await found(house, RUN) == ["We sort by date"]
    assert await found(house, ANA) == []


async def test_forgetting_what_one_agent_was_told_lets_hold_again_what_another_one_knows(house: House) -> None:
    await house.say("I live in Berlin", ANA_WITH_OTHER, timestamp=MARCH)
    await house.drain()
    house.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await house.say("I live in Lisbon", ANA_WITH_BOT, timestamp=MARCH + timedelta(days=9))
    await house.drain()
    (memory,) = await house.memories()
    assert memory.text == "I live in Lisbon"

    assert await forgotten(house, Scope(tenant="default", user_id="ana", agent_id="bot")) == 1
    assert await house.texts() == ["I live in Berlin"]
    (again,) = await house.memories()
    versions = await house.store.history(Scope(tenant="default"), again.id)
    assert [(version.valid_from, version.valid_to) for version in versions] == [
        (MARCH, None)
    ]  # as if nothing had come after it
    then = await house.ask("live", as_of=MARCH + timedelta(days=3))
    assert [result.memory.text for result in then.results] == ["I live in Berlin"]
    house.reconciler.table["I live in Porto"] = Event.UPDATE
    await house.say("I live in Porto")
    await house.drain()
    assert await house.texts() == ["I live in Porto"]


async def test_forgetting_an_agent_everywhere_lets_every_users_memories_hold_again(house: House) -> None:
    bob = Scope(tenant="default", user_id="bob")
    for scope in (ANA, bob):
        house.reconciler.table.clear()
        await house.say("I live in Berlin", scope)
        await house.drain(scope)
        house.reconciler.table["I live in Lisbon"] = Event.UPDATE
        await house.say("I live in Lisbon", scope.model_copy(update={"agent_id": "bot"}))
        await house.drain(scope)
    await house.say("The shop closes at six", BOT)
    await house.drain(BOT)
    assert await forgotten(house, BOT) == 3
    assert await found(house, BOT) == []
    for scope in (ANA, bob):
        assert await found(house, scope) == ["I live in Berlin"]


async def test_an_erase_whose_lane_is_taken_before_it_shows_a_memory_again_begins_again(
    house: House, redis: Redis
) -> None:
    await house.say("I live in Berlin", ANA_WITH_OTHER)
    await house.drain()
    house.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await house.say("I live in Lisbon", ANA_WITH_BOT)
    await house.drain()

    class Overtaken(QdrantStore):
        looks = 0

        async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
            self.looks += 1
            if self.looks == 1:  # its lease has ended, and a worker is there
                await redis.delete(keys.lease(ANA.lane))
                assert await house.lanes._acquire(ANA.lane, edit=True) is not None
            return await super().members(lane, topics)

    house.store, usual = Overtaken(house.store._client, house.embedder), house.store
    assert await forgotten(house, BOT) == 1
    house.store = usual
    assert await found(house, ANA) == ["I live in Berlin"]
    assert await found(house, BOT) == []


async def test_forgetting_a_user_leaves_nothing_to_hold_again(house: House) -> None:
    await house.say("I live in Berlin", ANA_WITH_OTHER)
    await house.drain()
    house.reconciler.table["I live in Lisbon"] = Event.UPDATE
    await house.say("I live in Lisbon", ANA_WITH_BOT)
    await house.drain()
    assert await forgotten(house, ANA) == 2
    assert await found(house, ANA) == []
