"""HTTP, the library and MCP answer Mem0's users alike: every case of one table on each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from scrubjay.client.views import TurnView
from scrubjay.mcp import answers
from scrubjay.mem0.events import add_event
from scrubjay.mem0.memories import text_hash
from scrubjay.model import TurnStatus, Write
from scrubjay.model.versions import standing, version_id, with_late
from tests.mem0.cases import FILTERS, HISTORIES, MEMORIES, REFUSALS, STATUSES
from tests.mem0.surfaces import Refused, Surface, Surfaces, surfaces
from tests.running import Running


async def outcome(surface: Surface, filters: Mapping[str, Any]) -> frozenset[str] | str:
    """The texts of the memories that a filter lists, or the code of the refusal."""
    try:
        return frozenset(memory["memory"] for memory in await surface.listed(filters))
    except Refused as refusal:
        return str(refusal)


async def test_every_filter_lists_the_same_memories_on_every_surface(stack: Running, key: str, tenant: str) -> None:
    async with surfaces(stack, key, tenant) as opened:
        for kept in MEMORIES:
            await opened.library.call(
                "add", {"text": kept.text, "user_id": "ana", **kept.ids, "metadata": kept.metadata, "infer": False}
            )
        differences = [
            (name, filters, answer, expected)
            for filters, expected in FILTERS
            for name, surface in opened.every.items()
            if (answer := await outcome(surface, {"AND": [{"user_id": "ana"}, filters]})) != expected
        ]
        assert differences == []
        for name, surface in opened.every.items():
            for memory in await surface.listed({"user_id": "ana"}):
                assert memory.get("hash", text_hash(memory["memory"])) == text_hash(memory["memory"]), name


async def learn_late(opened: Surfaces, memory_id: str, late: tuple[str, int]) -> None:
    """Give a memory a version that was learned late, as the planner does for a turn with an earlier timestamp."""
    text, after = late
    local = cast("Any", opened.library.memory)._calls._backend
    parts, reach = local._parts, local._reach
    versions = await parts.store.history(reach, memory_id)
    stands = standing(versions)
    assert stands is not None
    since = versions[after].valid_from - timedelta(microseconds=1)
    changes = {"text": text, "valid_from": since, "said_at": None, "valid_to": None}
    past = [version for version in versions if version.version != stands.version]
    placed = with_late(stands, past, stands.model_copy(update=changes))
    assert placed is not None
    points = [(memory_id, placed.stands), *((version_id(memory_id, memory.version), memory) for memory in placed.past)]
    (vector,) = await parts.embedder.embed([text])
    writes = [Write(point_id=point_id, memory=memory, vector=tuple(vector)) for point_id, memory in points]
    async with parts.lanes.edit(stands.scope.lane) as lease:
        await parts.store.apply(lease, writes, math.inf)


async def test_every_history_has_the_same_entries_under_the_same_ids(stack: Running, key: str, tenant: str) -> None:
    async with surfaces(stack, key, tenant) as opened:
        for number, case in enumerate(HISTORIES):
            added = await opened.library.call(
                "add", {"text": case.texts[0], "user_id": f"user-{number}", "infer": False}
            )
            memory_id = added["results"][0]["id"]
            for text in case.texts[1:]:
                await opened.library.call("update", {"memory_id": memory_id, "text": text})
            if case.late is not None:
                await learn_late(opened, memory_id, case.late)
            histories = {name: await surface.history(memory_id) for name, surface in opened.with_history.items()}
            for name, entries in histories.items():
                changes = tuple((entry["event"], entry["old_memory"], entry["new_memory"]) for entry in entries)
                assert changes == case.entries, (name, number)
            ids = {name: [entry["id"] for entry in entries] for name, entries in histories.items()}
            assert ids["library"] == ids["HTTP"], number
            assert ids["library over HTTP"] == ids["HTTP"], number
            assert len(set(ids["HTTP"])) == len(case.entries), number


async def test_every_refusal_is_the_same_on_every_surface(stack: Running, key: str, tenant: str) -> None:
    async with surfaces(stack, key, tenant) as opened:
        differences = []
        for method, arguments, code in REFUSALS:
            for name, surface in opened.every.items():
                try:
                    answer = str(await surface.call(method, arguments))
                except Refused as refusal:
                    answer = str(refusal)
                if answer != code:
                    differences.append((name, method, arguments, answer))
        assert differences == []


async def test_every_status_has_the_same_name_over_http_and_mcp() -> None:
    for status, expected, tells_error in STATUSES:
        turn = TurnStatus(id="t", status=status, attempts=1, error="bad_answer", accepted_at="2026-01-01T00:00:00Z")
        over_http, over_mcp = add_event(turn), await answers.event(TurnView.model_validate(turn.model_dump()))
        assert (over_http.status, over_mcp.status) == (expected, expected), status
        assert over_http.error == over_mcp.error, status
        assert (over_http.error is not None) is tells_error, status
