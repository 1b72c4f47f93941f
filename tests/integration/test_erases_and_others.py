"""What others do while an erase is at work, or has failed, leaves nothing behind and takes nothing that stays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.adapters.redis.webhooks.registry import RedisWebhooks
from scrubjay.erase.removals import finish_removals
from scrubjay.errors import LaneBusy, StoreUnavailable
from scrubjay.ingest.drain import drain
from scrubjay.model import Event, Lane, Scope, Status
from tests.contract.test_deliveries import HOOK
from tests.integration.service import ANA, MARCH, Service, make_removals_due
from tests.integration.test_large_erases import ANA_BOT, BOT, forgotten
from tests.integration.test_no_trace import recorded, taken, traces
from tests.redis_keys import keys, lane_keys, lane_scripts

CAROL_BOT = Scope(tenant="default", user_id="carol", agent_id="bot")


async def test_the_webhook_events_of_what_comes_during_an_erase_stay(
    service: Service, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = RedisWebhooks(redis, RedisScripts(redis), Pseudonyms(RedisServerKey(RedisScripts(redis))))
    assert await book.add("default", HOOK, 1)
    await service.say("I live in Berlin", ANA_BOT)
    await service.drain()
    drop_notifications = service.turn_erasure.drop_notifications

    async def later(*scope: Any) -> int:
        await service.say("I live in Rome", CAROL_BOT)  # another user of the agent, after the epoch
        assert await service.drain(CAROL_BOT) == 1
        return await drop_notifications(*scope)

    monkeypatch.setattr(service.turn_erasure, "drop_notifications", later)
    assert (await forgotten(service, BOT)).counts.memories == 1
    assert await service.texts(CAROL_BOT) == ["I live in Rome"]
    assert await redis.zcard(keys.hook_waiting(keys.hook("default", HOOK.id))) == 1


async def test_a_worker_that_loses_its_lane_to_an_erase_that_fails_has_not_died(service: Service) -> None:
    turn_id = await service.say("I like tea")

    class Away(QdrantStore):
        """It finds the lane, and is away from then on: before the erase has taken a step in the lane."""

        looks = 0

        async def lanes(self, scope: Scope, *more: Any) -> list[Lane]:
            self.looks += 1
            if self.looks == 1:
                return [ANA.lane]
            raise StoreUnavailable("it is away")

    for _ in range(2):  # as often as a worker may die
        await taken(service, ANA)
        with pytest.raises(StoreUnavailable):
            await forgotten(service, BOT, store=Away(service.store.collection.client, service.embedder))
    assert (await service.status(turn_id)).status is Status.QUEUED
    await service.drain()
    settled = await service.status(turn_id)
    assert (settled.status, settled.attempts, settled.counts.worker_lost) == (Status.SETTLED, 1, 0)


async def test_a_lane_that_an_erase_wakes_from_its_pause_is_due_at_once(service: Service, redis: Redis) -> None:
    await service.say("I like tea", ANA_BOT)
    await service.say("I like cats")
    lease, _ = await taken(service, ANA)
    await service.lanes.postpone(lease, "model_unavailable: it is away", 500)
    await service.lanes.hand_back(lease)

    async def due_in_ms() -> float:
        due_ms = await redis.zscore(keys.due, (await lane_keys(redis, ANA.lane)).waiting)
        assert due_ms is not None
        return due_ms - int(await redis.hget(keys.clock, "monotonic_us") or 0) / 1000

    assert await due_in_ms() > 100_000
    await forgotten(service, BOT)
    assert await due_in_ms() < 100_000


class Between(RedisTurns):
    """Takes a step when an erase looks for lanes for the second time: the epoch stands, and lanes are held."""

    def __init__(self, redis: Redis, step: Callable[[], Awaitable[object]]) -> None:
        super().__init__(redis, lane_scripts(redis))
        self._times_looked, self._step = 0, step

    async def lanes(self, scope: Scope) -> list[Lane]:
        self._times_looked += 1
        if self._times_looked == 2:
            await self._step()
        return await super().lanes(scope)


async def test_a_worker_that_takes_back_leaves_an_erase_what_it_shows_others_again_by(
    service: Service, redis: Redis
) -> None:
    service.reconciler.table |= {"I live in Rome": Event.UPDATE, "I like tea": Event.ADD}
    for text, scope in (("I live in Berlin", ANA), ("I live in Rome", ANA_BOT)):
        await service.say(text, scope)
        await service.drain()
    await service.say("I like tea", ANA_BOT)
    applying, go_on = asyncio.Event(), asyncio.Event()

    class Slow(QdrantStore):
        async def apply(self, *args: Any) -> None:
            applying.set()
            await go_on.wait()
            await super().apply(*args)

    parts = service.drain_with(store=Slow(service.store.collection.client, service.embedder))
    worker = asyncio.create_task(drain(ANA.lane, parts))
    await applying.wait()

    async def worker_ends() -> None:
        go_on.set()
        await worker

    erasure = await forgotten(service, BOT, turns=Between(redis, worker_ends))
    assert erasure.verified
    assert await service.texts() == ["I live in Berlin"]
    assert await traces(redis, "I live in Rome") == []


async def test_the_sweep_may_repeat_the_removal_of_an_erase_that_is_at_work(service: Service, redis: Redis) -> None:
    await service.say("I live in Rome", ANA_BOT)
    await service.drain()

    async def sweep() -> None:
        await make_removals_due(redis)
        with contextlib.suppress(LaneBusy):
            await finish_removals(service.removals)

    erasure = await forgotten(service, BOT, turns=Between(redis, sweep))
    assert (erasure.verified, erasure.counts.versions) == (True, 1)
    assert await traces(redis, "I live in Rome") == []


@pytest.mark.parametrize("settles", [True, False], ids=["a settled turn", "a plan"])
async def test_an_erase_that_begins_again_shows_what_was_settled_meanwhile(
    service: Service, redis: Redis, settles: bool
) -> None:
    service.reconciler.table["I live in Berlin"] = Event.UPDATE
    await service.say("I live in Rome", ANA_BOT)
    await service.drain()
    await service.say("I live in Berlin", timestamp=MARCH)  # long ago: what the agent was told stands for it

    class Losing(QdrantStore):
        erases = 0

        async def erase(self, scope: Scope, before: int) -> int:
            self.erases += 1
            if self.erases == 1:
                await redis.delete(
                    (await lane_keys(redis, ANA.lane)).lease
                )  # it has ended: whoever erases was stopped for long
                await (service.drain() if settles else recorded(service, ANA))
                assert await service.texts() == ["I live in Rome"]
            return await super().erase(scope, before)

    store = Losing(service.store.collection.client, service.embedder)
    assert (await forgotten(service, BOT, store=store)).verified
    assert store.erases == 2
    await service.drain()
    assert await service.texts() == ["I live in Berlin"]


async def test_an_erase_of_a_part_leaves_what_is_quoted_of_memories_that_stay(service: Service) -> None:
    service.reconciler.table |= {"Berlin it is": Event.NONE, "I live in Rome": Event.UPDATE}
    await service.say("I live in Berlin")
    await service.drain()
    ids = list[str]()
    for text in ("Berlin it is", "I live in Rome"):
        ids.append(await service.say(text))
        await service.drain()
    await service.say("I like tea", ANA_BOT)
    await service.drain()
    before = [(await service.status(turn_id)).events for turn_id in ids]
    assert [(event.event, event.previous) for events in before for event in events] == [
        (Event.NONE, None), (Event.UPDATE, "I live in Berlin"),
    ]  # fmt: skip
    assert (await forgotten(service, BOT)).verified
    assert [(await service.status(turn_id)).events for turn_id in ids] == before
