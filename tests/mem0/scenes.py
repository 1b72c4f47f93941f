"""What each method of Mem0's clients sends, and what it is answered: a scene for every method, played by both clients.

A scene takes the client and the name of somebody new. It looks at the request as Mem0's protocol has it, and at every
field of the answer that their clients, or people behind them, read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.mem0.clients import Speaker, options
from tests.support import wait_until

Scene = Callable[[Speaker, str], Awaitable[None]]
SCENES: dict[str, Scene] = {}
OWNERS = ("user_id", "agent_id", "app_id", "run_id")
MEMORY = {"id", "memory", *OWNERS, "session_id", "metadata", "categories", "created_at", "updated_at"}
LISTED = {*MEMORY, "structured_attributes", "replaced_by", "synthesized", "expiration_date"}
SAID = [{"role": "user", "content": "I live in Lisbon"}, {"role": "assistant", "content": "A fine place."}]


def plays(method: str) -> Callable[[Scene], Scene]:
    """A scene is of this method."""

    def noted(scene: Scene) -> Scene:
        SCENES[method] = scene
        return scene

    return noted


async def remembered(speak: Speaker, user: str, text: str = "I live in Lisbon", **more: Any) -> str:
    """A memory of somebody's; returns its id."""
    added = await speak("add", text, user_id=user, infer=False, **more)
    return str(added["results"][0]["id"])


def is_memory(memory: Mapping[str, Any], user: str, fields: set[str] = MEMORY) -> bool:
    """Whether this is a memory of somebody's as Mem0 shows it."""
    whose = memory["user_id"] == user and memory["session_id"] == memory["run_id"]
    kinds = isinstance(memory["metadata"], dict | None) and isinstance(memory["categories"], list | None)
    times = [datetime.fromisoformat(memory[name]) for name in ("created_at", "updated_at")]
    return fields <= {*memory} and bool(UUID(memory["id"])) and whose and kinds and all(at.tzinfo for at in times)


@plays("add")
async def add(speak: Speaker, user: str) -> None:
    answer = await speak("add", SAID, user_id=user, metadata={"k": 1}, run_id=None)
    assert speak.last.line == "POST /v3/memories/add/"
    assert speak.last.body == {"messages": SAID, "user_id": user, "metadata": {"k": 1}}
    assert UUID(answer["event_id"])
    assert answer["status"] == "PENDING"
    await wait_until(lambda: _status(speak, answer["event_id"], "SUCCEEDED"), what="the turn settled")
    page = await speak("get_all", filters={"user_id": user})
    assert [(memory["memory"], memory["metadata"]) for memory in page["results"]] == [("I live in Lisbon", {"k": 1})]

    add_options = options.AddMemoryOptions(
        filters={"user_id": user, "agent_id": "bot"}, infer=False, timestamp=1_700_000_000
    )
    answer = await speak("add", {"role": "user", "content": "I love tea"}, add_options)
    assert speak.last.body["filters"] == {"user_id": user, "agent_id": "bot"}
    assert {**answer, "event_id": "", "results": []} == {
        "message": "Memories stored successfully", "status": "SUCCEEDED", "event_id": "", "results": [],
    }  # fmt: skip
    (result,) = answer["results"]
    assert result["event"] == "ADD"
    assert result["data"] == {"memory": "I love tea"}
    kept = await speak("get", result["id"])
    assert (kept["agent_id"], kept["valid_from"]) == ("bot", "2023-11-14T22:13:20Z")


async def _status(speak: Speaker, event_id: str, status: str) -> bool:
    """Their Python client asks for no event: others do, at this address."""
    page = await speak(
        "client.get" if hasattr(speak.client, "client") else "async_client.get", f"/v1/event/{event_id}/"
    )
    return bool(page.json()["status"] == status)


@plays("search")
async def search(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user, metadata={"k": 1})
    answer = await speak("search", "  Where does Ana live in? ", filters={"user_id": user}, top_k=3, rerank=True)
    assert speak.last.line == "POST /v3/memories/search/"
    assert speak.last.body == {
        "query": "Where does Ana live in?", "filters": {"user_id": user}, "top_k": 3, "rerank": True,
    }  # fmt: skip
    (memory,) = answer["results"]
    assert is_memory(memory, user)
    assert (memory["id"], memory["metadata"]) == (kept, {"k": 1})
    assert 0.1 <= memory["score"] <= 1
    assert answer["pending"] == 0
    search_options = options.SearchMemoryOptions(filters={"AND": [{"user_id": user}]}, threshold=1.0, latest_only=True)
    assert (await speak("search", "Lisbon", search_options))["results"] == []


