"""A worker whose Redis fails over: it goes on with the new primary, as the same process, and hears its bells again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.client import open_redis
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.devstack.parts import Addresses, Setup
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Scope
from tests.chaos.pair import Pair, command, redis_pair
from tests.chaos.processes import PartProcess, fleet
from tests.chaos.servers import OwnRedis
from tests.contract.desk import Desk, desk_on
from tests.running import READY_SECONDS
from tests.support import is_alive, wait_until

ANA = Scope(tenant="default", user_id="ana-fails-over")
Scene = tuple[Pair, tuple[OwnRedis, OwnRedis], Desk, PartProcess]


@pytest.fixture
async def scene(stack_setup: Setup, qdrant_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A worker, and a desk at which turns are accepted, on a pair behind one address."""
    qdrant_port = httpx.URL(qdrant_url).port or 0
    async with redis_pair(tmp_path) as (pair, first, second), open_redis(pair.address.url) as client:
        at = Addresses(pair.address.port, qdrant_port, 0, 0)
        with fleet(stack_setup, at, qdrant_port=qdrant_port) as workers:
            worker = workers.start()
            await hears(pair, worker)
            yield pair, (first, second), desk_on(client, InboxLimits()), worker


async def hears(pair: Pair, worker: PartProcess) -> None:
    """Return when the worker waits for bells at the primary."""

    async def listens() -> bool:
        assert is_alive(worker.pid), "the worker has ended"
        async with Redis(port=pair.primary) as redis:
            clients: list[dict[str, str]] = await redis.client_list()
            return any(client["cmd"] == "brpop" for client in clients)

    await wait_until(listens, deadline_seconds=READY_SECONDS, what="the worker waiting for a bell")


async def test_a_worker_outlives_every_kind_of_failover_and_hears_the_bells_of_the_new_primary(scene: Scene) -> None:
    pair, servers, desk, worker = scene
    settled = 0

    async def goes_on() -> None:
        nonlocal settled
        await hears(pair, worker)
        settled += 1
        with suppress(InboxUnavailable):  # the first call to a demoted server finds out
            await desk.post(f"I own the book {settled}.", ANA, key=str(settled))
        await desk.post(f"I own the book {settled}.", ANA, key=str(settled))

        async def is_settled() -> bool:
            return (await desk.turns.ledger("default")).settled == settled

        await wait_until(is_settled, deadline_seconds=60, what=f"turn {settled} being settled")
        assert is_alive(worker.pid)

    await goes_on()
    await pair.fail_over()
    await goes_on()
    await pair.in_step()
    await pair.switch_over()
    await goes_on()
    await assert_it_waits_while_nobody_is_the_primary(pair, worker)
    await goes_on()
    await pair.replicate()
    await pair.pause_until_in_step()
    next(server for server in servers if server.port == pair.primary).kill()
    await pair.promote()
    await goes_on()


async def assert_it_waits_while_nobody_is_the_primary(pair: Pair, worker: PartProcess) -> None:
    """The address leads to a replica without a primary: it is looked at again and again."""
    before = pair.address.connections
    await command(pair.primary, "REPLICAOF", "127.0.0.1", 1)
    await wait_until(lambda: pair.address.connections > before + 4, what="the worker trying again")
    assert is_alive(worker.pid)
    await command(pair.primary, "REPLICAOF", "NO", "ONE")
