"""Invariant 2: a batch that is cut off anywhere and begun again leaves each fact once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, cast

from redis.asyncio import Redis

from scrubjay.ingest.drain import DrainServices, drain
from scrubjay.model import Extraction, Lane, Lease, Scope, Status, Turn
from tests.fakes import EchoExtractor
from tests.integration.service import Service
from tests.redis_keys import lane_keys

SAID = ("I live in Berlin", "I like green tea")
ALL_STEPS = 12  # of a drain of one batch, counted by the test itself


class Killed(BaseException):
    """Stands for kill -9: nothing that would answer it is ours."""


@dataclass
class Life:
    """A process that is killed after so many calls of its ports; None: it lives on."""

    left: int | None
    made: int = 0

    async def step(self, call: Callable[[], Any]) -> Any:
        if self.left == self.made:
            raise Killed
        self.made += 1
        return await call()


class Port:
    """A port as a process with a limited life sees it."""

    def __init__(self, port: Any, life: Life) -> None:
        self._port, self._life = port, life

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not callable(method):
            return method

        async def called(*args: Any, **more: Any) -> Any:
            return await self._life.step(lambda: method(*args, **more))

        return called

    @asynccontextmanager
    async def lease(self, lane: Lane) -> AsyncIterator[Lease | None]:
        """Held without a heartbeat; whoever is killed does not hand back."""
        lease = await self._port.leasing.acquire(lane, edit=False)
        yield lease
        if lease is not None:
            await self.hand_back(lease)


class InOtherWords(EchoExtractor):
    """Like a model that is asked again: it means the same and says it differently."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        extraction = await super().extract(turns)
        return Extraction(
            facts=tuple(
                fact.model_copy(update={"text": f"{fact.text} {len(self.batches)}"}) for fact in extraction.facts
            )
        )


def living(services: DrainServices, steps: int | None) -> tuple[DrainServices, Life]:
    life, decision = Life(steps), services.decision
    names = ("store", "extractor", "reconciler", "embedder")
    ports = {name: cast(Any, Port(getattr(decision, name), life)) for name in names}
    lanes = cast(Any, Port(services.lanes, life))
    return replace(services, lanes=lanes, decision=replace(decision, **ports)), life


async def drained(service: Service, redis: Redis, owner: Scope, *cuts: int) -> None:
    """Drain in one process after the other; the last one is not killed."""
    for steps in cuts:
        parts, _ = living(service.drain_services, steps)
        with suppress(Killed):
            await drain(owner.lane, parts)
        await redis.delete((await lane_keys(redis, owner.lane)).lease)  # it runs out
    await service.drain(owner)


async def assert_told_once(service: Service, owner: Scope, turns: Sequence[str], steps: int) -> None:
    texts = await service.texts(owner)
    as_said = len(texts) == len(SAID) and all(map(str.startswith, texts, SAID))
    assert as_said, f"cut off after {steps} steps: {texts}"
    for turn_id in turns:
        status = await service.status(turn_id)
        assert (status.status, len(status.events)) == (Status.SETTLED, 1), f"cut off after {steps} steps"


async def test_a_drain_cut_off_after_any_of_its_steps_and_begun_again_leaves_each_fact_once(
    service: Service, redis: Redis
) -> None:
    """Who is asked again says it in other words: once recorded, the plan is what counts."""
    service.extractor = InOtherWords()
    for steps in range(ALL_STEPS + 1):
        owner = Scope(tenant="default", user_id=f"once-{steps}")
        turns = [await service.say(text, owner) for text in SAID]
        await drained(service, redis, owner, steps)
        await assert_told_once(service, owner, turns, steps)


async def test_a_plan_that_was_given_up_after_it_was_applied_makes_the_same_memories_again(
    service: Service, redis: Redis
) -> None:
    """After two deaths in a row the batch is halved and decided anew: what is written then is what is there."""
    for steps in range(ALL_STEPS + 1):
        owner = Scope(tenant="default", user_id=f"twice-{steps}")
        turns = [await service.say(text, owner) for text in SAID]
        await drained(service, redis, owner, steps, 1)
        await assert_told_once(service, owner, turns, steps)


async def test_the_steps_that_are_cut_are_all_there_are(service: Service) -> None:
    for text in SAID:
        await service.say(text)
    parts, life = living(service.drain_services, None)
    await drain(Scope(tenant="default", user_id="ana").lane, parts)
    assert life.made == ALL_STEPS
