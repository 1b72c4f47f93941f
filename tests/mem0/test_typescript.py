"""Mem0's TypeScript client, as npm installs it, under node."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import Running

HERE = Path(__file__).parent / "node"
EXAMPLE = Path(__file__).parents[2] / "examples" / "typescript" / "remember.mjs"
NODE_FOLDER = Path(__file__).parents[2] / "build" / "mem0-node"  # kept between runs
PINNED = ("package.json", "package-lock.json")
INSTALL_SECONDS = 300
STEPS = (
    "ping", "add", "search", "getAll", "get", "update", "delete", "history", "users", "batchUpdate", "batchDelete",
    "deleteAll",
)  # fmt: skip


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the client beside the script. Fails with what to do where it cannot be installed."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    npm = shutil.which("npm")
    assert npm is not None, "node is there and npm is not: install npm (Debian: apt install npm) to test Mem0's client"
    if not _installed():
        NODE_FOLDER.mkdir(parents=True, exist_ok=True)  # never removed: whoever stands in it could not go on
        for name in PINNED:
            shutil.copy(HERE / name, NODE_FOLDER / name)
        # Its peers are for running Mem0 itself; nothing is built.
        command = [npm, "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=NODE_FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        assert done.returncode == 0, f"npm could not install mem0ai 3.3.1: {done.stderr[-2000:]}"
    return program


def _installed() -> bool:
    whole = (NODE_FOLDER / "node_modules" / ".package-lock.json").exists()
    return whole and all((NODE_FOLDER / name).read_bytes() == (HERE / name).read_bytes() for name in PINNED)


@pytest.mark.timeout(INSTALL_SECONDS + 120)
async def test_the_typescript_client_runs_its_main_methods_with_only_a_host_and_a_key(
    node: str, stack: Running, key: str, tenant: str, user: str
) -> None:
    script = NODE_FOLDER / "drive.mjs"
    shutil.copy(HERE / script.name, script)
    process = await asyncio.create_subprocess_exec(
        node, str(script), stack.url, key, tenant, user, *STEPS,
        env={**os.environ, "MEM0_TELEMETRY": "false", "HOME": str(NODE_FOLDER)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    output, complained = [text.decode() for text in await asyncio.wait_for(process.communicate(), 100)]
    assert output.splitlines() == [f"ok {step}" for step in STEPS], complained
    assert (process.returncode, complained) == (0, "")


async def test_the_example_remembers_corrects_and_forgets(node: str, stack: Running, key: str) -> None:
    script = NODE_FOLDER / EXAMPLE.name
    shutil.copy(EXAMPLE, script)
    settings = {"SCRUBJAY_URL": stack.url, "SCRUBJAY_KEY": key, "MEM0_TELEMETRY": "false", "HOME": str(NODE_FOLDER)}
    process = await asyncio.create_subprocess_exec(
        node, str(script),
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    output, complained = [text.decode() for text in await asyncio.wait_for(process.communicate(), 100)]
    assert process.returncode == 0, complained
    *outputs, added, updated, last = output.splitlines()
    assert any("Lisbon" in line for line in outputs)
    assert (updated, last) == ("UPDATE: Lives in Porto", "forgotten")
    assert added.startswith("ADD: ")
