"""A service, emptied after each test; a model behind the scripted server, which forgets between tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from qdrant_client import AsyncQdrantClient
from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.openai.chat_model import OpenAIModel
from scrubjay.adapters.openai.endpoint import RemoteModel
from scrubjay.adapters.openai.prices import Price
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from tests.fakes import Purse, WordEmbedder
from tests.integration.service import Service
from tests.model_server.control import ModelServer, running
from tests.redis_keys import lane_scripts
from tests.support import without_memories


@pytest.fixture
async def service(redis: Redis, qdrant_url: str) -> AsyncIterator[Service]:
    await without_memories(qdrant_url)
    client = AsyncQdrantClient(url=qdrant_url, cloud_inference=True, check_compatibility=False)
    scripts, wakeups, limits = (
        RedisScripts(redis),
        CeleryWakeups(),
        InboxLimits(max_attempts=2, retry_max_seconds=0.001),
    )
    pseudonyms, store = Pseudonyms(RedisServerKey(RedisScripts(redis))), QdrantStore(client, WordEmbedder())
    order = RedisOrder(scripts, store.greatest_order)
    adapters = turn_adapters(RedisCore(redis, LaneScripts(scripts), wakeups, limits, pseudonyms, order))
    service = Service(
        adapters,
        RedisTurns(redis, lane_scripts(redis)),
        store,
    )
    await service.texts()
    yield service
    await client.close()


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with running() as server:
        yield server


@pytest.fixture
def server(started: ModelServer) -> ModelServer:
    started.reset()
    return started


@pytest.fixture
def purse() -> Purse:
    return Purse()


@pytest.fixture
async def model(server: ModelServer, purse: Purse) -> AsyncIterator[OpenAIModel]:
    opened = OpenAIModel(
        RemoteModel(api_key="key", base_url=server.base_url, model="gpt-test", timeout_seconds=10),
        meter=purse,
        price=Price(input_usd=1.0, output_usd=2.0),
    )
    yield opened
    await opened.aclose()
