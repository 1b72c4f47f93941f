"""A whole stack of the proof's own: real processes, a scripted model, a proxy before Qdrant, one log of all of them."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Addresses, Setup, qdrant_part
from scrubjay.devstack.sockets import base_url, free_port, http_get
from tests.chaos.erase.traces import traces
from tests.chaos.faketime import MovableClock
from tests.chaos.holding import holding_proxy
from tests.chaos.processes import PartProcess, fleet
from tests.chaos.scene import Scene
from tests.chaos.servers import front, own_redis
from tests.model_server.control import running as model_server
from tests.receiver import receiving
from tests.support import wait_until

LEASE_SECONDS = 5
SETTINGS = {
    "OPENAI_API_KEY": "scripted",
    "SCRUBJAY_EMBEDDING_MODEL": "proof",
    "SCRUBJAY_LEASE_SECONDS": str(LEASE_SECONDS),
    "SCRUBJAY_SWEEP_SECONDS": "0.5",
    "SCRUBJAY_RETRY_MAX_SECONDS": "1",
    "SCRUBJAY_BATCH_WAIT_SECONDS": "0.05",
    "SCRUBJAY_LOG_LEVEL": "debug",
}


@contextmanager
def saying_into(file: Path) -> Iterator[TextIO]:
    """All that this process and those it starts say goes into a file; gives the standard error of before."""
    kept = [os.dup(number) for number in (1, 2)]
    sys.stdout.flush()
    with file.open("ab") as target, os.fdopen(os.dup(kept[1]), "w") as terminal:
        for number in (1, 2):
            os.dup2(target.fileno(), number)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            for number, before in zip((1, 2), kept, strict=True):
                os.dup2(before, number)
                os.close(before)


@dataclass(frozen=True)
class Stage:
    """The stack.

    Args:
        scene: for posting and looking.
        url: of the API.
        clock: of Redis.
        redis_url: of the inbox.
        qdrant_url: of the store itself.
        log: what all processes say.
    """

    scene: Scene
    url: str
    clock: MovableClock
    redis_url: str
    qdrant_url: str
    log: Path

    def redis(self) -> Redis:
        """A client of the inbox with connections of its own; close it."""
        return Redis.from_url(self.redis_url, socket_timeout=30)

    async def look(self, secrets: Collection[str]) -> tuple[list[str], int]:
        """Look for words everywhere."""
        return await traces(secrets, self.scene.redis, self.qdrant_url, [self.log])


@asynccontextmanager
async def stage(folder: Path, log: Path, workers: int) -> AsyncIterator[Stage]:
    """Everything running, until left; Redis under a clock that can be moved. Raises FaketimeMissing."""
    clock = MovableClock(folder / "clock")
    async with AsyncExitStack() as opened:
        model = opened.enter_context(model_server())
        with clock.first_in_path():
            redis = opened.enter_context(own_redis(folder / "redis"))
        setup = Setup(folder, worker_threads=16, environment=SETTINGS | {"OPENAI_BASE_URL": model.base_url})
        qdrant_port = free_port()
        qdrant = PartProcess(qdrant_part(setup, Addresses(redis.port, qdrant_port, 0, -1)))
        opened.callback(qdrant.kill)
        await redis.answers()

        async def serves() -> bool:
            return (await http_get("127.0.0.1", qdrant_port, "/readyz"))[0] == 200

        await wait_until(serves, what="the engine server answering")
        api = opened.enter_context(front(setup, redis_port=redis.port, qdrant_port=qdrant_port))
        await asyncio.to_thread(api.serves)
        url = f"http://127.0.0.1:{qdrant_port}"
        proxy = await opened.enter_async_context(holding_proxy(url))
        crew = opened.enter_context(fleet(setup, api.at, qdrant_port=proxy.port))
        at = base_url(setup.host, api.at.api)
        client = await opened.enter_async_context(ScrubjayClient(at))
        inbox = await opened.enter_async_context(Redis.from_url(redis.url))
        await inbox.config_set("slowlog-log-slower-than", 0)  # everything is slow: what it would keep would be seen
        scene = Scene(uuid.uuid4().hex[:8], client, inbox, proxy, model, crew)
        receiver = opened.enter_context(receiving())
        receiver.judge = lambda got: (500 if got.id.endswith(("3", "7")) else 200, {})
        await client.webhooks.create(receiver.url)  # so that there is something to be told, done and still waiting
        for _ in range(workers):
            crew.start()
        yield Stage(scene, at, clock, redis.url, url, log)
