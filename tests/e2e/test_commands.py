"""The commands against the running stack, as somebody at a terminal would use them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from scrubjay.cli.app import app
from scrubjay.client import ScrubjayClient
from tests.running import Running
from tests.support import wait_until


async def command(stack: Running, *arguments: str) -> Result:
    """Run a command in a thread of its own, as it opens an event loop of its own."""
    settings = {"SCRUBJAY_URL": stack.url, "COLUMNS": "200"}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=settings)


async def answer(stack: Running, *arguments: str) -> Any:
    result = await command(stack, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def remember(client: ScrubjayClient, user: str, text: str) -> str:
    turn = await client.add_turn([{"role": "user", "content": text}], user_id=user, infer=False)

    async def settled() -> bool:
        return (await client.turn(turn.id)).status == "settled"

    await wait_until(settled, what="the turn being settled")
    return turn.id


async def test_doctor_finds_a_running_stack_in_order(stack: Running) -> None:
    result = await command(stack, "doctor")
    assert result.exit_code == 0, result.output
    for part in ("redis", "store", "extractor", "embedder"):
        assert part in result.stdout


async def test_a_memory_can_be_found_corrected_traced_and_deleted(stack: Running, client: ScrubjayClient) -> None:
    await remember(client, "cora", "Cora builds with Vue.js")
    [memory] = (await answer(stack, "search", "what does Cora build with?", "--user", "cora"))["results"]
    assert memory["memory"] == "Cora builds with Vue.js"
    await answer(stack, "memories", "update", memory["id"], "Cora builds with Next.js")
    versions = await answer(stack, "memories", "history", memory["id"])
    assert [version["memory"] for version in versions] == ["Cora builds with Vue.js", "Cora builds with Next.js"]
    assert (await answer(stack, "memories", "undo", memory["id"]))["memory"] == "Cora builds with Vue.js"
    assert (await command(stack, "memories", "delete", memory["id"], "--yes")).exit_code == 0
    assert (await answer(stack, "memories", "list", "--user", "cora"))["count"] == 0


async def test_a_turn_can_be_looked_up(stack: Running, client: ScrubjayClient) -> None:
    turn_id = await remember(client, "dora", "Dora has a cat")
    assert (await answer(stack, "turns", turn_id))["status"] == "settled"
    listed = await answer(stack, "turns", "--user", "dora", "--status", "settled")
    assert [turn["id"] for turn in listed["results"]] == [turn_id]


async def test_forgetting_leaves_nothing_and_says_so(stack: Running, client: ScrubjayClient) -> None:
    await remember(client, "elsa", "Elsa lives in Oslo")
    receipt = await answer(stack, "forget", "--user", "elsa", "--yes")
    assert (receipt["turns"], receipt["memories"], receipt["verified"]) == (1, 1, True)
    assert (await answer(stack, "search", "where does Elsa live?", "--user", "elsa"))["results"] == []


async def test_what_is_kept_of_an_owner_is_exported_and_after_the_erase_its_receipt_holds(
    stack: Running, client: ScrubjayClient, tmp_path: Path
) -> None:
    await remember(client, "fritz", "Fritz lives in Bern")
    receipt, lines = tmp_path / "receipt.json", tmp_path / "fritz.jsonl"
    file = str(receipt)
    assert (await command(stack, "export", "--user", "fritz", "--out", str(lines))).exit_code == 0
    kinds = [json.loads(line)["kind"] for line in lines.read_text().splitlines()]
    assert kinds == ["export", "memory", "turn", "end"]
    assert (await command(stack, "forget", "--user", "fritz", "--yes", "--receipt", file)).exit_code == 0
    result = await command(stack, "forget", "--verify", file, "--user", "fritz")
    assert (result.exit_code, "nothing from up to then is left" in result.stdout) == (0, True)
    assert (await command(stack, "forget", "--verify", file, "--user", "elsa")).exit_code == 1
    listed = await answer(stack, "receipts", "list")
    assert json.loads(receipt.read_text())["id"] in {receipt_view["id"] for receipt_view in listed["results"]}


async def test_without_dead_letters_there_is_nothing_to_replay(stack: Running) -> None:
    assert (await answer(stack, "dead", "list"))["count"] == 0
    assert (await answer(stack, "dead", "replay", "--error", "bad_answer"))["count"] == 0
