"""One running `scrubjay up` without a model for all end-to-end tests, and one with a scripted model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from scrubjay.client import ScrubjayClient
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.running import Running, scrubjay_up


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded stack with two workers, without a model; what a dead worker leaves is soon taken up."""
    settings = {"SCRUBJAY_LEASE_SECONDS": "4"}
    with scrubjay_up(tmp_path_factory.mktemp("e2e") / "data", environment=settings) as running:
        yield running


@pytest.fixture
async def client(stack: Running) -> AsyncIterator[ScrubjayClient]:
    """A client of the running stack."""
    async with ScrubjayClient(stack.url) as opened:
        yield opened


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    """The scripted model that `modelled` asks."""
    with model_server() as server:
        yield server


@pytest.fixture(scope="session")
def modelled(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded stack with one worker, that asks the scripted model and knows what it costs."""
    settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test", "SCRUBJAY_RETRY_MAX_SECONDS": "1"}
    prices = {"INPUT": "1", "OUTPUT": "4", "EMBEDDING": "2"}
    settings |= {f"SCRUBJAY_PRICE_{kind}_USD": price for kind, price in prices.items()}
    with scrubjay_up(tmp_path_factory.mktemp("modelled") / "data", workers=1, environment=settings) as running:
        yield running
