"""Who has memories: users, agents, runs and apps are listed with their numbers, and each can be forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.ingest.drain import drain
from scrubjay.model import Scope
from tests.integration.front import Front, fronts

OWNERS = (
    {"user_id": "ana"},
    {"user_id": "ana", "agent_id": "bot", "app_id": "desk"},
    {"agent_id": "bot"},
    {"run_id": "a/b c"},
)


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        worker = made.parts.drain
        for number, owner in enumerate(OWNERS):
            messages = [{"role": "user", "content": f"I have number {number}"}]
            answer = await made.ask("POST", "/turns", json={**owner, "messages": messages, "infer": False})
            assert answer.status_code == 202, answer.text
            await drain(Scope(tenant="default", **owner).lane, worker)
        yield made


async def listed(front: Front, query: str = "", key: str | None = None) -> list[dict[str, Any]]:
    answer = await front.ask("GET", f"/entities{query}", **({"key": key} if key else {}))
    assert answer.status_code == 200, answer.text
    entities: list[dict[str, Any]] = answer.json()
    return entities


def told(entities: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(entity["type"], entity["id"], entity["total_memories"]) for entity in entities]


async def test_every_entity_is_listed_by_kind_and_name_with_its_memories(front: Front) -> None:
    entities = await listed(front)
    assert told(entities) == [("user", "ana", 2), ("agent", "bot", 2), ("run", "a/b c", 1), ("app", "desk", 1)]
    assert told(await listed(front, "?type=agent")) == [("agent", "bot", 2)]
    assert told(await listed(front, "?page=2&page_size=3")) == [("app", "desk", 1)]


async def test_a_list_takes_as_many_queries_however_many_entities_there_are(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries, send = Counter[str](), httpx.AsyncClient.send

    async def noted(self: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:
        queries[request.url.path.rpartition("/")[2]] += 1
        return await send(self, request, **more)

    async def taken(path: str) -> Counter[str]:
        queries.clear()
        assert (await front.ask("GET", path)).status_code == 200
        return queries.copy()

    monkeypatch.setattr(httpx.AsyncClient, "send", noted)
    few = [await taken(path) for path in ("/entities?page_size=1000", "/v1/entities/")]
    memories = [{"memory": "I like tea", "user_id": f"user {number:03}"} for number in range(100)]
    assert (await front.ask("POST", "/import", json={"memories": memories})).json()["imported"] == 100
    assert [await taken(path) for path in ("/entities?page_size=1000", "/v1/entities/")] == few
    assert [call["facet"] for call in few] == [4, 4]
    assert len(await listed(front)) == 50
    assert told(await listed(front, "?page=26&page_size=4"))[:2] == [("user", "user 099", 1), ("agent", "bot", 2)]


async def test_a_key_sees_the_entities_of_its_tenant_and_of_its_user_alone(front: Front) -> None:
    other = await front.key("admin", tenant="other")
    assert await listed(front, key=other["key"]) == []
    limited = await front.key("read", user_id="ana")
    assert told(await listed(front, key=limited["key"])) == [
        ("user", "ana", 2),
        ("agent", "bot", 1),
        ("app", "desk", 1),
    ]


async def test_an_entity_whose_name_holds_a_slash_is_forgotten_with_a_receipt(front: Front) -> None:
    answer = await front.ask("DELETE", "/entities/run/a%2Fb%20c")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["memories"], answer.json()["scope"], answer.json()["verified"]) == (1, ["run_id"], True)
    assert ("run", "a/b c", 1) not in told(await listed(front))
    assert (await front.ask("DELETE", "/entities/wizard/merlin")).status_code == 422


async def test_feedback_stands_with_a_memory_until_it_says_something_else(front: Front) -> None:
    (memory,) = (await front.ask("GET", "/memories", params={"run_id": "a/b c"})).json()["results"]
    path = f"/memories/{memory['id']}"
    body = {"rating": "negative", "reason": "it was number 4; my password is hunter2x"}
    feedback = (await front.ask("PUT", f"{path}/feedback", json=body)).json()["feedback"]
    assert (feedback["rating"], feedback["reason"]) == (
        "negative",
        "it was number 4; my password is [masked: password]",
    )
    assert (await front.ask("GET", path)).json()["feedback"] == feedback
    await front.ask("PUT", path, json={"text": "I have number 4"})
    assert (await front.ask("GET", path)).json()["feedback"] is None
    assert [version["feedback"] for version in (await front.ask("GET", f"{path}/history")).json()] == [feedback, None]
    await front.ask("PUT", f"{path}/feedback", json={"rating": "positive"})
    taken_back = await front.ask("PUT", f"{path}/feedback", json={"rating": None})
    assert taken_back.json()["feedback"] is None
    assert (await front.ask("GET", path)).json()["feedback"] is None


async def test_nobody_is_forgotten_who_is_not_named_whoever_the_key_is_limited_to(front: Front) -> None:
    key = (await front.key("write", user_id="ana"))["key"]
    for path, status in (("/memories", 400), ("/memories/", 404), ("/v1/memories/", 400)):
        answer = await front.ask("DELETE", path, key, follow_redirects=True)
        assert answer.status_code == status, path
    twice = await front.ask("DELETE", "/v1/memories/?user_id=ana&user_id=bob", key)
    assert (twice.status_code, "more than once" in twice.text) == (400, True)
    assert told(await listed(front, "?type=user")) == [("user", "ana", 2)]


async def test_a_key_limited_to_one_user_hears_of_the_forgetting_of_this_user_alone(front: Front) -> None:
    key = (await front.key("write", user_id="ana"))["key"]
    for query, status in ((f"?run_id={OWNERS[3]['run_id']}", 404), ("?user_id=ana", 200)):
        event = (await front.ask("DELETE", f"/v1/memories/{query}")).json()["event_id"]
        assert (await front.ask("GET", f"/v1/event/{event}/")).status_code == 200
        assert (await front.ask("GET", f"/v1/event/{event}/", key)).status_code == status


@pytest.mark.parametrize("name", [".", ".."])
async def test_what_no_address_can_name_is_no_id(front: Front, name: str) -> None:
    messages = [{"role": "user", "content": "hello"}]
    answer = await front.ask("POST", "/turns", json={"agent_id": name, "messages": messages})
    assert (answer.status_code, "no address can name" in answer.json()["detail"]) == (422, True)


async def test_an_undo_takes_back_what_was_thought_of_the_words_that_go(front: Front) -> None:
    (memory,) = (await front.ask("GET", "/memories", params={"run_id": "a/b c"})).json()["results"]
    path, kept = f"/memories/{memory['id']}", {"rating": "positive"}
    await front.ask("PUT", f"{path}/feedback", json=kept)
    await front.ask("PUT", path, json={"text": "I have number 5"})
    await front.ask("PUT", f"{path}/feedback", json={"rating": "negative"})
    undone = await front.ask("POST", f"{path}/undo")
    assert undone.json()["feedback"]["rating"] == "positive"
    await front.ask("PUT", path, json={"metadata": {"seat": "window"}})
    await front.ask("PUT", f"{path}/feedback", json={"rating": "very_negative"})
    undone = await front.ask("POST", f"{path}/undo")
    assert (undone.json()["metadata"], undone.json()["feedback"]["rating"]) == (memory["metadata"], "very_negative")
