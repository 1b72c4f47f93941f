"""One stack with two workers for all faults; its model and its embedder are the scripted server's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.faults.planted import planted
from tests.e2e.faults.support import Provider
from tests.model_server.control import ModelServer
from tests.running import Running, scrubjay_up

SETTINGS = {
    "OPENAI_API_KEY": planted("providers key"),
    "SCRUBJAY_LOG_LEVEL": "debug",
    "SCRUBJAY_RETRY_MAX_SECONDS": "0.25",
    "SCRUBJAY_SWEEP_SECONDS": "0.1",
    "SCRUBJAY_MODEL_TIMEOUT_SECONDS": "1.5",
}


@pytest.fixture(scope="package")
def provider() -> Iterator[Provider]:
    """The model server, by the port that the stack knows."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="package")
def faulty(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The stack."""
    data = tmp_path_factory.mktemp("faulty") / "data"
    environment = {**SETTINGS, "OPENAI_BASE_URL": provider.server.base_url}
    with scrubjay_up(data, workers=2, environment=environment) as running:
        yield running


@pytest.fixture
def model(provider: Provider) -> Iterator[ModelServer]:
    """The model server without faults, before and after."""
    provider.server.reset()
    yield provider.server
    provider.server.reset()


@pytest.fixture
async def client(faulty: Running) -> AsyncIterator[ScrubjayClient]:
    """A client of the stack."""
    async with ScrubjayClient(faulty.url) as opened:
        yield opened


@pytest.fixture
async def http(faulty: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The stack's plain HTTP."""
    async with httpx.AsyncClient(base_url=faulty.url, trust_env=False) as opened:
        yield opened
