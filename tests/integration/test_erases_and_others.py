"""What others do while an erase is at work, or has failed, leaves nothing behind and takes nothing that stays."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.pseudonyms import Pseudonyms
from memory.adapters.qdrant_store import QdrantStore
from memory.adapters.redis_inbox import RedisInbox
from memory.adapters.redis_scripts import RedisScripts
from memory.adapters.redis_server_key import RedisServerKey
from memory.adapters.redis_webhooks import RedisWebhooks
from memory.errors import StoreUnavailable
from memory.model import Lane, Scope, Status
from tests.contract.test_deliveries import HOOK
from tests.integration.house import ANA, House
from tests.integration.test_large_erases import ANA_BOT, BOT, forgotten
from tests.integration.test_no_trace import taken

CAROL_BOT = Scope(tenant="default", user_id="carol", agent_id="bot")


async def test_the_webhook_events_of_what_comes_during_an_erase_stay(
    house: House, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = RedisWebhooks(redis, RedisScripts(redis), Pseudonyms(RedisServerKey(redis)))
    assert await book.add("default", HOOK, 1)
    await house.say("I live in Berlin", ANA_BOT)
    await house.drain()
    untell = RedisInbox.untell

    async def later(inbox: RedisInbox, *scope: Any) -> int:
        await house.say("I live in Rome", CAROL_BOT)  # another user of the agent, after the epoch
        assert await house.drain(CAROL_BOT) == 1
        return await untell(inbox, *scope)

    monkeypatch.setattr(RedisInbox, "untell", later)
    assert (await forgotten(house, BOT)).counts.memories == 1
    assert await house.texts(CAROL_BOT) == ["I live in Rome"]
    assert await redis.zcard(keys.hook_waiting(keys.hook("default", HOOK.id))) == 1


async def test_a_worker_that_loses_its_lane_to_an_erase_that_fails_has_not_died(house: House) -> None:
    turn_id = await house.say("I like tea")

    class Away(QdrantStore):
        """It finds the lane, and is away from then on: before the erase has taken a step in the lane."""

        looks = 0

        async def lanes(self, scope: Scope, *more: Any) -> list[Lane]:
            self.looks += 1
            if self.looks == 1:
                return [ANA.lane]
            raise StoreUnavailable("it is away")

    for _ in range(2):  # as often as a worker may die
        await taken(house, ANA)
        with pytest.raises(StoreUnavailable):
            await forgotten(house, BOT, store=Away(house.store._client, house.embedder))
    assert (await house.status(turn_id)).status is Status.QUEUED
    await house.drain()
    settled = await house.status(turn_id)
    assert (settled.status, settled.attempts, settled.counts.worker_lost) == (Status.SETTLED, 1, 0)


async def test_a_lane_that_an_erase_wakes_from_its_pause_is_due_at_once(house: House, redis: Redis) -> None:
    await house.say("I like tea", ANA_BOT)
    await house.say("I like cats")
    lease, _ = await taken(house, ANA)
    await house.lanes.postpone(lease, "model_unavailable: it is away", 500)
    await house.lanes.hand_back(lease)

    async def due_in_ms() -> float:
        due_ms = await redis.zscore(keys.DUE, keys.waiting(ANA.lane))
        assert due_ms is not None
        return due_ms - int(await redis.hget(keys.CLOCK, "monotonic_us") or 0) / 1000

    assert await due_in_ms() > 100_000
    await forgotten(house, BOT)
    assert await due_in_ms() < 100_000
