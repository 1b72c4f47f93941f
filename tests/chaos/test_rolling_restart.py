"""A fleet that is replaced worker by worker while turns come in, and then its API: nobody can tell."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from time import monotonic

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.managed_process import GRACE_SECONDS
from scrubjay.devstack.parts import Setup
from tests.chaos.holding import holding_proxy
from tests.chaos.processes import PartProcess, fleet
from tests.chaos.scene import Scene
from tests.chaos.servers import Front, front
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.running import READY_SECONDS
from tests.support import wait_until

WORKERS, ROUNDS = 2, 1
THREADS = 3  # fewer than there are lanes at work: every worker has heard bells that it has not got to
USERS = [f"user-{number}" for number in range(20)]
PAUSE_SECONDS = 3.0  # between two turns of a user
# A lane that nobody handed back would rest for longer than anybody waits here, however busy the machine is.
LEASE_SECONDS, PATIENCE_SECONDS = 600, 60
SETTINGS = {"SCRUBJAY_LEASE_SECONDS": str(LEASE_SECONDS), "SCRUBJAY_BATCH_WAIT_SECONDS": "0.05"}


@dataclass(frozen=True)
class Rolling:
    """A scene with an API that can be restarted."""

    scene: Scene
    api: Front

    async def workers_listen(self) -> None:
        """Return when there are so many workers again, all of them ready."""

        async def all_listen() -> bool:
            clients: list[dict[str, str]] = await self.scene.redis.client_list()
            return sum(client["cmd"] == "brpop" for client in clients) == WORKERS

        await wait_until(all_listen, deadline_seconds=READY_SECONDS, what="the workers waiting for a bell")

    async def replaced(self, worker: PartProcess) -> PartProcess:
        """Ask a worker to stop, start another, and return it when it is ready and the first one has ended well."""
        begun, ending = monotonic(), asyncio.create_task(worker.stop(GRACE_SECONDS))
        started = self.scene.workers.start()
        assert await ending == 0
        assert monotonic() - begun < GRACE_SECONDS
        await self.workers_listen()
        return started


@pytest.fixture
async def rolling(
    stack_setup: Setup, redis: Redis, redis_url: str, qdrant_url: str, model: ModelServer
) -> AsyncIterator[Rolling]:
    model.reset()
    setup = replace(stack_setup, worker_threads=THREADS, environment={**stack_setup.environment, **SETTINGS})
    redis_port, qdrant_port = (httpx.URL(url).port or 0 for url in (redis_url, qdrant_url))
    async with holding_proxy(qdrant_url) as proxy:
        with front(setup, redis_port=redis_port, qdrant_port=qdrant_port) as api:
            api.serves()
            async with ScrubjayClient(api.url) as client:
                with fleet(setup, api.at, qdrant_port=proxy.port) as workers:
                    yield Rolling(Scene("rolling", client, redis, proxy, model, workers), api)


@dataclass
class Load:
    """Users who go on talking until they are told to stop.

    Args:
        scene: to whom.
    """

    scene: Scene
    posted: dict[str, list[str]] = field(default_factory=lambda: {user: [] for user in USERS})
    turns: dict[str, list[str]] = field(default_factory=lambda: {user: [] for user in USERS})
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """They talk while this is entered."""
        async with asyncio.TaskGroup() as users:
            for number, user in enumerate(USERS):
                users.create_task(self._talk(user, number / len(USERS)))
            yield
            self.over.set()

    async def _talk(self, user: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds * PAUSE_SECONDS)  # a steady load, not one with a pulse
        while not self.over.is_set():
            text = f"I am {user} at step {len(self.posted[user])}."
            self.posted[user].append(text)
            self.turns[user] += await self.scene.post(user, text)
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def every(self) -> list[str]:
        return [turn_id for ids in self.turns.values() for turn_id in ids]


@pytest.mark.timeout(300)  # six processes start one after the other, on a machine that may be busy
async def test_a_fleet_replaced_worker_by_worker_under_load_loses_repeats_and_reorders_nothing(
    rolling: Rolling,
) -> None:
    scene = rolling.scene
    scene.model.fault(Fault(kind=Kind.SLOW, route="extraction", seconds=0.3))
    workers = [scene.workers.start() for _ in range(WORKERS)]
    await rolling.workers_listen()
    load, interrupted = Load(scene), 0
    async with load.talking():
        for number in range(WORKERS * ROUNDS):
            interrupted += (await scene.client.turns(status="running")).count
            workers[number % WORKERS] = await rolling.replaced(workers[number % WORKERS])
        # Uvicorn ends well and then dies of the signal, for whoever started it to know why.
        assert await rolling.api.stop(GRACE_SECONDS) in (0, -signal.SIGTERM)
        rolling.api.start_again()
        await asyncio.sleep(PAUSE_SECONDS)
    assert interrupted, "nothing was being worked on when a worker was stopped"
    await assert_as_if_nothing_had_happened(load)


async def assert_as_if_nothing_had_happened(load: Load) -> None:
    scene = load.scene
    # Asked of the ledger: to look at every turn again and again would be a load of its own.
    await wait_until(partial(scene.ledger_balances, len(load.every)), deadline_seconds=PATIENCE_SECONDS,
                     poll_seconds=0.2, what="every turn being settled")  # fmt: skip
    settled = await scene.turns(load.every)
    assert {(turn.attempts, turn.error) for turn in settled} == {(1, None)}
    slowest = max(turn.settled_at - turn.accepted_at for turn in settled if turn.settled_at)
    assert slowest < timedelta(seconds=LEASE_SECONDS / 2), f"a lane waited for {slowest}"
    written = texts_by_user(scene)
    for user in USERS:
        assert written[scene.id_of(user)] == load.posted[user]
        assert await scene.remembered(user) == load.posted[user]
    print(f"{len(settled)} turns, the slowest settled after {slowest.total_seconds():.1f} s")


def texts_by_user(scene: Scene) -> Mapping[str, list[str]]:
    """What was written to Qdrant, in order."""
    texts: dict[str, list[str]] = {}
    for write in scene.proxy.written:
        for point in json.loads(write)["points"]:
            texts.setdefault(point["payload"]["user_id"], []).append(point["payload"]["text"])
    return texts
