"""Removals that are repeated: whatever is wrong with one, the others are done, and it is tried again after a pause."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.scripts.order import clock
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.erase.removals import RemovalServices, finish_removals
from scrubjay.errors import BadConfiguration, InboxUnavailable, LaneBusy, LeaseLost, StoreRejected, StoreUnavailable
from scrubjay.ingest.sweep import SweepServices, sweep_forever
from scrubjay.model import Scope
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.model.erasure import Removal
from scrubjay.model.names import QUEUE
from scrubjay.ports import RemovalNotes, Sweeper
from tests.integration.service import ANA, BOB, Service, make_removals_due
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

BAD = str(UUID(int=0))


def invalid() -> Exception:
    """What pydantic raises for a document that is not as it should be."""
    try:
        Scope.model_validate({})
    except ValueError as error:
        return error
    raise AssertionError


class Odd(QdrantStore):
    """A store in which one removal, or each, ends in an error or never."""

    def __init__(self, service: Service, error: Exception | None, *, always: bool = False) -> None:
        super().__init__(service.store.collection.client, service.embedder)
        self.error, self.always, self.tried = error, always, list[str]()

    async def delete(self, scope: Scope, memory_id: str, before: int | None = None) -> int:
        self.tried.append(memory_id)
        if memory_id == BAD or self.always:
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        return await super().delete(scope, memory_id, before)


async def noted(service: Service, redis: Redis, count: int) -> None:
    """So many removals that are due; the first one is the bad one."""
    for number in range(count):
        await service.removal_notes.note_removal(Removal(scope=ANA, memory_id=str(UUID(int=number)), until=5))
    await make_removals_due(redis)


async def pause_seconds(redis: Redis) -> float:
    """How long the only removal that is left has to wait."""
    rest: list[Any] = await redis.zrange(keys.removals, 0, -1, withscores=True)
    assert len(rest) == 1
    score = rest[0][1]
    now_ms = (await clock(RedisScripts(redis))).monotonic_ms
    return (float(score) - int(now_ms)) / 1000


@pytest.mark.parametrize(
    "error",
    [LaneBusy("held"), LeaseLost("lost"), StoreUnavailable("away"), InboxUnavailable("away"), StoreRejected("refused"),
     BadConfiguration("no"), invalid(), KeyError("sealed"), ZeroDivisionError(), None],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
async def test_a_removal_that_fails_or_never_ends_is_put_back_and_the_others_are_done(
    service: Service, redis: Redis, error: Exception | None
) -> None:
    await noted(service, redis, 12)
    store, longest = Odd(service, error), 30 if error else 3
    repeating = finish_removals(replace(service.removals, store=store), longest_seconds=longest)
    (outcome,) = await asyncio.gather(repeating, return_exceptions=True)
    assert outcome == 11
    assert store.tried.count(BAD) == 1
    assert 20 < await pause_seconds(redis) <= 30
    assert await finish_removals(replace(service.removals, store=store)) == 0, "it rests"
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1
    assert not await redis.exists(keys.removals, keys.removal_failures)


async def test_the_pause_doubles_up_to_ten_minutes(service: Service, redis: Redis) -> None:
    await noted(service, redis, 1)
    pauses = list[float]()
    for _ in range(7):
        await make_removals_due(redis)
        await finish_removals(replace(service.removals, store=Odd(service, LaneBusy("held"))))
        pauses.append(round(await pause_seconds(redis), -1))
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize(
    "member", ["0 {}", "0 no json", "nothing", "x y", "0 []", '0 {"v":1}', '0 {"v":1,"sealed":"x"}']
)
async def test_a_removal_that_cannot_be_read_is_put_back_and_the_others_are_done(
    service: Service, redis: Redis, member: str
) -> None:
    await noted(service, redis, 2)
    await redis.zadd(keys.removals, {member: -1})
    assert await finish_removals(service.removals) == 2
    assert await redis.zrange(keys.removals, 0, -1) == [member.encode()]
    assert 20 < await pause_seconds(redis) <= 30


@pytest.mark.parametrize("error", [StoreUnavailable("away"), InboxUnavailable("away")])
async def test_while_a_server_is_away_a_few_removals_ask_for_it_and_the_others_are_left_for_later(
    service: Service, redis: Redis, error: Exception
) -> None:
    await noted(service, redis, 12)
    store = Odd(service, error, always=True)
    (outcome,) = await asyncio.gather(finish_removals(replace(service.removals, store=store)), return_exceptions=True)
    assert outcome is error
    assert len(store.tried) == 4
    assert await redis.zcard(keys.removals) == 12
    assert await finish_removals(service.removals) == 8, "the four rest"


async def test_what_one_process_repeats_no_other_repeats_meanwhile(service: Service, redis: Redis) -> None:
    await noted(service, redis, 4)
    mine = await service.removal_notes.unfinished()
    assert len(mine) == 4
    assert await service.removal_notes.unfinished() == []
    await redis.hincrby(keys.clock, "monotonic_us", 61_000_000)
    assert len(await service.removal_notes.unfinished()) == 4, "the first process has died"


async def test_a_round_repeats_no_more_than_a_hundred_and_tries_to_read_no_more(service: Service, redis: Redis) -> None:
    await redis.zadd(keys.removals, {f"{number} not to be read": 0 for number in range(150)})
    assert await finish_removals(service.removals) == 0
    assert await redis.hlen(keys.removal_failures) == 100
    await redis.delete(keys.removals)
    await noted(service, redis, 101)
    assert await finish_removals(service.removals) == 100
    assert await finish_removals(service.removals) == 1


def sweep_services(sweeper: Sweeper, removals: RemovalServices) -> SweepServices:
    return SweepServices(sweeper=sweeper, clock=OWN_CLOCK, removals=removals)


async def test_a_removal_that_never_ends_keeps_no_lane_from_being_rung_for(service: Service, redis: Redis) -> None:
    await noted(service, redis, 1)
    store = Odd(service, None)
    removals = replace(service.removals, store=store)
    sweeping = asyncio.create_task(sweep_forever(0.01, sweep_services(service.sweeper, removals)))
    try:
        await wait_until(lambda: store.tried, what="the removal being repeated")
        await service.say("I live in Berlin", BOB)
        await redis.delete(QUEUE, keys.sweeper)  # the bell is lost
        await redis.zadd(keys.lanes, {(await lane_keys(redis, BOB.lane)).id: 0})

        async def rung() -> bool:
            return bool(await redis.llen(QUEUE))

        await wait_until(rung, what="a bell for bob's lane")
        assert store.tried == [BAD]
    finally:
        sweeping.cancel()


class Failing:
    """Sweeps and removals that fail by what nobody foresaw."""

    def __init__(self) -> None:
        self.sweeps, self.rounds = 0, 0

    async def sweep(self) -> int:
        self.sweeps += 1
        raise KeyError(self.sweeps)

    async def unfinished(self) -> list[tuple[str, Removal]]:
        self.rounds += 1
        raise invalid()


async def test_whatever_a_sweep_or_a_round_of_removals_fails_by_the_next_one_comes(service: Service) -> None:
    failing = Failing()
    removals = replace(service.removals, removal_notes=cast(RemovalNotes, failing))
    sweeping = asyncio.create_task(sweep_forever(0.01, sweep_services(failing, removals)))
    try:
        await wait_until(lambda: min(failing.sweeps, failing.rounds) > 2, what="the third sweep and the third round")
    finally:
        sweeping.cancel()
