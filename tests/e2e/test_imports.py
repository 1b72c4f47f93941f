"""`scrubjay import` against the running stack: a collection that mem0ai has written, a file, our own export."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.test_commands import answer, command, remember
from tests.imports import theirs
from tests.imports.__main__ import claims, compared, imported
from tests.imports.command import Command
from tests.running import Running

COUNT, BATCH = 150, 10
MOMENT = "2024-07-20T08:30:36.275141Z"


@pytest.mark.timeout(240)
async def test_what_mem0ai_has_written_arrives_complete_by_an_import_that_is_interrupted_and_run_again(
    stack: Running, tmp_path: Path
) -> None:
    written = await asyncio.to_thread(theirs.written, COUNT, tmp_path, lambda more: None)
    runs = await asyncio.to_thread(imported, Command(stack.url, tmp_path, BATCH), COUNT)
    figures = {
        **runs,
        "count": COUNT,
        "told": len(written),
        **await compared(stack.url, written, 20, lambda more: None),
    }
    assert [claim for claim in claims(figures) if not claim.is_held] == []


async def test_an_export_of_mem0_is_imported_from_a_file(
    stack: Running, client: ScrubjayClient, tmp_path: Path
) -> None:
    file, more = tmp_path / "export.json", ("--state", str(tmp_path / "state"), "--report", str(tmp_path / "report"))
    entry = {
        "memory": "Gil keeps bees",
        "user_id": "gil",
        "session_id": "s1",
        "categories": ["hobby"],
        "metadata": None,
    }
    file.write_text(json.dumps({"results": [{**entry, "created_at": "2024-07-20T01:30:36.275141-07:00"}]}))
    outcome = await answer(stack, "import", "file", str(file), *more)
    assert (outcome["imported"], outcome["refused"]) == (1, 0)
    [memory] = (await client.memories(user_id="gil")).results
    assert (memory.memory, memory.run_id, memory.categories) == ("Gil keeps bees", "s1", ("hobby",))
    assert memory.created_at.isoformat() == MOMENT.replace("Z", "+00:00")
    assert (await answer(stack, "import", "file", str(file), *more))["there"] == 1


async def test_our_own_export_is_imported_and_what_was_forgotten_is_not(
    stack: Running, client: ScrubjayClient, tmp_path: Path
) -> None:
    file, report = tmp_path / "hans.jsonl", tmp_path / "report"
    more = ("--state", str(tmp_path / "state"), "--report", str(report))
    await remember(client, "hans", "Hans plays the horn")
    assert (await command(stack, "export", "--user", "hans", "--out", str(file))).exit_code == 0
    assert (await answer(stack, "import", "file", str(file), *more))["there"] == 1
    await client.owners.forget(user_id="hans")
    result = await command(stack, "import", "file", str(file), *more)
    assert result.exit_code == 1
    assert "was forgotten here" in report.read_text()
    assert (await client.memories(user_id="hans")).count == 0
