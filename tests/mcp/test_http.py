"""The same tools over streamable HTTP: each caller with a key of their own, and no door left open."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from typer.testing import CliRunner

from scrubjay.cli.mcp_server import app
from scrubjay.client import ScrubjayClient
from tests.mcp.calling import NAMES, answer, refusal, remembered
from tests.running import OPERATOR_KEY, Running
from tests.unit.fake_api import fake_api

READY_SECONDS = 60
LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPTED = {"Accept": "application/json, text/event-stream"}


@contextmanager
def serving(stack: Running, *options: str) -> Iterator[str]:
    """`scrubjay mcp --http` as a process of its own; the address that it says it serves at."""
    command = [sys.executable, "-m", "scrubjay.cli", "mcp", "--http", "--port", "0", *options]
    settings = {**os.environ, "SCRUBJAY_URL": stack.url, "SCRUBJAY_KEY": OPERATOR_KEY}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings)
    assert process.stdout is not None
    with process, process.stdout:
        try:
            select.select([process.stdout], [], [], READY_SECONDS)
            line = process.stdout.readline()
            assert line.startswith("ready http://"), line
            yield line.split()[1]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def near(keyed: Running) -> Iterator[str]:
    """For this machine only."""
    with serving(keyed, "--user-id", "ines") as url:
        yield url


@pytest.fixture(scope="module")
def far(keyed: Running) -> Iterator[str]:
    """For others too."""
    with serving(keyed, "--host", "0.0.0.0", "--allowed-host", "memory.example.org") as url:
        yield url


@asynccontextmanager
async def calling(url: str, key: str | bytes | None = None, mode: str = "auto") -> AsyncIterator[Client]:
    text = key if isinstance(key, bytes) else (key or "").encode()
    headers = {b"Authorization": b"Bearer " + text} if text else {}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def posted(url: str, **headers: str) -> httpx.Response:
    """A plain listing of the tools, as a web page or a stranger would send it."""
    async with httpx.AsyncClient(trust_env=False, headers=ACCEPTED) as http:
        return await http.post(url, json=LISTING, headers=headers)


async def test_on_this_machine_the_server_s_own_key_and_user_do(near: str) -> None:
    async with calling(near) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == NAMES
        await remembered(client, "Ines collects stamps")
        page = await answer(client, "search_memories", query="what does Ines collect?")
    assert [result["user_id"] for result in page["results"]] == ["ines"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_one_server_serves_many_tenants_each_by_its_own_key(keyed: Running, far: str, mode: str) -> None:
    async with ScrubjayClient(keyed.url, OPERATOR_KEY) as operator:
        acme = await operator.keys.create(tenant=f"acme-{mode}", label="acme's bot")
        globex = await operator.keys.create(tenant=f"globex-{mode}", label="globex's bot")
    async with calling(far, acme.key, mode) as ours, calling(far, globex.key, mode) as theirs:
        event = await remembered(ours, "Jo signs the contracts", user_id="jo")
        assert (await answer(ours, "get_memories", user_id="jo"))["count"] == 1
        assert (await answer(theirs, "get_memories", user_id="jo"))["count"] == 0
        memory_id = event["results"][0]["id"]
        assert "no memory with this id" in await refusal(theirs, "get_memory", memory_id=memory_id)


@pytest.mark.parametrize("key", ["not-a-key", "schlüssel".encode()])
async def test_a_wrong_key_is_not_replaced_by_the_server_s_own(near: str, key: str | bytes) -> None:
    async with calling(near, key) as client:
        assert await refusal(client, "get_memories") == "this key is not known"


async def test_beyond_this_machine_nothing_is_answered_without_a_key(far: str) -> None:
    for headers in ({}, {"Authorization": "Basic aWRsZTppZGxl"}, {"X-API-Key": ""}):
        refused = await posted(far, **headers)
        assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized")
    assert (await posted(far, Authorization="Bearer anything")).status_code != 401


async def test_a_page_that_points_its_own_name_at_the_server_gets_nowhere(near: str, far: str) -> None:
    for url in (near, far):
        key = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        assert (await posted(url, Host="evil.example", **key)).status_code == 421
        assert (await posted(url, Origin="http://evil.example", **key)).status_code == 403
    headers = {"Host": "memory.example.org", "Authorization": f"Bearer {OPERATOR_KEY}"}
    assert (await posted(far, **headers)).status_code not in (401, 403, 421)
    assert (await posted(near, **headers)).status_code == 421


def test_before_others_can_call_scrubjay_must_ask_for_keys() -> None:
    with fake_api() as open_api:
        open_api.plan("GET", "/turns", {"count": 0, "next": None, "previous": None, "results": []})
        refused = CliRunner().invoke(app, ["--http", "--host", "0.0.0.0", "--port", "0", "--url", open_api.url])
    assert refused.exit_code == 2
    assert "SCRUBJAY_AUTH=keys" in refused.stderr


def test_without_the_sdk_the_command_says_how_to_install_it() -> None:
    without = "import sys; sys.modules['mcp'] = None; from scrubjay.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", without, "mcp"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "install Scrubjay with its extra `mcp`" in ended.stderr


def test_the_command_s_help_tells_its_options() -> None:
    output = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    for option in ("--http", "--host", "--port", "--allowed-host", "--user-id", "--url", "--key"):
        assert option in output
