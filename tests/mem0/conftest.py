"""One running `scrubjay up` with keys for all tests of Mem0's clients."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.mem0.clients import KINDS, Kind, Speaker, speaking
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.running import Running, scrubjay_up

OPERATOR = "the-operators-own-key"
Keys = Callable[..., str]


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    """The scripted model that makes exports and summaries."""
    with model_server() as server:
        yield server


@pytest.fixture(scope="session")
def stack(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded stack with one worker and keys, which extracts by its own rules."""
    settings = {"SCRUBJAY_AUTH": "keys", "SCRUBJAY_ADMIN_KEY": OPERATOR, "SCRUBJAY_MAX_BODY_BYTES": "100000"}
    settings |= {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test"}
    settings |= {"SCRUBJAY_EXTRACTOR": "offline", "SCRUBJAY_EMBEDDER": "local"}
    with scrubjay_up(tmp_path_factory.mktemp("mem0") / "data", workers=1, environment=settings) as running:
        yield running


@pytest.fixture(scope="session")
def keys(stack: Running) -> Keys:
    """Makes keys: a function of the role, and of what else `POST /keys` takes."""

    def made(role: str = "write", **more: Any) -> str:
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        answer = httpx.post(f"{stack.url}/keys", json={"role": role, **more}, headers=headers)
        return str(answer.raise_for_status().json()["key"])

    return made


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody else has."""
    return f"t-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def key(keys: Keys, tenant: str) -> str:
    """The tenant's key: like Mem0's keys it may do everything."""
    return keys("admin", tenant=tenant)


@pytest.fixture(params=KINDS)
async def speak(request: pytest.FixtureRequest, stack: Running, key: str) -> AsyncIterator[Speaker]:
    """Each of Mem0's two Python clients."""
    kind: Kind = request.param
    async with speaking(kind, stack.url, key) as speaker:
        yield speaker


@pytest.fixture
async def http(stack: Running, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP with the same key, for what no client of today sends."""
    headers = {"Authorization": f"Token {key}"}
    async with httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def user() -> str:
    """Somebody of whom nothing is known yet; the name needs encoding."""
    return f"ana/{uuid.uuid4().hex[:8]} ä"
