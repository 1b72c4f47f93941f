"""Owners with many turns, and agents with many users: forgotten in small steps, all of them under leases that last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.erase.turn_erasure import RedisTurnErasure
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.erase.forget import forget
from scrubjay.errors import InboxUnavailable, LaneBusy, LeaseLost
from scrubjay.model import Lease, Plan, Scope
from scrubjay.model.erasure import Erased, Erasure
from tests.contract.desk import nothing_stored
from tests.integration.service import ANA, BOB, Service
from tests.redis_keys import lane_keys
from tests.support import wait_until

BOT = Scope(tenant="default", agent_id="bot")
ANA_BOT = Scope(tenant="default", user_id="ana", agent_id="bot")
MOST_COMMANDS = 2_500  # of one script; 200 turns in a step, about ten commands each
FEW, MANY = 150, 1_000
LANES, LEASE_SECONDS = 520, 0.6
LIMITS = InboxLimits()


async def forgotten(service: Service, scope: Scope = ANA, **parts: Any) -> Erasure:
    return await forget(scope, replace(service.forget_services, **parts))


async def said(service: Service, scopes: Sequence[Scope]) -> list[str]:
    """A turn of each of these owners, in this order; returns their ids."""
    ids = list[str]()
    for start in range(0, len(scopes), 100):
        chunk = scopes[start : start + 100]
        ids += await asyncio.gather(*(service.say("I like tea", scope) for scope in chunk))
    return ids


async def settled(service: Service, count: int, scope: Scope = ANA) -> None:
    """So many turns of one owner that no model has looked at, but all are settled."""
    await said(service, [scope] * count)
    async with service.lanes.lease(scope.lane) as lease:
        assert lease is not None
        while batch := await service.lanes.take(lease, 1_000, 10_000_000):
            await service.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))


class Watched:
    """A Redis's scripts, each called alone, with the most commands that any of them has issued."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self.most = redis, dict[str, int]()
        self._scripts = RedisScripts(redis)
        self.keys = self._scripts.keys

    async def run(self, name: str, names: Sequence[str], args: Sequence[Any]) -> Any:
        before = await self._issued()
        answer = await self._scripts.run(name, names, args)
        self.most[name] = max(self.most.get(name, 0), await self._issued() - before)
        return answer

    async def _issued(self) -> int:
        stats: dict[str, Any] = await self._redis.info("commandstats")
        return sum(
            command["calls"] for name, command in stats.items() if name not in ("cmdstat_info", "cmdstat_evalsha")
        )


@pytest.mark.parametrize("waits", [False, True], ids=["settled", "waiting"])
async def test_no_step_of_an_erase_grows_with_what_is_stored(service: Service, redis: Redis, waits: bool) -> None:
    if waits:
        await said(service, [ANA] * MANY)
    else:
        await settled(service, MANY)
    scripts = Watched(redis)
    erasure = await forgotten(service, turn_erasure=turn_erasure_on(redis, scripts))
    assert (erasure.turns, erasure.verified) == (MANY, True)
    assert {name: most for name, most in scripts.most.items() if most > MOST_COMMANDS} == {}


async def test_a_part_of_a_shared_lane_goes_and_the_rest_keeps_its_order_and_its_plan(service: Service) -> None:
    """The batch at the head has a recorded plan, and more turns wait than one step looks at."""
    head = [await service.say(f"head {number}") for number in range(3)]
    lease = await service.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    assert await service.lanes.take(lease, 3, 1_000) is not None
    await service.lanes.record(lease, Plan(turn_ids=tuple(head)))
    ids = await said(service, [ANA, ANA_BOT] * 300)
    erasure = await forgotten(service, BOT)
    assert (erasure.turns, erasure.counts.plans, erasure.verified) == (300, 0, True)
    stays = [*head, *(turn_id for number, turn_id in enumerate(ids) if not number % 2)]
    async with service.lanes.lease(ANA.lane) as again:
        assert again is not None
        batch = await service.lanes.take(again, 8, 1_000)
        assert batch is not None
        assert (batch.plan is not None, [turn.id for turn in batch.turns]) == (True, head)
        await service.lanes.settle(again, Plan(turn_ids=tuple(head)))
        rest = await service.lanes.take(again, 1_000, 1_000_000)
        assert rest is not None
        assert [turn.id for turn in rest.turns] == stays[3:]
    ledger = await service.turns.ledger("default")
    assert (ledger.balanced, ledger.erased) == (True, 300)


def turn_erasure_on(redis: Redis, scripts: Any, limits: InboxLimits = LIMITS) -> RedisTurnErasure:
    """What erases turns for the service, with other scripts or limits."""
    order = RedisOrder(scripts, nothing_stored)
    core = RedisCore(
        redis, LaneScripts(scripts), CeleryWakeups(), limits, Pseudonyms(RedisServerKey(RedisScripts(redis))), order
    )
    return turn_adapters(core).turn_erasure


def losing(redis: Redis, times: int) -> RedisTurnErasure:
    """One that loses the lane after its first step in it, so often."""
    turn_erasure, left = turn_erasure_on(redis, RedisScripts(redis)), [None] * times
    erase = turn_erasure.erase

    async def lost(scope: Scope, lease: Lease, epoch: int) -> AsyncIterator[Erased]:
        async for step in erase(scope, lease, epoch):
            yield step
            if left:
                left.pop()
                await redis.delete((await lane_keys(redis, lease.lane)).lease)

    cast(Any, turn_erasure).erase = lost
    return turn_erasure


