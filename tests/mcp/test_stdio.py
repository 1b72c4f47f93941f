"""The eleven tools, driven by the official client over stdio against a running stack."""

from __future__ import annotations

from tests.mcp.calling import NAMES, answer, over_stdio, refusal, remembered
from tests.running import OPERATOR_KEY, Running


async def test_an_editor_drives_the_eleven_tools_over_stdio(keyed: Running) -> None:
    async with over_stdio(keyed, OPERATOR_KEY, "ana") as editor:
        assert {tool.name for tool in (await editor.list_tools()).tools} == NAMES

        queued = await answer(editor, "add_memory", text="I live in Lisbon and build with Vue.js", source="MCP")
        assert queued["status"] == "PENDING"
        event = await remembered(editor, "Ana builds with Vue.js", metadata={"stars": 5})
        [made] = event["results"]
        assert made["event"] == "ADD"
        assert (await answer(editor, "get_event_status", event_id=event["event_id"])) == event
        # One lane, in order: what was handed in before is remembered too by now.
        earlier = await answer(editor, "get_event_status", event_id=queued["event_id"])
        assert earlier["status"] == "SUCCEEDED"
        listed = await answer(editor, "list_events", page_size=1)
        assert [result["event_id"] for result in listed["results"]] == [event["event_id"]]
        assert listed["next_page"] == 2

        page = await answer(editor, "search_memories", query="what does Ana build with?", top_k=1)
        assert [result["id"] for result in page["results"]] == [made["id"]]
        assert page["pending"] == 0
        starred = await answer(editor, "get_memories", filters={"metadata": {"stars": {"gte": 4}}})
        assert [result["user_id"] for result in starred["results"]] == ["ana"]
        assert starred["next_page"] is None

        changed = await answer(editor, "update_memory", memory_id=made["id"], text="Ana builds with Next.js")
        assert changed == await answer(editor, "get_memory", memory_id=made["id"])
        assert (changed["memory"], changed["metadata"]) == ("Ana builds with Next.js", {"stars": 5})
        changed = await answer(editor, "update_memory", memory_id=made["id"], metadata={"stars": 3})
        assert (changed["memory"], changed["metadata"]) == ("Ana builds with Next.js", {"stars": 3})
        assert (await answer(editor, "delete_memory", memory_id=made["id"]))["id"] == made["id"]
        assert "no memory with this id" in await refusal(editor, "get_memory", memory_id=made["id"])

        await remembered(editor, "Helps with bookings", agent_id="helper")
        entities = {(result["type"], result["id"]) for result in (await answer(editor, "list_entities"))["results"]}
        assert {("user", "ana"), ("agent", "helper")} <= entities
        receipt = await answer(editor, "delete_all_memories")
        assert (receipt["turns"], receipt["verified"]) == (2, True)
        [gone] = (await answer(editor, "delete_entities", agent_id="helper"))["receipts"]
        assert (gone["memories"], gone["verified"]) == (1, True)
        assert (await answer(editor, "get_memories"))["count"] == 0
