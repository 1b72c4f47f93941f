"""The quiet tenant: a few turns a second over many lanes, and what each waits from accept to settle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from scrubjay.client.views import TurnView
from tests.bench.fairness.tenants import QUIET_DOWN_SECONDS, Tenant, nothing_waits, said
from tests.redis_keys import keys

_LONGEST_SECONDS = 60
_LOOK_SECONDS = 0.5
_LOOKS_AT_ONCE = 8
_WARM_UP_TURNS = 32


@dataclass(frozen=True)
class Load:
    """How much the quiet tenant posts.

    Args:
        lanes: they take turns, so that as a rule a turn finds its lane empty.
        rate: turns a second, of all lanes together.
        seconds: how long.
    """

    lanes: int
    rate: float
    seconds: float


class Quiet:
    """Measures what the turns of the quiet tenant wait.

    Args:
        tenant: whose lanes they are.
        amount: how much is posted.
    """

    def __init__(self, tenant: Tenant, amount: Load) -> None:
        self._tenant = tenant
        self._amount = amount

    async def waits(self, label: str, chance: random.Random) -> list[float]:
        """Post turns at random times, and wait until all are settled; seconds from accept to settle of each.

        A turn that is not settled a minute after the last post counts with what it has waited until then.
        Raises RuntimeError when one has died.
        """
        amount, at, start = self._amount, 0.0, monotonic()
        posts = list[asyncio.Task[str]]()
        for number in range(round(amount.rate * amount.seconds)):
            at += chance.expovariate(amount.rate)
            await asyncio.sleep(max(0.0, start + at - monotonic()))
            posts.append(asyncio.create_task(self._post(f"{label}-{number % amount.lanes}", number)))
        return [took(turn) for turn in await self._ends([await post for post in posts])]

    async def warm_up(self, label: str) -> None:
        """Post some turns that are not measured: the first ones of a fresh worker open its connections."""
        await self._ends(await asyncio.gather(*(self._post(f"{label}-{user}", user) for user in range(_WARM_UP_TURNS))))

    async def calm(self, label: str) -> None:
        """Wait until nothing of before goes on: no turn waits, and the breaker lets every call through.

        It needs the answers of some turns to close.
        """
        await nothing_waits(self._tenant.redis)
        number = iter(range(QUIET_DOWN_SECONDS))
        while [name async for name in self._tenant.redis.scan_iter(match=keys.breaker("*"))]:
            await self.warm_up(f"{label}-{next(number)}")

    async def _post(self, user: str, number: int) -> str:
        return (await self._tenant.client.add_turn(said(number), user_id=user)).id

    async def _ends(self, ids: Sequence[str]) -> list[TurnView]:
        """The turns once each is settled, or as they are after a minute. Raises RuntimeError when one is dead."""
        gate, deadline = asyncio.Semaphore(_LOOKS_AT_ONCE), monotonic() + _LONGEST_SECONDS

        async def end(turn_id: str) -> TurnView:
            async with gate:
                while True:
                    turn = await self._tenant.client.turn(turn_id)
                    if turn.status in ("settled", "dead") or monotonic() > deadline:
                        return turn
                    await asyncio.sleep(_LOOK_SECONDS)

        turns = list(await asyncio.gather(*map(end, ids)))
        if dead := [turn for turn in turns if turn.status == "dead"]:
            raise RuntimeError(f"the turn {dead[0].id} of the quiet tenant is dead: {dead[0].error}")
        return turns


def took(turn: TurnView) -> float:
    """Seconds from accept to settle, by the server's own clock; until now where it is not settled."""
    return ((turn.settled_at or datetime.now(UTC)) - turn.accepted_at).total_seconds()
