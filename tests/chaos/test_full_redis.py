"""Redis at `maxmemory`, with the real processes: no new turn is taken, and all that was taken is worked off."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.devstack.parts import Addresses, Setup, child_environment
from scrubjay.devstack.sockets import base_url
from tests.chaos.scene import TENANT, Scene
from tests.chaos.stories import BERLIN, TEA, as_said
from tests.redis_keys import lane_scripts

USERS = [f"user{number}" for number in range(12)]


@pytest.fixture
async def full(redis: Redis) -> AsyncIterator[Redis]:
    """A Redis that the test fills; afterwards it has room again."""
    yield redis
    await redis.config_set("maxmemory", 0)


async def ping(setup: Setup, at: Addresses) -> str:
    """What the workers' liveness probe is told."""
    command = ("-m", "celery", "-A", "scrubjay.worker.app", "inspect", "ping", "--timeout", "5")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={**os.environ, **child_environment(setup, at)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode() if process.returncode == 0 else f"status {process.returncode}: {output.decode()}"


async def test_a_full_redis_refuses_new_turns_while_workers_start_settle_answer_and_owners_are_forgotten(
    scene: Scene, full: Redis, stack_setup: Setup, addresses: Addresses
) -> None:
    turns = [turn for user in USERS for turn in await scene.post(user, BERLIN, TEA)]
    before = await RedisTurns(full, lane_scripts(full)).ledger(TENANT)
    await full.config_set("maxmemory", 1)

    body = {"user_id": scene.id_of("late"), "messages": [{"role": "user", "content": BERLIN}]}
    async with httpx.AsyncClient(base_url=base_url(stack_setup.host, addresses.api), timeout=30) as http:
        refused = await http.post("/turns", json=body)
        assert (refused.status_code, refused.json()["error"]) == (503, "inbox_unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
        assert await RedisTurns(full, lane_scripts(full)).ledger(TENANT) == before

        (worker,) = await scene.start(1)  # not even started when there was still room
        await scene.settled(turns)
        assert await scene.histories(USERS[0]) == [as_said(BERLIN), as_said(TEA)]
        assert await scene.ledger_balances(len(turns))
        assert "pong" in await ping(stack_setup, addresses)
        forgotten = await scene.client.owners.forget(user_id=scene.id_of(USERS[0]))
        assert (forgotten.turns, forgotten.memories, forgotten.verified) == (2, 2, True)
        assert (await http.post("/turns", json=body)).status_code == 503

        await full.config_set("maxmemory", 0)
        accepted = await http.post("/turns", json=body)
        assert accepted.status_code == 202
        await scene.settled([accepted.json()["id"]])
    assert await worker.stop() == 0
