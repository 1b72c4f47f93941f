"""A tenant as the measurement drives it: its key, its turns, and what of them waits or is dead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.model import Scope
from tests.bench.fairness.figures import Activity
from tests.bench.load import load, request, so_many
from tests.redis_keys import keys, lane_scripts
from tests.running import OPERATOR_KEY
from tests.support import wait_until

THINGS = ("tea", "violin", "garden", "chess", "cello", "bread", "sailing", "opera", "pottery", "judo", "maps", "yoga")
POSTERS = 4
QUIET_DOWN_SECONDS = 300

Seen = Callable[[], Awaitable[Activity]]


class Neighbour(Protocol):
    """What goes on beside the quiet tenant."""

    def going_on(self, label: str) -> AbstractAsyncContextManager[Seen]:
        """Begin when entered; leave nothing behind when left.

        Args:
            label: of the round; what is new carries it in its name.

        Yields what tells how much has gone on until now. Raises RuntimeError where a request is refused.
        """


@dataclass(frozen=True)
class Tenant:
    """One tenant of a running stack.

    Args:
        name: the tenant's.
        client: of the API, with the tenant's key.
        key: that key.
        redis: of the inbox; only looked at.
    """

    name: str
    client: ScrubjayClient
    key: str | None
    redis: Redis

    async def fill(self, users: Sequence[str], turns: int, *, first: int = 0, app_id: str | None = None) -> None:
        """Post turns as fast as they are taken, the users in turn. Raises RuntimeError when one is refused.

        Args:
            users: whose.
            turns: how many.
            first: the number of the first one.
            app_id: what they can be erased by.
        """
        url = self.client.url

        def turn(number: int) -> bytes:
            body = {"user_id": users[(first + number) % len(users)], "messages": said(first + number)}
            return request(
                "POST", f"{url}/turns", json.dumps(body | ({"app_id": app_id} if app_id else {})).encode(), self.key
            )

        outcome = await load(url, POSTERS, so_many(turns, turn))
        if outcome.refused:
            raise RuntimeError(f"{outcome.refused} of {turns} turns were refused")

    async def waiting(self, users: Sequence[str]) -> int:
        """The turns of these users that wait or are worked on."""
        lanes = lane_scripts(self.redis)
        async with self.redis.pipeline(transaction=False) as pipeline:
            for user in users:
                pipeline.llen((await lanes.of(Scope(tenant=self.name, user_id=user).lane)).waiting)
            return sum(await pipeline.execute())

    async def dead(self) -> int:
        """The tenant's dead letters."""
        return int(await self.redis.hget(keys.ledger(self.name), "dead") or 0)


def said(number: int, mark: str = "") -> list[dict[str, str]]:
    """The messages of a turn that holds one fact; a mark is one word of it."""
    thing, other = THINGS[number % len(THINGS)], THINGS[number // 7 % len(THINGS)]
    return [{"role": "user", "content": f"I like {mark or 'my'} {thing} and my number {number} is {other}."}]


@asynccontextmanager
async def tenant(url: str, name: str, redis: Redis, role: str = "admin") -> AsyncIterator[Tenant]:
    """A tenant with a key of its own."""
    async with ScrubjayClient(url, OPERATOR_KEY) as operator:
        key = (await operator.keys.create(tenant=name, role=role)).key
    async with ScrubjayClient(url, key, timeout_seconds=120) as client:
        yield Tenant(name, client, key, redis)


@asynccontextmanager
async def meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines until left: they are cancelled then. What one has raised is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def nothing_waits(redis: Redis) -> None:
    """Wait until no turn of any tenant waits. Raises AssertionError when that does not come true."""

    async def nothing() -> bool:
        return int(await redis.get(keys.backlog) or 0) == 0

    await wait_until(nothing, deadline_seconds=QUIET_DOWN_SECONDS, what="no turn waits", poll_seconds=0.5)


def differences(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """How much each count has grown."""
    return {name: count - before.get(name, 0) for name, count in after.items()}