async def test_each_step_of_an_erase_looks_at_the_token_again(service: Service, redis: Redis) -> None:
    await said(service, [ANA] * 300)
    async with service.turn_erasure.holding(service.lanes.hand_back) as hold:
        await hold.take([ANA.lane])
        epoch = await service.turn_erasure.raise_epoch(ANA)
        steps = service.turn_erasure.erase(ANA, hold.leases[0], epoch.order)
        first = await anext(steps)
        await redis.delete((await lane_keys(redis, ANA.lane)).lease)
        with pytest.raises(LeaseLost):
            await anext(steps)
    ledger = await service.turns.ledger("default")
    assert (ledger.erased, ledger.balanced) == (len(first.ids), True)


async def test_a_lane_in_which_another_erase_is_is_not_taken_from_it(service: Service) -> None:
    async with (
        service.turn_erasure.holding(service.lanes.hand_back) as first,
        service.turn_erasure.holding(service.lanes.hand_back) as other,
    ):
        await first.take([BOB.lane])
        await other.take([ANA.lane])
        with pytest.raises(LeaseLost):
            await other.take([BOB.lane])
        await first.check()
    async with service.turn_erasure.holding(service.lanes.hand_back) as later:
        await later.take([ANA.lane, BOB.lane])
        assert len(later.leases) == 2


async def test_an_erase_that_loses_its_lane_begins_again_and_counts_everything_once(
    service: Service, redis: Redis
) -> None:
    await settled(service, FEW)
    await service.say("I like tea")
    erasure = await forgotten(service, turn_erasure=losing(redis, 2))
    assert erasure.counts.turns == {"settled": FEW, "waiting": 1}
    assert (erasure.verified, erasure.known) == (True, True)
    assert len(await service.lanes.epochs(ANA)) == 1


async def test_an_erase_that_loses_its_lane_every_time_gives_no_receipt(service: Service, redis: Redis) -> None:
    await settled(service, 3)
    with pytest.raises(LaneBusy) as refused:
        await forgotten(service, turn_erasure=losing(redis, 1_000))
    assert refused.value.retry_after_seconds
    assert (await forgotten(service)).verified


async def test_an_erase_whose_lane_was_lost_after_its_last_step_begins_again(service: Service, redis: Redis) -> None:
    await service.say("I live in Berlin")
    await service.drain()

    class Late(QdrantStore):
        looks = 0

        async def erase(self, scope: Scope, before: int) -> int:
            removed = await super().erase(scope, before)
            self.looks += 1
            if self.looks == 1:
                await redis.delete((await lane_keys(redis, ANA.lane)).lease)
            return removed

    store = Late(service.store.collection.client, service.embedder)
    erasure = await forgotten(service, store=store)
    assert (store.looks, erasure.turns, erasure.counts.memories, erasure.counts.versions) == (2, 1, 1, 1)


async def test_the_leases_of_many_lanes_outlive_any_one_lease(service: Service, redis: Redis) -> None:
    """An agent with many users, under leases that are far shorter than its erase."""
    limits = InboxLimits(lease_seconds=LEASE_SECONDS)
    turn_erasure = turn_erasure_on(redis, RedisScripts(redis), limits)
    users = [Scope(tenant="default", user_id=f"user-{number}", agent_id="bot") for number in range(LANES)]
    await said(service, users)

    class Slow(QdrantStore):
        """Removes when leases that were taken by now would have ended twice."""

        async def erase(self, scope: Scope, before: int) -> int:
            for _ in range(2):
                await redis.set("sj:lease:probe", 1, px=limits.lease_ms)
                await wait_until(lambda: gone(redis, "sj:lease:probe"), what="a lease ending")
            return await super().erase(scope, before)

    erasure: Any = None
    with contextlib.suppress(LaneBusy):
        erasure = await forgotten(
            service, BOT, turn_erasure=turn_erasure, store=Slow(service.store.collection.client, service.embedder)
        )
    assert erasure is not None, "the leases were lost every time"
    assert (erasure.turns, erasure.verified) == (LANES, True)
    assert await redis.keys("sj:lease:*") == []
    assert await redis.keys("sj:erasing:*") == []


async def gone(redis: Redis, name: str) -> bool:
    return not await redis.exists(name)


async def test_two_erases_of_agents_with_the_same_users_both_end(service: Service) -> None:
    for number in range(6):
        for agent in ("one", "two"):
            await service.say(f"I like {agent}", Scope(tenant="default", user_id=f"user-{number}", agent_id=agent))
    scopes = [Scope(tenant="default", agent_id=agent) for agent in ("one", "two")]
    erasures = await asyncio.gather(*(forgotten(service, scope) for scope in [*scopes, *scopes]))
    assert sum(erasure.turns for erasure in erasures) == 12
    assert all(erasure.verified for erasure in erasures)


async def test_an_erase_whose_step_was_done_without_an_answer_gives_no_receipt(service: Service, redis: Redis) -> None:
    """As when a script takes longer than we wait for its answer."""
    await settled(service, 3)

    class Unanswered(RedisScripts):
        left = 1

        async def run(self, name: str, names: Sequence[str], args: Sequence[Any]) -> Any:
            answer = await super().run(name, names, args)
            if name == "erase" and answer[3] and self.left:
                self.left -= 1
                raise InboxUnavailable("Redis does not answer; try again shortly")
            return answer

    turn_erasure = turn_erasure_on(redis, Unanswered(redis))
    with pytest.raises(InboxUnavailable):
        await forgotten(service, turn_erasure=turn_erasure)
    again = await forgotten(service, turn_erasure=turn_erasure)
    assert (again.turns, again.verified, again.known) == (0, True, True)
    assert (await service.turns.ledger("default")).erased == 3
