"""A real API process for all of these tests; for each a holding proxy, and workers that it starts and ends itself."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Addresses, Setup
from scrubjay.devstack.sockets import base_url
from tests.chaos.holding import holding_proxy
from tests.chaos.processes import fleet
from tests.chaos.scene import Scene
from tests.chaos.servers import front
from tests.model_server.control import ModelServer, running


@pytest.fixture(scope="package")
def model() -> Iterator[ModelServer]:
    with running() as server:
        yield server


@pytest.fixture(scope="package")
def stack_setup(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """Short leases and frequent sweeps: what a dead worker leaves behind is taken up within two seconds."""
    environment = {
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "test",
        "SCRUBJAY_EMBEDDING_MODEL": f"chaos-{uuid.uuid4().hex}",
        "SCRUBJAY_LEASE_SECONDS": "2",
        "SCRUBJAY_SWEEP_SECONDS": "0.2",
        "SCRUBJAY_RETRY_MAX_SECONDS": "0.2",
        "SCRUBJAY_LOG_LEVEL": "warning",
        "SCRUBJAY_SERVER_KEY": uuid.uuid4().hex,  # Redis is emptied between tests, and the API goes on
    }
    return Setup(tmp_path_factory.mktemp("chaos"), worker_threads=16, environment=environment)


@pytest.fixture(scope="package")
def addresses(stack_setup: Setup, redis_url: str, qdrant_url: str) -> Iterator[Addresses]:
    """A serving API process, and where everything is."""
    redis_port, qdrant_port = (httpx.URL(url).port or 0 for url in (redis_url, qdrant_url))
    with front(stack_setup, redis_port=redis_port, qdrant_port=qdrant_port) as api:
        api.serves()
        yield api.at


@pytest.fixture
async def scene(
    stack_setup: Setup, addresses: Addresses, redis: Redis, qdrant_url: str, model: ModelServer
) -> AsyncIterator[Scene]:
    """Users of whom nothing is known, and no workers yet."""
    model.reset()
    async with ScrubjayClient(base_url(stack_setup.host, addresses.api)) as client, holding_proxy(qdrant_url) as proxy:
        with fleet(stack_setup, addresses, qdrant_port=proxy.port) as workers:
            yield Scene(uuid.uuid4().hex[:8], client, redis, proxy, model, workers)


Restaged = Callable[..., Scene]


@pytest.fixture
def restaged(stack_setup: Setup, addresses: Addresses, scene: Scene) -> Iterator[Restaged]:
    """The same scene with workers that are set up otherwise: called with settings by their names."""
    with ExitStack() as opened:

        def made(**settings: str) -> Scene:
            setup = replace(stack_setup, environment={**stack_setup.environment, **settings})
            return replace(scene, workers=opened.enter_context(fleet(setup, addresses, qdrant_port=scene.proxy.port)))

        yield made
