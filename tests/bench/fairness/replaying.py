"""Replays: a tenant with many dead letters replays all of them again and again, and all of them die again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.fairness.figures import Activity
from tests.bench.fairness.poisoned import Poison
from tests.bench.fairness.tenants import Seen, Tenant, meanwhile, said
from tests.support import wait_until

_BETWEEN_SECONDS = 0.2
_LONGEST_SECONDS = 300
_LOOK_SECONDS = 0.5
_POSTS_AT_ONCE = 16
_FEWEST_REPLAYS = 2


class Replaying:
    """Bulk replays of dead letters.

    Args:
        tenant: whose they are.
        letters: how many, each in a lane of its own.
    """

    def __init__(self, tenant: Tenant, dead_letters: int) -> None:
        self._tenant = tenant
        self._dead_letters = dead_letters

    @asynccontextmanager
    async def going_on(self, label: str) -> AsyncIterator[Seen]:
        """As the protocol says: the letters die before the first round, and are dead again after each."""
        if not await self._tenant.dead():
            await self._post()
        await self._all_dead()
        replays = list[int]()

        async def replay() -> None:
            while True:
                replays.append((await self._tenant.client.dead_letters.replay(all=True)).count)
                await asyncio.sleep(_BETWEEN_SECONDS)

        async def seen() -> Activity:
            return evidence(self._dead_letters, replays)

        async with meanwhile(replay()):
            yield seen
        await self._all_dead()

    async def _post(self) -> None:
        gate = asyncio.Semaphore(_POSTS_AT_ONCE)

        async def post(number: int) -> None:
            async with gate:
                await self._tenant.client.add_turn(said(number, Poison.BAD_JSON), user_id=f"letter-{number}")

        await asyncio.gather(*map(post, range(self._dead_letters)))

    async def _all_dead(self) -> None:
        async def all_dead() -> bool:
            return await self._tenant.dead() == self._dead_letters

        what = f"{self._dead_letters} dead letters"
        await wait_until(all_dead, deadline_seconds=_LONGEST_SECONDS, what=what, poll_seconds=_LOOK_SECONDS)


def evidence(dead_letters: int, replays: Sequence[int]) -> Activity:
    """How much was replayed: twice at least, and as many turns as there are letters.

    Args:
        letters: the dead letters.
        replays: how many turns each bulk replay has put back.
    """
    bulks = [count for count in replays if count]
    counts = {"letters": dead_letters, "bulk replays": len(bulks), "turns replayed": sum(bulks)}
    few = len(bulks) < _FEWEST_REPLAYS or sum(bulks) < dead_letters
    return Activity(counts, [f"only {sum(bulks):,} turns were replayed, {len(bulks)} times"] if few else [])
