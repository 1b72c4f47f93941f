"""One server for the whole suite, and pairs of stores that hold the same points.

Against a real and empty one: `QDRANT_URL=http://127.0.0.1:6333 pytest -m "not ours" tests/contract/qdrant`.
"""

import os
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from qdrant_client import QdrantClient

from tests.contract.qdrant.data import create, fill, index
from tests.contract.qdrant.pair import Pair
from tests.contract.qdrant.server import Elsewhere, Server

_numbers = count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | Elsewhere]:
    if url := os.environ.get("QDRANT_URL"):
        yield Elsewhere(url)
        return
    with Server(tmp_path_factory.mktemp("qdrant"), stays=True) as running:
        yield running


@pytest.fixture(scope="session")
def served(server: Server | Elsewhere) -> Iterator[QdrantClient]:
    client = server.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def http(server: Server | Elsewhere) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def memory() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    yield client
    client.close()


@pytest.fixture(scope="session")
def plain(served: QdrantClient, memory: QdrantClient) -> Pair:
    """A filled pair without payload indexes, for reading only."""
    for client in (served, memory):
        fill(client, "plain")
    return Pair(served, memory, "plain")


@pytest.fixture(scope="session")
def indexed(served: QdrantClient, memory: QdrantClient) -> Pair:
    """A filled and indexed pair, for reading only.

    The in-memory mode knows no payload indexes and warns about it; its answers must not depend on them.
    """
    for client in (served, memory):
        fill(client, "indexed")
    index(served, "indexed")
    return Pair(served, memory, "indexed")


@pytest.fixture(params=["plain", "indexed"])
def library(request: pytest.FixtureRequest) -> Pair:
    """The one and the other."""
    pair = request.getfixturevalue(request.param)
    assert isinstance(pair, Pair)
    return pair


@pytest.fixture
def pair(served: QdrantClient, memory: QdrantClient) -> Iterator[Pair]:
    """A pair of twelve points to change."""
    name = f"work-{next(_numbers)}"
    for client in (served, memory):
        fill(client, name, 12)
    yield Pair(served, memory, name)
    served.delete_collection(name)


@pytest.fixture
def empty(served: QdrantClient, memory: QdrantClient) -> Iterator[Pair]:
    """A pair without points."""
    name = f"empty-{next(_numbers)}"
    for client in (served, memory):
        create(client, name)
    yield Pair(served, memory, name)
    served.delete_collection(name)
