"""`AsyncMemory` in process, over a real Redis and Qdrant: the calls, and the shapes of Mem0's own library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay import AsyncMemory
from scrubjay.errors import BadRequest, NotFound
from tests.integration.library import configured
from tests.model_server.control import ModelServer
from tests.support import without_memories


@pytest.fixture
async def config(redis: Redis, redis_url: str, qdrant_url: str, server: ModelServer) -> Mapping[str, Any]:
    await without_memories(qdrant_url)
    return configured(redis_url, qdrant_url, server)


@pytest.fixture
async def memory(config: Mapping[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory.from_config(config) as opened:
        yield opened


async def test_what_is_added_is_told_and_found_again(memory: AsyncMemory) -> None:
    added = await memory.add(
        [
            {"role": "user", "content": "I live in Lisbon. I love fado."},
            {"role": "assistant", "content": "Lovely."},
        ],
        user_id="ana",
        metadata={"source": "test"},
    )
    assert sorted((result["event"], result["memory"]) for result in added["results"]) == [
        ("ADD", "I live in Lisbon."),
        ("ADD", "I love fado."),
    ]
    answer = await memory.search("Who is it that I live with in Lisbon?", user_id="ana", limit=1)
    (best,) = answer["results"]
    assert best["memory"] == "I live in Lisbon."
    assert best["id"] in {result["id"] for result in added["results"]}
    assert best["user_id"] == "ana"
    assert "agent_id" not in best
    assert best["metadata"] == {"source": "test"}
    assert 0 <= best["score"] <= 1
    assert datetime.fromisoformat(best["created_at"]).tzinfo is not None


async def test_a_changed_fact_tells_what_it_was_before(memory: AsyncMemory) -> None:
    await memory.add("My stack is now Vue.js with Laravel.", user_id="ana")
    (changed,) = (await memory.add("My stack is now Next.js with Laravel.", user_id="ana"))["results"]
    assert (changed["event"], changed["memory"]) == ("UPDATE", "My stack is now Next.js with Laravel.")
    assert changed["previous_memory"] == "My stack is now Vue.js with Laravel."
    history = await memory.history(changed["id"])
    assert [(change["event"], change["old_memory"], change["new_memory"]) for change in history] == [
        ("ADD", None, "My stack is now Vue.js with Laravel."),
        ("UPDATE", "My stack is now Vue.js with Laravel.", "My stack is now Next.js with Laravel."),
    ]


async def test_a_memory_is_read_changed_and_deleted_by_its_id(memory: AsyncMemory) -> None:
    (added,) = (await memory.add("My name is Ana.", user_id="ana"))["results"]
    assert await memory.update(added["id"], data="Her name is Ana Sousa.") == {
        "message": "Memory updated successfully!"
    }
    read = await memory.get(added["id"])
    assert read is not None
    assert read["memory"] == "Her name is Ana Sousa."
    assert await memory.delete(memory_id=added["id"]) == {"message": "Memory deleted successfully!"}
    assert await memory.get(added["id"]) is None
    assert await memory.history(added["id"]) == []


async def test_metadata_joins_what_was_there_and_a_memory_past_its_day_is_shown_on_request(memory: AsyncMemory) -> None:
    (added,) = (await memory.add("My name is Ana.", user_id="ana", metadata={"a": 1, "b": 1}))["results"]
    await memory.update(added["id"], metadata={"b": 2})
    assert (await memory.get_all(user_id="ana"))["results"][0]["metadata"] == {"a": 1, "b": 2}
    await memory.update(added["id"], expiration_date="2020-02-29")
    assert (await memory.get_all(user_id="ana"))["results"] == []
    assert (await memory.search("name", user_id="ana"))["results"] == []
    (shown,) = (await memory.search("name", user_id="ana", show_expired=True))["results"]
    assert (shown["memory"], shown["expiration_date"]) == ("My name is Ana.", "2020-02-29")
    await memory.update(added["id"], expiration_date=None)
    assert "expiration_date" not in (await memory.get_all(user_id="ana"))["results"][0]
    with pytest.raises(BadRequest, match="say what is to change"):
        await memory.update(added["id"])


async def test_two_changes_of_metadata_at_once_both_hold(memory: AsyncMemory) -> None:
    (added,) = (await memory.add("My name is Ana.", user_id="ana", metadata={"kept": 1}))["results"]
    await asyncio.gather(*(memory.update(added["id"], metadata={f"key {number}": number}) for number in range(4)))
    (read,) = (await memory.get_all(user_id="ana"))["results"]
    assert read["metadata"] == {"kept": 1, **{f"key {number}": number for number in range(4)}}
    for number in range(3):
        await memory.update(added["id"], metadata={f"long {number}": "x" * 5_000})
    with pytest.raises(BadRequest, match="metadata: with what is there already it must not be larger than 16384 bytes"):
        await memory.update(added["id"], metadata={"one more": "x" * 5_000})


@pytest.mark.parametrize("unknown", ["mem_abc", "0d0c6c2e-0000-4000-8000-000000000000"])
async def test_an_unknown_id_is_told_to_be_unknown(memory: AsyncMemory, unknown: str) -> None:
    for change in (memory.update(unknown, text="Anything."), memory.delete(unknown)):
        with pytest.raises(NotFound, match="there is no memory with th"):
            await change
    assert await memory.get(unknown) is None
    assert await memory.history(unknown) == []


async def test_get_all_gives_every_memory_unless_it_is_told_how_many(memory: AsyncMemory) -> None:
    messages = [{"role": "user", "content": f"I own book number {number}."} for number in range(150)]
    await memory.add(messages, user_id="ana", infer=False)
    await memory.add(
        [{"role": "user", "content": f"And I own film {number}."} for number in range(60)], user_id="ana", infer=False
    )
    every = (await memory.get_all(user_id="ana"))["results"]
    assert len({memory["id"] for memory in every}) == 210
    assert [result["id"] for result in (await memory.get_all(user_id="ana", top_k=3))["results"]] == [
        memory["id"] for memory in every[:3]
    ]


async def test_mem0_s_filters_name_the_owner_and_look_into_metadata(memory: AsyncMemory) -> None:
    await memory.add("I like red.", user_id="ana", metadata={"team": "red"}, infer=False)
    await memory.add("I like blue.", user_id="ana", metadata={"team": "blue"}, infer=False)
    await memory.add("I like green.", user_id="bob", metadata={"team": "blue"}, infer=False)
    filters = {"user_id": "ana", "team": "blue"}
    assert [result["memory"] for result in (await memory.search("like", filters=filters))["results"]] == [
        "I like blue."
    ]
    assert [result["memory"] for result in (await memory.get_all(filters=filters))["results"]] == ["I like blue."]


async def test_delete_all_forgets_one_owner_and_gives_a_receipt(memory: AsyncMemory) -> None:
    await asyncio.gather(*(memory.add("I live here.", user_id=user, infer=False) for user in ("ana", "bob")))
    answer = await memory.delete_all(user_id="ana")
    assert answer["message"] == "Memories deleted successfully!"
    assert answer["receipt"]["verified"] is True
    assert (await memory.get_all(user_id="ana"))["results"] == []
    assert len((await memory.get_all(user_id="bob"))["results"]) == 1
    with pytest.raises(BadRequest, match="name an owner"):
        await memory.delete_all()


async def test_a_reset_forgets_everybody_of_the_collection_and_nobody_else(config: Mapping[str, Any]) -> None:
    store = {
        "vector_store": {
            "provider": "qdrant",
            "config": {**config["vector_store"]["config"], "collection_name": "other"},
        }
    }
    async with AsyncMemory(config) as memory, AsyncMemory({**config, **store}) as other:
        for library in (memory, other):
            await library.add("I live here.", user_id="ana", infer=False)
            await library.add("I answer questions.", agent_id="bot", infer=False)
        await memory.reset()
        assert (await memory.get_all(user_id="ana"))["results"] == []
        assert (await memory.get_all(agent_id="bot"))["results"] == []
        assert len((await other.get_all(user_id="ana"))["results"]) == 1
        assert len((await other.get_all(agent_id="bot"))["results"]) == 1


async def test_a_secret_is_masked_before_a_model_sees_it(memory: AsyncMemory, server: ModelServer) -> None:
    await memory.add("My card is 4111 1111 1111 1111.", user_id="ana", prompt="Keep cards.", infer=True)
    await memory.search("Whose is 4111 1111 1111 1111?", user_id="ana")
    assert "4111" not in str(server.requests())
    assert "4111" not in str(await memory.get_all(user_id="ana"))


async def test_custom_instructions_reach_the_model(config: Mapping[str, Any], server: ModelServer) -> None:
    async with AsyncMemory({**config, "custom_instructions": "Keep what is eaten."}) as memory:
        await memory.add("I eat figs.", user_id="ana", prompt="Keep fruit.")
    requests = str([request for request in server.requests() if "messages" in request])
    assert "Keep what is eaten." in requests
    assert "Keep fruit." in requests


async def test_the_same_idempotency_key_is_accepted_once(memory: AsyncMemory, server: ModelServer) -> None:
    first = await memory.add("I live in Lisbon.", user_id="ana", idempotency_key="k")
    assert await memory.add("I live in Lisbon.", user_id="ana", idempotency_key="k") == first
    assert server.counts().calls["extraction"] == 1
