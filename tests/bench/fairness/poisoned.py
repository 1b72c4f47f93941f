"""Poison: lanes in each of which the model never gives a good answer about one turn."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from tests.bench.fairness.figures import Activity
from tests.bench.fairness.tenants import Seen, Tenant, differences, meanwhile, said
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind

_AT_FIRST = 3  # a third of the lanes is filled before the round begins


class Poison(StrEnum):
    """What the model does about a turn that holds this word."""

    HTTP_500 = "poison-http-500"
    TIME_OUT = "poison-time-out"
    EMBEDDING = "poison-embedding"
    BAD_JSON = "poison-bad-json"


BY_HTTP = (Poison.HTTP_500, Poison.TIME_OUT, Poison.EMBEDDING)


def poisoning(chat_seconds: float) -> tuple[Fault, ...]:
    """What makes the scripted model do so; every call that holds such a word counts as hit by one of these.

    Args:
        chat_seconds: what its other answers take.
    """
    return (
        Fault(kind=Kind.STATUS, status=500, route="extraction", contains=Poison.HTTP_500),
        Fault(kind=Kind.HELD, route="extraction", contains=Poison.TIME_OUT),
        Fault(kind=Kind.SLOW, seconds=chat_seconds, route="extraction", contains=Poison.EMBEDDING),
        Fault(kind=Kind.STATUS, status=500, route="embeddings", contains=Poison.EMBEDDING),
        Fault(kind=Kind.NOT_JSON, route="extraction", contains=Poison.BAD_JSON),
    )


@dataclass(frozen=True)
class Amount:
    """How much poison there is.

    Args:
        lanes: how many are poisoned in a round.
        turns: of each lane; one of them is the poison.
        seconds: over which the lanes are filled one after the other, but for the first third.
    """

    lanes: int
    turns: int
    seconds: float


class Poisoned:
    """Lanes with one poison each.

    Args:
        tenant: whose they are.
        model: tells how often it was asked.
        kinds: of poison; the lanes take turns.
        amount: how many lanes.
    """

    def __init__(self, tenant: Tenant, model: ModelServer, kinds: Sequence[Poison], amount: Amount) -> None:
        self._tenant = tenant
        self._model = model
        self._kinds = kinds
        self._amount = amount

    @asynccontextmanager
    async def going_on(self, label: str) -> AsyncIterator[Seen]:
        """As the protocol says: what has not died is erased at the end."""
        chance, ids = random.Random(label), dict[str, Poison]()
        calls, dead = await self._calls(), await self._tenant.dead()

        async def fill(number: int) -> None:
            kind = self._kinds[number % len(self._kinds)]
            ids[await self._fill(f"{label}-{number}", f"app-{label}", kind, chance)] = kind

        async def fill_the_rest() -> None:
            for number in range(first, self._amount.lanes):
                await asyncio.sleep(self._amount.seconds / self._amount.lanes)
                await fill(number)

        async def seen() -> Activity:
            so_far = dict(ids)
            paid, all_dead = differences(calls, await self._calls()), await self._tenant.dead() - dead
            return evidence(Counter(so_far.values()), paid, await self._dead(so_far), all_dead)

        first = max(len(self._kinds), self._amount.lanes // _AT_FIRST)
        for number in range(first):
            await fill(number)
        try:
            async with meanwhile(fill_the_rest()):
                yield seen
        finally:
            await asyncio.to_thread(self._model.release)
            await self._tenant.client.owners.forget(app_id=f"app-{label}")

    async def _fill(self, user: str, app: str, kind: Poison, chance: random.Random) -> str:
        """Fill one lane; the id of the poison."""
        before = chance.randrange(self._amount.turns)
        await self._tenant.fill([user], before, app_id=app)
        poison = await self._tenant.client.add_turn(said(before, kind), user_id=user, app_id=app)
        await self._tenant.fill([user], self._amount.turns - before - 1, first=before + 1, app_id=app)
        return poison.id

    async def _calls(self) -> dict[str, int]:
        """Calls of the model with each kind of poison, until now."""
        by_text = (await asyncio.to_thread(self._model.counts)).faults_by_text
        return {kind: by_text.get(kind, 0) for kind in self._kinds}

    async def _dead(self, ids: Mapping[str, Poison]) -> Counter[str]:
        """How many of these turns are dead, by kind of poison."""
        return Counter(
            [kind for turn_id, kind in ids.items() if (await self._tenant.client.turn(turn_id)).status == "dead"]
        )


def evidence(posted: Mapping[str, int], paid: Mapping[str, int], dead: Mapping[str, int], all_dead: int) -> Activity:
    """How much poison was tried.

    Args:
        posted: turns by kind of poison.
        paid: calls of the model with it.
        dead: turns of it that have died.
        all_dead: turns of the tenant that have died.
    """
    counts: dict[str, float] = {}
    for kind, turns in posted.items():
        counts |= {f"{kind}: turns": turns, f"{kind}: dead": dead.get(kind, 0)}
        counts[f"{kind}: calls a turn"] = round(paid[kind] / turns, 1)
    counts["other turns dead"] = all_dead - sum(dead.values())
    return Activity(counts, [f"the model was not asked about {kind}" for kind in posted if not paid[kind]])