@plays("get_all")
async def get_all(speak: Speaker, user: str) -> None:
    kept = [await remembered(speak, user, text) for text in ("I live in Lisbon", "I love tea", "I own a boat")]
    page = await speak("get_all", filters={"user_id": user}, page=1, page_size=2)
    assert (speak.last.line, speak.last.query) == ("POST /v3/memories/", {"page": "1", "page_size": "2"})
    assert speak.last.body == {"filters": {"user_id": user}}
    assert (page["count"], page["previous"]) == (3, None)
    assert all(is_memory(result, user, LISTED) for result in page["results"])
    rest = await speak("get_all", filters={"user_id": user}, page=2, page_size=2)
    assert (rest["next"], [memory["id"] for memory in [*page["results"], *rest["results"]]]) == (None, kept[::-1])
    get_options = options.GetAllMemoryOptions(filters={"user_id": user}, start_date="2020-01-01", end_date="2020-12-31")
    assert (await speak("get_all", get_options))["results"] == []


@plays("get")
async def get(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    memory = await speak("get", kept)
    assert speak.last.line == f"GET /v1/memories/{kept}/"
    assert is_memory(memory, user, {*LISTED, "lifecycle_state"})
    assert memory["memory"] == "I live in Lisbon"


@plays("update")
async def update(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    memory = await speak("update", kept, text="Ana lives in Porto")
    assert (speak.last.line, speak.last.body) == (f"PUT /v1/memories/{kept}/", {"text": "Ana lives in Porto"})
    assert is_memory(memory, user)
    assert (memory["id"], memory["memory"]) == (kept, "Ana lives in Porto")
    assert (await speak("update", kept, options.UpdateMemoryOptions(text="Braga")))["memory"] == "Braga"


@plays("delete")
async def delete(speak: Speaker, user: str) -> None:
    kept = [await remembered(speak, user, text) for text in ("I live in Lisbon", "I love tea")]
    answer = await speak("delete", kept[0])
    assert (speak.last.line, speak.last.query) == (f"DELETE /v1/memories/{kept[0]}/", {})
    assert answer["message"] == "Memory deleted successfully!"
    await speak("delete", kept[1], delete_linked=True)
    assert speak.last.query == {"delete_linked": "true"}
    assert (await speak("get_all", filters={"user_id": user}))["count"] == 0


@plays("delete_all")
async def delete_all(speak: Speaker, user: str) -> None:
    await remembered(speak, user)
    answer = await speak("delete_all", user_id=user)
    assert (speak.last.line, speak.last.query) == ("DELETE /v1/memories/", {"user_id": user})
    assert answer["message"] == "Delete in progress. This may take some time."
    assert await _status(speak, answer["event_id"], "SUCCEEDED")
    assert (await speak("get_all", filters={"user_id": user}))["count"] == 0
    await remembered(speak, user)
    delete_options = options.DeleteAllMemoryOptions(filters={"user_id": user})
    assert UUID((await speak("delete_all", delete_options))["event_id"])
    assert speak.last.query == {"filters": str({"user_id": user})}
    assert (await speak("get_all", filters={"user_id": user}))["count"] == 0


@plays("history")
async def history(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    await speak("update", kept, text="Ana lives in Porto")
    first, second = await speak("history", kept)
    assert speak.last.line == f"GET /v1/memories/{kept}/history/"
    assert first["input"] == [{"role": "user", "content": "I live in Lisbon"}]
    rows = [(version["event"], version["old_memory"], version["new_memory"]) for version in (first, second)]
    assert rows == [("ADD", None, "I live in Lisbon"), ("UPDATE", "I live in Lisbon", "Ana lives in Porto")]
    for version in (first, second):
        assert {*OWNERS, "session_id", "categories", "metadata"} <= {*version}
        assert (version["memory_id"], version["user_id"]) == (kept, user)
        assert datetime.fromisoformat(version["created_at"]) <= datetime.fromisoformat(version["updated_at"])
    assert first["id"] != second["id"]


@plays("batch_update")
async def batch_update(speak: Speaker, user: str) -> None:
    kept = [await remembered(speak, user, text) for text in ("I live in Lisbon", "I love tea")]
    batch = [{"memory_id": memory_id, "text": f"new {number}"} for number, memory_id in enumerate(kept)]
    answer = await speak("batch_update", batch)
    assert (speak.last.line, speak.last.body) == ("PUT /v1/batch/", {"memories": batch})
    assert answer["message"] == "Successfully updated 2 memories"
    assert [(await speak("get", memory_id))["memory"] for memory_id in kept] == ["new 0", "new 1"]


@plays("batch_delete")
async def batch_delete(speak: Speaker, user: str) -> None:
    kept = [await remembered(speak, user, text) for text in ("I live in Lisbon", "I love tea")]
    answer = await speak("batch_delete", [{"memory_id": memory_id} for memory_id in kept])
    assert speak.last.line == "DELETE /v1/batch/"
    assert speak.last.body == {"memories": [{"memory_id": memory_id} for memory_id in kept]}
    assert answer["message"] == "Successfully deleted 2 memories"
    assert (await speak("get_all", filters={"user_id": user}))["count"] == 0
