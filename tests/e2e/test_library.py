"""The library beside a running fleet: in process over its Redis and Qdrant, and over HTTP, with the same answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import pytest

from scrubjay import Memory, MemoryClient
from scrubjay.client import ServerUnreachable
from scrubjay.errors import BadRequest, NotFound
from tests.running import Running
from tests.support import free_port, wait_until

Either = Memory | MemoryClient


@pytest.fixture(scope="module")
def in_process(stack: Running) -> Iterator[Memory]:
    """Without a collection's name it is the tenant of a server that asks for no keys."""
    inside = re.search(r"redis on (\d+), qdrant on (\d+)", stack.stderr.read_text())
    assert inside is not None
    config = {
        "llm": {"provider": "offline"},
        "embedder": {"provider": "local"},
        "redis": {"url": f"redis://127.0.0.1:{inside[1]}/0"},
        "vector_store": {"provider": "qdrant", "config": {"host": "127.0.0.1", "port": int(inside[2])}},
    }
    with Memory.from_config(config) as memory:
        yield memory


@pytest.fixture(scope="module")
def over_http(stack: Running) -> Iterator[MemoryClient]:
    with MemoryClient(stack.url) as client:
        yield client


@pytest.fixture(params=["in_process", "over_http"])
def memory(request: pytest.FixtureRequest) -> Either:
    return cast("Either", request.getfixturevalue(request.param))


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    return f"library {request.node.name}"


def test_both_remember_tell_change_and_forget_in_the_same_shapes(memory: Either, user: str) -> None:
    (added,) = memory.add("I live in Lisbon.", user_id=user, metadata={"seen": 1})["results"]
    assert added == {"id": added["id"], "memory": "I live in Lisbon.", "event": "ADD"}
    (hit,) = memory.search("Where do I live?", user_id=user, limit=5)["results"]
    assert set(hit) == {
        "id", "memory", "hash", "metadata", "categories", "created_at", "updated_at", "user_id", "score"
    }  # fmt: skip
    assert memory.update(hit["id"], data="I live in Porto.", metadata={"moved": True})
    shown = memory.get(hit["id"])
    assert shown is not None
    assert (shown["memory"], shown["metadata"]) == ("I live in Porto.", {"seen": 1, "moved": True})
    assert memory.get_all(user_id=user)["results"] == [shown]
    assert [(version["event"], version["new_memory"]) for version in memory.history(hit["id"])] == [
        ("ADD", "I live in Lisbon."),
        ("UPDATE", "I live in Porto."),
    ]
    memory.update(hit["id"], expiration_date="2020-02-29")
    assert memory.get_all(user_id=user)["results"] == []
    assert len(memory.get_all(user_id=user, show_expired=True)["results"]) == 1
    memory.update(hit["id"], expiration_date=None)
    assert memory.get_all(user_id=user)["results"][0]["id"] == hit["id"]
    memory.delete(hit["id"])
    memory.add("I live in Braga.", user_id=user)
    deletion = memory.delete_all(user_id=user)
    assert (deletion["message"], deletion["receipt"]["memories"]) == ("Memories deleted successfully!", 1)
    assert memory.get_all(user_id=user)["results"] == []


def test_both_refuse_in_the_same_words(memory: Either, user: str) -> None:
    with pytest.raises(NotFound, match="no memory with the id 'mem_abc'"):
        memory.update("mem_abc", data="Anything.")
    with pytest.raises(NotFound, match="there is no memory with this id"):
        memory.delete("0d0c6c2e-0000-4000-8000-000000000000")
    assert memory.get("0d0c6c2e-0000-4000-8000-000000000000") is None
    assert memory.history("0d0c6c2e-0000-4000-8000-000000000000") == []
    with pytest.raises(BadRequest, match="name an owner"):
        memory.add("I live in Lisbon.")
    with pytest.raises(BadRequest, match="user_id is one id in the request and another in its filters"):
        memory.search("where", user_id=user, filters={"user_id": "somebody else"})


async def test_what_is_added_in_process_and_by_a_server_are_memories_of_one_tenant(
    in_process: Memory, over_http: MemoryClient, user: str
) -> None:
    in_process.add("I live in Lisbon.", user_id=user)
    waiting = over_http.add("My name is Ana.", user_id=user, wait=False)
    assert (waiting["results"], waiting["status"]) == ([], "PENDING")
    await wait_until(lambda: len(in_process.get_all(user_id=user)["results"]) == 2, what="both remembered")
    assert in_process.get_all(user_id=user) == over_http.get_all(user_id=user)


def test_a_client_finds_its_server_as_the_command_line_does(
    stack: Running, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUBJAY_URL", stack.url)
    with MemoryClient() as client:
        assert client.get_all(user_id=user) == {"results": []}
    with MemoryClient(f"http://127.0.0.1:{free_port()}", retries=0) as nobody, pytest.raises(ServerUnreachable):
        nobody.get_all(user_id=user)
