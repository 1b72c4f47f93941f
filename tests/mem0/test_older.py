"""The requests of Mem0's older clients, as they were recorded: 0.1, 1.0, and plugins that speak like them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support import wait_until

SAID = {"messages": [{"role": "user", "content": "I live in Lisbon"}]}
INJECTED = {"org_id": "org-x", "project_id": "proj-x"}
QUERY = "I live in Lisbon"


async def settled(http: httpx.AsyncClient, event_id: str) -> list[dict[str, Any]]:
    """What came of an add, asked for as Zapier, n8n and Mem0's command do."""

    async def ended() -> Any:
        event = (await http.get(f"/v1/event/{event_id}/")).json()
        return event["results"] if event["status"] == "SUCCEEDED" else None

    return list(await wait_until(ended, what="the event's end"))


async def asked(http: httpx.AsyncClient, method: str, path: str, **more: Any) -> Any:
    answer = await http.request(method, path, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_version_0_1_adds_searches_and_lists(http: httpx.AsyncClient, user: str) -> None:
    body = {**SAID, **INJECTED, "user_id": user, "version": "v2", "output_format": "v1.1"}
    added = await asked(http, "POST", "/v1/memories/", json=body, params=INJECTED)
    assert added.keys() == {"results", "relations"}
    ((event,), relations) = added.values()
    assert (event["status"], relations) == ("PENDING", [])
    (result,) = await settled(http, event["event_id"])
    assert (result["event"], result["data"]["memory"], result["user_id"]) == ("ADD", "I live in Lisbon", user)

    flat = await asked(http, "POST", "/v1/memories/search/", json={"query": QUERY, "user_id": user, **INJECTED})
    assert [memory["memory"] for memory in flat] == ["I live in Lisbon"]
    newer = {"query": QUERY, "user_id": user, "output_format": "v1.1", "limit": 5}
    assert (await asked(http, "POST", "/v1/memories/search/", json=newer))["results"] == flat

    listed = await asked(http, "GET", "/v1/memories/", params={"user_id": user, **INJECTED})
    assert [memory["id"] for memory in listed] == [result["id"]]
    paged = await asked(http, "GET", "/v1/memories/", params={"user_id": user, "page": "1", "page_size": "50"})
    assert (paged["count"], paged["next"], paged["results"]) == (1, None, listed)


async def test_version_1_0_adds_searches_and_lists(http: httpx.AsyncClient, user: str) -> None:
    body = {**SAID, "user_id": user, "async_mode": True, "output_format": "v1.1"}
    (added,) = await asked(http, "POST", "/v1/memories/", json=body, params=INJECTED)
    assert added["message"] == "Memory processing has been queued for background execution"
    assert UUID(added["event_id"])
    assert added["status"] == "PENDING"
    await settled(http, added["event_id"])
    filters = {"AND": [{"user_id": user}]}
    memories = await asked(
        http, "POST", "/v2/memories/search/", json={"query": QUERY, "filters": filters, "top_k": "5"}
    )
    assert [memory["memory"] for memory in memories] == ["I live in Lisbon"]
    listed = await asked(http, "POST", "/v2/memories/", json={"filters": filters, **INJECTED})
    assert [memory["memory"] for memory in listed] == ["I live in Lisbon"]
    paged = await asked(http, "POST", "/v2/memories/?page=1&page_size=1", json={"filters": filters})
    assert paged == {"count": 1, "next": None, "previous": None, "results": listed, "pending": 0}


async def test_an_old_client_that_waits_gets_the_memories_themselves(http: httpx.AsyncClient, user: str) -> None:
    (added,) = await asked(http, "POST", "/v1/memories/", json={**SAID, "user_id": user, "async_mode": False})
    assert (added["event"], added["memory"]) == ("ADD", "I live in Lisbon")


async def test_the_second_version_finds_what_the_third_does_and_takes_a_threshold_as_text(
    http: httpx.AsyncClient, user: str
) -> None:
    await asked(http, "POST", "/v3/memories/add/", json={**SAID, "user_id": user, "infer": False})
    asks = {"query": "Where does Ana live?", "filters": {"user_id": user}}
    (memory,) = await asked(http, "POST", "/v2/memories/search/", json={**asks, "threshold": 0})
    assert 0.1 < memory["score"] < 0.3
    assert await asked(http, "POST", "/v2/memories/search/", json=asks) == [memory]
    assert await asked(http, "POST", "/v2/memories/search/", json={**asks, "threshold": "0.3"}) == []
    assert await asked(http, "POST", "/v2/memories/search/", json={**asks, "threshold": str(memory["score"])}) == [
        memory
    ]


@pytest.mark.parametrize("path", ["/v1/memories/", "/v2/memories/", "/v3/memories/"])
async def test_no_address_lists_anybodys_memories_without_an_owner(http: httpx.AsyncClient, path: str) -> None:
    for filters in ({}, {"user_id": "*"}, {"NOT": {"user_id": "ana"}}):
        more: dict[str, Any] = {"json": {"filters": filters}} if path != "/v1/memories/" else {"params": {}}
        answer = await http.request("POST" if "json" in more else "GET", path, **more)
        assert (answer.status_code, "name an owner" in answer.json()["detail"]) == (400, True)


async def test_events_are_listed_newest_first(http: httpx.AsyncClient, user: str) -> None:
    events = [
        (await asked(http, "POST", "/v3/memories/add/", json={**SAID, "user_id": user}))["event_id"] for _ in range(2)
    ]
    page = await asked(http, "GET", "/v1/events/?page_size=2")
    assert [event["id"] for event in page["results"]] == events[::-1]
    assert page["count"] >= 2
    shape = {"id", "event_type", "status", "payload", "metadata", "results", "created_at", "updated_at", "started_at",
             "completed_at", "latency", "graph_status", "error"}  # fmt: skip
    assert all(event.keys() == shape and event["event_type"] == "ADD" for event in page["results"])
