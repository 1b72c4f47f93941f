"""Mem0's Python clients, each method of each: what they send is what their protocol says, and they are answered."""

from __future__ import annotations

import hashlib
import inspect
from typing import Any

import httpx
import pytest

from tests.mem0.clients import KINDS, Kind, Speaker, mem0, projects, speaking
from tests.mem0.scenes_webhooks import SCENES
from tests.running import Running

NOBODYS = {"chat"}  # their own client does not implement it


def methods(kind: Any, prefix: str = "") -> set[str]:
    public = [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")]
    return {f"{prefix}{name}" for name in public}


@pytest.mark.parametrize(("client", "project"), [("MemoryClient", "Project"), ("AsyncMemoryClient", "AsyncProject")])
def test_every_method_of_the_clients_has_its_scene(client: str, project: str) -> None:
    theirs = methods(getattr(mem0, client)) | methods(getattr(projects, project), "project.")
    assert theirs == {*SCENES, *NOBODYS}


@pytest.mark.parametrize("method", sorted(SCENES))
async def test_a_method_sends_what_the_protocol_says_and_is_answered_so(
    speak: Speaker, method: str, user: str, key: str
) -> None:
    await SCENES[method](speak, user)
    headers = speak.last.headers
    assert headers["authorization"] == f"Token {key}"
    assert headers["mem0-user-id"] == hashlib.md5(key.encode()).hexdigest()
    assert headers["x-mem0-client"] == "mem0-python/2.2.1"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_needs_a_host_and_a_key_and_learns_the_rest_its_tenant_is_its_project(
    kind: Kind, stack: Running, key: str, tenant: str
) -> None:
    async with speaking(kind, stack.url, key) as speak:
        assert (speak.client.org_id, speak.client.project_id, speak.client.user_email) == (tenant, tenant, None)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_host_may_be_written_with_a_slash_at_its_end(kind: Kind, stack: Running, key: str, tenant: str) -> None:
    async with speaking(kind, f"{stack.url}/", key) as speak:
        assert speak.client.project_id == tenant


async def test_a_ping_is_answered_with_all_that_any_client_reads_of_it(http: httpx.AsyncClient, tenant: str) -> None:
    answer = (await http.get("/v1/ping/")).json()
    assert answer == {"status": "ok", "org_id": tenant, "project_id": tenant, "user_email": None}


async def test_an_address_may_lack_its_last_slash_or_have_two_at_its_start(http: httpx.AsyncClient) -> None:
    for path in ("/v1/ping", "/v1/ping/"):
        assert (await http.get(path)).status_code == 200, path
    assert (await http.get(f"{http.base_url}//v1/ping/")).status_code == 200
