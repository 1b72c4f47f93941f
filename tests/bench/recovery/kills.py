"""Kills workers in the midst of their batches, and waits until others have done their work."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from datetime import UTC, datetime

from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from scrubjay.devstack.stack import Stack
from scrubjay.model import Scope
from tests.bench.recovery.figures import Kill
from tests.bench.recovery.watch import leases, takeovers
from tests.redis_keys import keys, lane_scripts
from tests.support import kill, wait_until

TENANT = "default"
LANES, TURNS = 24, 4
EARLIEST_SECONDS, LATEST_SECONDS = 0.3, 1.6  # within the batch wait and two or three calls of the model
_READY_SECONDS = 60
_LOOKS_AT_ONCE = 8


class Killer:
    """Kills the workers of one running stack in turn.

    Args:
        stack: with at least two workers; it starts a dead one again.
        client: of its API.
        redis: of its inbox; only looked at.
        patience_seconds: all must be settled so long after a kill.
    """

    def __init__(self, stack: Stack, client: ScrubjayClient, redis: Redis, patience_seconds: float) -> None:
        self._stack = stack
        self._client = client
        self._redis = redis
        self._patience_seconds = patience_seconds
        self._random = random.Random(1)

    async def kill(self, number: int) -> Kill | None:
        """Post a batch to each of many lanes, kill a worker at a chance moment, wait until all is settled.

        None when the worker held no turn. Raises RuntimeError when a turn died, TimeoutError when one did not settle.
        """
        await self._all_listen()
        users = [f"kill-{number}-{lane}" for lane in range(LANES)]
        ids = [turn_id for posted in await asyncio.gather(*map(self._post, users)) for turn_id in posted]
        await asyncio.sleep(self._random.uniform(EARLIEST_SECONDS, LATEST_SECONDS))
        worker = f"worker-{1 + number % self._stack.setup.workers}"
        kill(self._stack.pids[worker], signal.SIGKILL)
        killed_at = datetime.now(UTC)
        lanes = lane_scripts(self._redis)
        names = [(await lanes.of(Scope(tenant=TENANT, user_id=user).lane)).lease for user in users]
        before = await leases(self._redis, names)
        taken = await takeovers(self._redis, before, self._nothing_waits, self._patience_seconds)
        turns = await self._seen(ids)
        waits = {turn.id: _seconds_since(killed_at, turn) for turn in turns}
        held_ids = {turn.id for turn in turns if turn.attempts > 1}
        if not held_ids:
            return None
        return Kill(
            worker=worker,
            affected=[waits[turn_id] for turn_id in held_ids],
            others=[seconds for turn_id, seconds in waits.items() if turn_id not in held_ids and seconds > 0],
            leases_left=[(takeover.ended_at - killed_at).total_seconds() for takeover in taken],
            takeovers=[takeover.seconds for takeover in taken],
        )

    async def _post(self, user: str) -> list[str]:
        texts = [f"I have the hobby {user}-{number} and my friend shares it." for number in range(TURNS)]
        posts = [self._client.add_turn([{"role": "user", "content": text}], user_id=user) for text in texts]
        return [queued.id for queued in await asyncio.gather(*posts)]

    async def _all_listen(self) -> None:
        """Wait until each worker waits for a bell: the stack starts again what was killed."""

        async def listen() -> bool:
            clients: list[dict[str, str]] = await self._redis.client_list()
            return sum(client["cmd"] == "brpop" for client in clients) >= self._stack.setup.workers

        await wait_until(listen, deadline_seconds=_READY_SECONDS, what="every worker waiting for a bell")

    async def _nothing_waits(self) -> bool:
        return int(await self._redis.get(keys.backlog) or 0) == 0

    async def _seen(self, ids: Sequence[str]) -> list[TurnView]:
        gate = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def look(turn_id: str) -> TurnView:
            async with gate:
                return await self._client.turn(turn_id)

        return list(await asyncio.gather(*map(look, ids)))


def _seconds_since(moment: datetime, turn: TurnView) -> float:
    """Until the turn was settled; negative when it was before. Raises RuntimeError when it never was."""
    if turn.settled_at is None or turn.status != "settled":
        raise RuntimeError(f"the turn {turn.id} is {turn.status}: {turn.error}")
    return (turn.settled_at - moment).total_seconds()
