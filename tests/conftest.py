"""Real servers for tests: one Redis and one Qdrant engine server a session, emptied between tests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from memory.embedded.redis_server import redis_part
from memory.embedded.sockets import answers_ping, free_port, http_get
from tests.support import wait_until

TESTS = Path(__file__).parent


# What shares a stack, or takes long, in the order in which `make test` begins with it; all else goes file by file.
GROUPS = ("chaos", "e2e/faults", "e2e", "chaos/invariants", "chaos/test_storm.py", "browser", "evals")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a stack run in one process, one after the other; the longest groups begin."""
    places = {item: _place(item.path) for item in items}
    for item, (_, group) in places.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: places[item][0])


def _place(path: Path) -> tuple[int, str]:
    place = path.relative_to(TESTS).as_posix()
    groups = [group for group in GROUPS if place == group or place.startswith(f"{group}/")]
    return (GROUPS.index(max(groups, key=len)), max(groups, key=len)) if groups else (len(GROUPS), place)


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server process for as long as it is needed; ended by its own pid."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis, run as the embedded stack runs it."""
    port = free_port()
    part = redis_part(tmp_path_factory.mktemp("redis"), port)
    with running(list(part.command)):
        asyncio.run(wait_until(lambda: answers_ping(port), what="Redis answering"))
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def qdrant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Qdrant engine server, in a process of its own."""
    port, data = free_port(), tmp_path_factory.mktemp("qdrant")
    with running(qdrant_command(port, data)):

        async def serves() -> bool:
            return (await http_get("127.0.0.1", port, "/readyz"))[0] == 200

        asyncio.run(wait_until(serves, what="the engine server answering"))
        yield f"http://127.0.0.1:{port}"


def qdrant_command(port: int, data: Path) -> list[str]:
    """How the engine server is started."""
    return [sys.executable, "-m", "memory.embedded.qdrant_server", "--port", str(port), "--data", str(data)]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An open client on an empty Redis."""
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()
