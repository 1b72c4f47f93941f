"""The lanes: quiet ones that post now and then, a noisy one that holds a backlog, poisoned ones whose turns all die."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic

from redis.asyncio import Redis

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from scrubjay.model import Scope
from tests.bench.fairness.figures import Situation, Wait
from tests.bench.fairness.noisy import WORDS, fill
from tests.redis_keys import keys
from tests.support import wait_until

POISON = "poison"
TENANT = "default"
BURST = 4  # a poisoned lane posts so many turns at once: there is a batch to bisect
_LONGEST_SECONDS = 120
_LOOK_SECONDS = 0.1
_LOOKS_AT_ONCE = 8


@dataclass(frozen=True)
class Load:
    """How much is posted.

    Args:
        lanes: quiet lanes; poisoned ones are among them.
        poisoned: the share of them that is poisoned when it is time for that.
        rate: turns a second, of all quiet lanes together.
        seconds: how long.
        backlog: turns that the noisy lane is given.
    """

    lanes: int
    poisoned: float
    rate: float
    seconds: float
    backlog: int

    @property
    def poisoned_lanes(self) -> int:
        """How many lanes are poisoned; their turns are never among those measured."""
        return max(1, round(self.lanes * self.poisoned))


class Bystanders:
    """Measures what quiet lanes wait on one running stack.

    Args:
        client: of its API.
        redis: of its inbox; only looked at.
        amount: how much is posted.
    """

    def __init__(self, client: ScrubjayClient, redis: Redis, amount: Load) -> None:
        self._client = client
        self._redis = redis
        self._amount = amount

    async def measure(self, situation: Situation, number: int) -> Wait:
        """One situation of one round, in lanes of its own; each round has its times of posting, as chance has it.

        Raises RuntimeError when a turn of a healthy lane died.
        """
        label = f"{situation.name.lower()}-{number}"
        if situation is Situation.NOISY:
            async with self._noise(f"noisy-{number}") as noisy:
                before = await self._waiting(noisy)
                seconds, _ = await self._quiet(label, random.Random(number), poison=False)
                return Wait(situation, seconds, (before, await self._waiting(noisy)))
        poison = situation is Situation.POISONED
        seconds, dead = await self._quiet(label, random.Random(number), poison=poison)
        return Wait(situation, seconds, dead=dead)

    async def warm_up(self, seconds: float) -> None:
        """Some turns that are not measured: the first ones of a fresh worker open its connections."""
        warming = Bystanders(self._client, self._redis, replace(self._amount, seconds=seconds))
        await warming._quiet("warm-up", random.Random(0), poison=False)

    async def _quiet(self, label: str, chance: random.Random, *, poison: bool) -> tuple[list[float], int]:
        """What the healthy lanes' turns waited, and how many turns of the poisoned lanes died."""
        healthy, poisoned = await self._posted(label, chance, poison=poison)
        seen, others = await self._ended(healthy), await self._ended(poisoned)
        if died := [turn for turn in seen if turn.status != "settled"]:
            raise RuntimeError(f"the turn {died[0].id} of a healthy lane is {died[0].status}: {died[0].error}")
        dead = [turn.id for turn in others if turn.status == "dead"]
        if dead:
            await self._client.discard_dead(dead)
        return [took(turn) for turn in seen], len(dead)

    async def _posted(self, label: str, chance: random.Random, *, poison: bool) -> tuple[list[str], list[str]]:
        """Post at random times; the ids of the turns of healthy lanes, and those of the lanes to be poisoned."""
        amount, at, start = self._amount, 0.0, monotonic()
        posts: tuple[list[asyncio.Task[list[str]]], list[asyncio.Task[list[str]]]] = ([], [])
        for number in range(round(amount.rate * amount.seconds)):
            at += chance.expovariate(amount.rate)
            lane, (first, second) = chance.randrange(amount.lanes), chance.sample(WORDS, 2)
            text, to_die = f"I like {first} and my number {number} is {second}.", lane < amount.poisoned_lanes
            texts = [f"{POISON} {text}"] * BURST if to_die and poison else [text]
            await asyncio.sleep(max(0.0, start + at - monotonic()))
            posts[to_die].append(asyncio.create_task(self._post(f"{label}-{lane}", texts)))
        healthy, poisoned = [[turn_id for post in some for turn_id in await post] for some in posts]
        return healthy, poisoned

    async def _post(self, user: str, texts: Sequence[str]) -> list[str]:
        posts = [self._client.add_turn([{"role": "user", "content": text}], user_id=user) for text in texts]
        return [queued.id for queued in await asyncio.gather(*posts)]

    async def _ended(self, ids: Sequence[str]) -> list[TurnView]:
        """The turns once each is settled or dead."""
        gate = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def ended(turn_id: str) -> TurnView:
            async def look() -> TurnView | None:
                turn = await self._client.turn(turn_id)
                return turn if turn.status in ("settled", "dead") else None

            async with gate:
                return await wait_until(
                    look, deadline_seconds=_LONGEST_SECONDS, what=f"the end of {turn_id}", poll_seconds=_LOOK_SECONDS
                )

        return list(await asyncio.gather(*map(ended, ids)))

    @asynccontextmanager
    async def _noise(self, user: str) -> AsyncIterator[str]:
        """A lane that holds a backlog; it is erased in the end."""
        await fill(self._client.url, [user], self._amount.backlog)
        yield user
        await self._client.forget(user_id=user)

    async def _waiting(self, user: str) -> int:
        return int(await self._redis.llen(keys.waiting(Scope(tenant=TENANT, user_id=user).lane)))


def took(turn: TurnView) -> float:
    """Seconds from accept to settle, by the server's own clock."""
    assert turn.settled_at is not None
    return (turn.settled_at - turn.accepted_at).total_seconds()
