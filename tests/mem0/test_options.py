"""The options of Mem0's clients: each does what it says, or is refused by name."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.mem0.clients import Speaker, exceptions, options, speaking
from tests.mem0.conftest import OPERATOR, Keys
from tests.mem0.scenes import remembered
from tests.running import Running


async def test_what_changes_nothing_is_passed_over(speak: Speaker, user: str) -> None:
    flags: dict[str, Any] = {
        "enable_graph": True, "output_format": "v1.1", "version": "v2", "source": "CLI", "org_id": "o",
        "project_id": "p", "immutable": False, "a_flag_of_tomorrow": 1,
    }  # fmt: skip
    added = await speak("add", "I live in Lisbon", user_id=user, infer=False, **flags)
    assert added["status"] == "SUCCEEDED"
    more = {**flags, "rerank": True, "keyword_search": True, "latest_only": False}
    assert len((await speak("search", "Lisbon", filters={"user_id": user}, **more))["results"]) == 1


async def test_a_client_that_waits_hears_what_came_of_its_words(speak: Speaker, user: str) -> None:
    added = await speak("add", "I live in Lisbon", user_id=user, async_mode=False)
    (result,) = added["results"]
    assert (added["status"], result["event"], result["data"]) == ("SUCCEEDED", "ADD", {"memory": "I live in Lisbon"})
    assert (await speak("add", "ok thanks", user_id=user, async_mode=False))["results"] == []


async def test_system_messages_are_never_remembered(speak: Speaker, user: str) -> None:
    messages = [{"role": "system", "content": "You are a bot"}, {"role": "user", "content": "I live in Lisbon"}]
    added = await speak("add", messages, user_id=user, infer=False)
    assert [result["memory"] for result in added["results"]] == ["I live in Lisbon"]


async def test_messages_may_be_written_as_models_take_them(speak: Speaker, user: str) -> None:
    messages = [
        {"role": "developer", "content": "Be brief"},
        {"role": "user", "content": [{"type": "text", "text": "I live"}, {"type": "text", "text": "in Lisbon"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "function", "name": "look_up", "content": "[]"},
    ]
    added = await speak("add", messages, user_id=user, infer=False)
    assert [result["memory"] for result in added["results"]] == ["I live\nin Lisbon"]


async def test_every_owner_of_a_memory_can_be_asked_for(speak: Speaker, user: str) -> None:
    owners = {"user_id": user, "agent_id": f"bot {user}", "run_id": f"run {user}", "app_id": f"app {user}"}
    kept = await remembered(speak, user, **{name: owner_id for name, owner_id in owners.items() if name != "user_id"})
    for name, owner_id in owners.items():
        page = await speak("get_all", filters={name: owner_id})
        assert [result["id"] for result in page["results"]] == [kept], name
    both = {"AND": [{"user_id": user}, {"agent_id": owners["agent_id"]}]}
    (memory,) = (await speak("get_all", filters=both))["results"]
    assert {name: memory[name] for name in owners} == owners
    assert memory["session_id"] == owners["run_id"]


async def test_filters_mean_what_they_say(speak: Speaker, user: str) -> None:
    red = await remembered(speak, user, "I own a red car", metadata={"colour": "red"})
    blue = await remembered(speak, user, "I own a blue boat", metadata={"colour": "blue"})
    metadata: dict[str, Any] = {
        "a sibling of AND": {"AND": [{"user_id": user}], "OR": [{"metadata": {"colour": "red"}}]},
        "metadata": {"user_id": user, "metadata": {"colour": {"contains": "red"}}},
        "NOT as an object": {"user_id": user, "NOT": {"metadata": {"colour": "blue"}}},
        "NOT as a list": {"user_id": user, "NOT": [{"memory_ids": [blue]}]},
        "ids": {"AND": [{"user_id": user}, {"memory_ids": {"in": [red]}}]},
        "a keyword": {"user_id": user, "keywords": "RED"},
        "a keyword by its other name": {"user_id": user, "keywords_search": "red car"},
        "text": {"user_id": user, "text": {"contains": "red"}},
        "a day": {"user_id": user, "metadata": {"colour": "red"}, "created_at": {"gte": "2020-01-01"}},
    }
    for name, filters in metadata.items():
        listed = await speak("get_all", filters=filters)
        assert [result["id"] for result in listed["results"]] == [red], name
    searched = await speak("search", "what I own", filters=metadata["metadata"], threshold=0)
    assert [result["id"] for result in searched["results"]] == [red]


async def test_a_search_is_narrowed_by_what_stands_beside_its_filters(speak: Speaker, user: str) -> None:
    red = await remembered(speak, user, "I own a red car", metadata={"colour": "red"})
    await remembered(speak, user, "I own a blue boat", metadata={"colour": "blue"})
    search_options = options.SearchMemoryOptions(
        filters={"user_id": user}, metadata={"colour": "red"}, fields=["memory"]
    )
    assert (await speak("search", "what I own", search_options, threshold=0))["results"] == [
        {"id": red, "memory": "I own a red car"}
    ]
    none = await speak("search", "what I own", filters={"user_id": user}, categories=["sports"], threshold=0)
    assert none["results"] == []
    assert (await speak("get_all", filters={"user_id": user}, keywords="red"))["count"] == 1


async def test_a_memory_expires_at_the_end_of_its_day_and_can_be_told_not_to(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user, expiration_date="2020-02-29")
    assert (await speak("get_all", filters={"user_id": user}))["count"] == 0
    assert (await speak("search", "Lisbon", filters={"user_id": user}))["results"] == []
    (shown,) = (await speak("get_all", filters={"user_id": user}, show_expired=True))["results"]
    assert (shown["id"], shown["expiration_date"]) == (kept, "2020-02-29")
    await speak("update", kept, expiration_date=None)
    assert speak.last.body == {"expiration_date": None}
    assert (await speak("get_all", filters={"user_id": user}))["results"][0]["expiration_date"] is None


async def test_metadata_is_changed_alone_or_in_a_batch(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user, metadata={"k": 1})
    changed = await speak("update", kept, metadata={"k": 2})
    assert (changed["metadata"], changed["memory"]) == ({"k": 2}, "I live in Lisbon")
    await speak("batch_update", [{"memory_id": kept, "metadata": {"k": 3}}])
    assert (await speak("get", kept))["metadata"] == {"k": 3}
    with pytest.raises(exceptions.ValidationError, match="at least one of text, metadata"):
        await speak("batch_update", [{"memory_id": kept}])


async def test_secrets_are_masked_wherever_they_come_in(speak: Speaker, user: str) -> None:
    secret = "my password is hunter2x"
    kept = await remembered(speak, user, secret, metadata={"note": secret})
    await speak("update", kept, text=f"{secret} now", metadata={"note": secret})
    await speak("batch_update", [{"memory_id": kept, "text": f"{secret} again"}])
    answers = [
        await speak("get", kept),
        await speak("history", kept),
        await speak("get_all", filters={"user_id": user}),
    ]
    assert "hunter2x" not in str(answers)
    assert str(answers).count("[masked: password]") >= 6


async def test_an_idempotency_key_makes_two_adds_one(http: httpx.AsyncClient, user: str) -> None:
    body = {"messages": "I live in Lisbon", "user_id": user, "infer": False}
    first, second = [
        (await http.post("/v3/memories/add/", json=body, headers={"Idempotency-Key": user.encode().hex()})).json()
        for _ in range(2)
    ]
    assert first == second
    assert (await http.post("/v3/memories/", json={"filters": {"user_id": user}})).json()["count"] == 1


async def test_what_is_left_out_of_delete_all_never_means_everybody(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    nobody: list[dict[str, Any]] = [
        {},
        {"filters": {}},
        {"filters": {"user": user}},
        {"filters": "all"},
    ]
    for more in nobody:
        with pytest.raises(exceptions.ValidationError):
            await speak("delete_all", **more)
    assert (await speak("get", kept))["id"] == kept


async def test_delete_all_with_several_ids_forgets_what_has_all_of_them(speak: Speaker, user: str) -> None:
    both = await remembered(speak, user, "I live in Lisbon", agent_id="bot")
    tea_id = await remembered(speak, user, "I love tea")
    await speak("delete_all", user_id=user, agent_id="bot")
    assert (
        [result["id"] for result in (await speak("get_all", filters={"user_id": user}))["results"]]
        == [tea_id]
        != [both]
    )


async def test_somebody_of_whom_nothing_is_known_can_be_forgotten(speak: Speaker, user: str) -> None:
    assert uuid.UUID((await speak("delete_all", user_id=user))["event_id"])


async def event_of(speak: Speaker, event_id: str) -> Any:
    return (await speak("client.get", f"/v1/event/{event_id}/")).json()


async def test_a_star_forgets_every_owner_of_a_kind_and_needs_an_admin(
    stack: Running, keys: Keys, key: str, tenant: str
) -> None:
    async with speaking("MemoryClient", stack.url, key) as speak:
        whole = await speak("add", "I live in Lisbon", user_id="ana", infer=False)
        for name in ("bob", "cy"):
            await remembered(speak, name, agent_id="bot")
        await speak("add", "I live in Lisbon", agent_id="robot", infer=False)
        async with speaking("MemoryClient", stack.url, keys("write", tenant=tenant)) as writer:
            with pytest.raises(exceptions.AuthenticationError, match="role admin"):
                await writer("delete_all", user_id="*")
        with pytest.raises(exceptions.ValidationError, match="stands for every owner of a kind"):
            await speak("delete_all", user_id="ana", agent_id="*")

        assert len((await speak("delete_all", agent_id="*"))["receipts"]) == 2
        assert speak.last.query == {"agent_id": "*"}
        assert (await speak("get_all", filters={"user_id": {"in": ["ana", "bob", "cy"]}}))["count"] == 1
        assert (await event_of(speak, whole["event_id"]))["status"] == "SUCCEEDED"
        await remembered(speak, "bob")
        await speak("add", "I live in Lisbon", run_id="r1", infer=False)
        wiped = await speak("delete_all", user_id="*", agent_id="*", app_id="*", run_id="*")
        assert len(wiped["receipts"]) == 3
        event = await event_of(speak, wiped["event_id"])
        assert (event["event_type"], event["status"]) == ("DELETE_ALL", "SUCCEEDED")
        assert (await event_of(speak, whole["event_id"]))["status"] == "FAILED"
        for filters in ({"user_id": "ana"}, {"user_id": "bob"}, {"agent_id": "robot"}, {"run_id": "r1"}):
            assert (await speak("get_all", filters=filters))["count"] == 0
        assert (await speak("delete_all", user_id="*"))["event_id"] is None


async def test_a_star_of_one_tenant_forgets_nobody_of_another(stack: Running, key: str, user: str) -> None:
    async with speaking("MemoryClient", stack.url, OPERATOR) as ours:
        kept = await remembered(ours, user)
        async with speaking("MemoryClient", stack.url, key) as theirs:
            await theirs("delete_all", user_id="*", agent_id="*", app_id="*", run_id="*")
        assert (await ours("get", kept))["id"] == kept


async def test_a_key_of_one_user_sees_and_forgets_nobody_else(stack: Running, keys: Keys, user: str) -> None:
    async with (
        speaking("MemoryClient", stack.url, OPERATOR) as all_of_them,
        speaking("MemoryClient", stack.url, keys(user_id="only her")) as hers,
    ):
        kept = await remembered(all_of_them, user)
        with pytest.raises(exceptions.MemoryNotFoundError):
            await hers("get", kept)
        for method, more in (("get_all", {"filters": {"user_id": user}}), ("delete_all", {"user_id": user})):
            with pytest.raises(exceptions.AuthenticationError):
                await hers(method, **more)
        added = await hers("add", "I love tea", agent_id="bot", infer=False)
        assert (await hers("get", added["results"][0]["id"]))["user_id"] == "only her"
