"""A slow disk. With `appendfsync always` a slow fsync stops Redis' only thread: nobody is answered until it is over.

Here the process is stopped and continued instead, which looks the same from outside and needs no tracing of system
calls, which a build machine may not allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx
import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.devstack.parts import Addresses, Setup, api_part, child_environment
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, base_url, free_port, listen
from tests.chaos.processes import PartProcess, fleet
from tests.redis_keys import lane_scripts
from tests.running import READY_SECONDS
from tests.support import wait_until

STALLS = 15
STALL_SECONDS, BETWEEN_SECONDS = 0.3, 0.03
LONG_STALL_SECONDS = 11  # more than the 10 that our client of Redis waits
LONGEST_ANSWER_SECONDS = 8  # an accept is given up after 5
WRITERS = 12
TIMES = 3  # every turn is posted so often, as by a client that never sees the answer


@dataclass
class System:
    """An API and one worker on a Redis that can be stopped.

    `ids` has the ids that each key was told with a 202, `seconds` how long each answer took.
    """

    http: httpx.AsyncClient
    server: PartProcess
    redis: Redis
    ids: dict[str, set[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    async def post(self, key: str) -> bool:
        """Post a turn once; whether it was accepted."""
        body = {"user_id": key.partition(" ")[0], "messages": [{"role": "user", "content": f"I like {key}"}]}
        start = monotonic()
        answer = await self.http.post("/turns", json=body, headers={"Idempotency-Key": key})
        self.seconds.append(monotonic() - start)
        if answer.status_code == 202:
            self.ids.setdefault(key, set()).add(answer.json()["id"])
            return True
        assert (answer.status_code, answer.json()["error"]) == (503, "inbox_unavailable"), answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        self.refused += 1
        return False

    async def write(self, user: str, end: asyncio.Event) -> None:
        """Post one turn after the other, each until it was accepted so many times."""
        number = 0
        while not end.is_set():
            number += 1
            accepted = 0
            while accepted < TIMES:
                accepted += await self.post(f"{user} {number}")

    async def stall(self, seconds: float) -> None:
        """Redis' only thread stands still."""
        self.server.freeze()
        await asyncio.sleep(seconds)
        self.server.thaw()


@pytest.fixture
async def system(tmp_path: Path, qdrant_url: str) -> AsyncIterator[System]:
    setup = Setup(tmp_path, environment={"SCRUBJAY_LEASE_SECONDS": "5", "SCRUBJAY_SWEEP_SECONDS": "0.5"})
    redis_port, qdrant_port = free_port(), httpx.URL(qdrant_url).port or 0
    server = PartProcess(redis_part(tmp_path / "redis", redis_port))
    with closing(listen(setup.host, 0)) as listener:
        at = Addresses(redis_port, qdrant_port, listener.getsockname()[1], listener.fileno())
        await wait_until(lambda: answers_ping(redis_port), what="Redis answering")
        api = PartProcess(api_part(setup, at, child_environment(setup, at)))
        try:
            url = base_url(setup.host, at.api)
            async with httpx.AsyncClient(base_url=url, timeout=READY_SECONDS, trust_env=False) as http:
                assert (await http.get("/health/ready")).is_success
                with fleet(setup, at, qdrant_port=qdrant_port) as workers:
                    workers.start()
                    async with Redis(port=redis_port) as client:
                        yield System(http, server, client)
        finally:
            api.kill()
            server.kill()


async def test_on_a_slow_disk_every_202_is_true_refusals_come_in_time_and_retries_make_no_second_turn(
    system: System,
) -> None:
    end = asyncio.Event()
    writers = [asyncio.create_task(system.write(f"user{number}", end)) for number in range(WRITERS)]
    for _ in range(STALLS):
        await system.stall(STALL_SECONDS)
        await asyncio.sleep(BETWEEN_SECONDS)
    refused = system.refused
    assert refused == 0  # slow, but in time
    await system.stall(LONG_STALL_SECONDS)
    end.set()
    await asyncio.gather(*writers)

    assert system.refused
    assert max(system.seconds) < LONGEST_ANSWER_SECONDS
    assert [ids for ids in system.ids.values() if len(ids) != 1] == []
    turns = RedisTurns(system.redis, lane_scripts(system.redis))

    async def all_settled() -> bool:
        ledger = await turns.ledger("default")
        return ledger.balanced and ledger.accepted == ledger.settled == len(system.ids)

    await wait_until(all_settled, deadline_seconds=60, what="every accepted turn, and no other one, being settled")
    print(f"{len(system.ids)} turns, {len(system.seconds)} answers, {system.refused} refusals, "
          f"slowest {max(system.seconds):.1f} s")  # fmt: skip
