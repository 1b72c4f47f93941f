"""Two installations that share a Redis and a Qdrant: each has its own prefixes, and neither meets the other's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup, child_environment
from tests.chaos.processes import fleet
from tests.chaos.servers import front
from tests.model_server.control import ModelServer
from tests.support import wait_until

NAMES = ("north", "south")
TEXTS = {"north": "I live in Oslo.", "south": "I live in Cape Town."}


class Installation:
    """An API and a worker, with a client of theirs."""

    def __init__(self, client: ScrubjayClient, environment: dict[str, str]) -> None:
        self.client = client
        self.environment = environment

    async def memories(self) -> list[str]:
        return [memory.memory for memory in (await self.client.memories(user_id="ana")).results]


@pytest.fixture
async def installations(
    stack_setup: Setup, redis: Redis, redis_url: str, qdrant_url: str, model: ModelServer
) -> AsyncIterator[dict[str, Installation]]:
    model.reset()
    redis_port, qdrant_port = (httpx.URL(url).port or 0 for url in (redis_url, qdrant_url))
    installations_by_name: dict[str, Installation] = {}
    async with AsyncExitStack() as stack:
        for name in NAMES:
            own = {"SCRUBJAY_REDIS_PREFIX": f"{name}:", "SCRUBJAY_COLLECTION_PREFIX": f"{name}-memories-"}
            setup = replace(stack_setup, environment={**stack_setup.environment, **own})
            api = stack.enter_context(front(setup, redis_port=redis_port, qdrant_port=qdrant_port))
            api.serves()
            client = await stack.enter_async_context(ScrubjayClient(api.url))
            stack.enter_context(fleet(setup, api.at, qdrant_port=qdrant_port)).start()
            installations_by_name[name] = Installation(client, child_environment(setup, api.at))
        yield installations_by_name


def workers_that_answer(environment: dict[str, str]) -> int:
    """How many workers hear what is said to all of an installation's."""
    command = [sys.executable, "-m", "celery", "-A", "scrubjay.worker.app", "inspect", "ping", "--timeout", "2"]
    run = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    return run.stdout.count("pong")


@pytest.mark.timeout(240)  # five processes start one after the other, on a machine that may be busy
async def test_two_installations_share_a_redis_and_a_qdrant_and_neither_meets_the_other(
    installations: dict[str, Installation], redis: Redis, qdrant_url: str
) -> None:
    for name, installation in installations.items():
        messages = [{"role": "user", "content": TEXTS[name]}]
        turn = await installation.client.add_turn(messages, user_id="ana", idempotency_key="the same in both")
        assert (await installation.client.turn(turn.id, wait_ms=30_000)).status == "settled"
    for name, installation in installations.items():
        assert await installation.memories() == [TEXTS[name]]
        assert (await installation.client.turns()).count == 1

    async def each_hears_its_own_worker() -> bool:
        return [workers_that_answer(installation.environment) for installation in installations.values()] == [1, 1]

    await wait_until(each_hears_its_own_worker, what="a worker of each installation answering", poll_seconds=1)

    assert (await installations["north"].client.owners.forget(user_id="ana")).verified
    assert await installations["north"].memories() == []
    assert await installations["south"].memories() == [TEXTS["south"]]
    names = [name.decode() async for name in redis.scan_iter("*")]
    # Each says which installation it belongs to, but for what Celery keeps of all queues in one place.
    owned = [name for name in names if any(f"{installation}:" in name for installation in NAMES)]
    assert set(names) - set(owned) <= {"_kombu.binding_deadlines"}
    async with httpx.AsyncClient(base_url=qdrant_url) as qdrant:
        listed = (await qdrant.get("/collections")).json()["result"]["collections"]
        there = [collection["name"] for collection in listed]
        for name in NAMES:
            assert len([collection for collection in there if collection.startswith(f"{name}-memories-")]) == 1
            for collection in (collection for collection in there if collection.startswith(f"{name}-memories-")):
                await qdrant.delete(f"/collections/{collection}")
