"""Redis' clock jumps, and nothing sleeps for as long as it jumped, and no removal comes early."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.erase.forget import forget
from scrubjay.errors import ModelUnavailable
from scrubjay.model import DeliveryStatus, Outcome, Webhook
from scrubjay.model.names import QUEUE
from tests.integration.clocks.conftest import HOUR, Clock
from tests.integration.service import ANA, Service
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

LIMITS = InboxLimits(lease_seconds=1, sweep_seconds=0.05, retry_max_seconds=0.5)
A_MINUTE_MS = 60_000
HOOK = Webhook(
    id="0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10",
    url="https://example.com/",
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
    updated_at=datetime(2026, 3, 1, tzinfo=UTC),
)


class Process:
    """Another process on the same Redis, with short leases and pauses, that sweeps often."""

    def __init__(self, service: Service, redis: Redis) -> None:
        self.redis = redis
        scripts, bell, pseudonyms = (
            RedisScripts(redis),
            CeleryWakeups(),
            Pseudonyms(RedisServerKey(RedisScripts(redis))),
        )
        core = RedisCore(redis, LaneScripts(scripts), bell, LIMITS, pseudonyms, service.intake._core.order)
        adapters = turn_adapters(core, send_seconds=1)
        self.sweeper, self.lanes = adapters.sweeper, adapters.lanes
        self.turn_erasure, self.removal_notes = adapters.turn_erasure, adapters.removal_notes
        self.webhooks, self.deliveries = adapters.webhooks, adapters.deliveries
        self.breaker = RedisBreaker(scripts, "b", BreakerLimits(threshold=1, base_seconds=0.3))

    async def rings(self) -> None:
        """Wait until a sweep has rung."""
        await self.redis.delete(QUEUE)

        async def rung() -> bool:
            await self.sweeper.sweep()
            return bool(await self.redis.llen(QUEUE))

        await wait_until(rung, deadline_seconds=20, what="a bell")


@pytest.fixture
def process(service: Service, redis: Redis) -> Process:
    return Process(service, redis)


@pytest.mark.parametrize("seconds", [-HOUR, 5])
async def test_a_lane_whose_worker_died_before_a_jump_is_held_again(
    service: Service, redis: Redis, clock: Clock, process: Process, seconds: float
) -> None:
    await service.say("I live in Lisbon")
    assert await process.lanes.leasing.acquire(ANA.lane, edit=False) is not None  # and is never heard of again
    clock.set_ahead(seconds)

    async def is_cut() -> bool:
        await process.sweeper.sweep()
        return await redis.pttl((await lane_keys(redis, ANA.lane)).lease) <= A_MINUTE_MS

    await wait_until(is_cut, deadline_seconds=20, what="a lease that is no longer than anybody takes one for")
    await redis.delete((await lane_keys(redis, ANA.lane)).lease)  # a minute later
    await process.rings()
    assert await process.lanes.leasing.acquire(ANA.lane, edit=False) is not None


async def test_an_edit_finds_a_lease_that_a_jump_has_made_longer_and_cuts_it(
    service: Service, redis: Redis, clock: Clock, process: Process
) -> None:
    assert await process.lanes.leasing.acquire(ANA.lane, edit=True) is not None
    clock.set_ahead(-HOUR)
    assert await redis.pttl((await lane_keys(redis, ANA.lane)).lease) > A_MINUTE_MS
    assert await process.lanes.leasing.acquire(ANA.lane, edit=True) is None
    assert await redis.pttl((await lane_keys(redis, ANA.lane)).lease) <= A_MINUTE_MS


@pytest.mark.parametrize("seconds", [-5, -HOUR])
async def test_a_lane_that_backs_off_goes_on_after_its_pause_though_the_clock_goes_back(
    service: Service, clock: Clock, process: Process, seconds: float
) -> None:
    await service.say("I live in Lisbon")
    lease = await process.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    assert await process.lanes.take(lease, 1, 1000)
    assert await process.lanes.postpone(lease, "model_unavailable: away", None) > 0
    clock.set_ahead(seconds)
    await process.rings()
    assert await process.lanes.leasing.acquire(ANA.lane, edit=False) is not None


@pytest.mark.parametrize("seconds", [-300, 5, HOUR])
async def test_a_removal_is_repeated_when_whoever_wrote_has_ended_whatever_the_clock_does(
    service: Service, redis: Redis, clock: Clock, process: Process, seconds: float
) -> None:
    await forget(ANA, replace(service.forget_services, turn_erasure=process.turn_erasure, lanes=process.lanes))
    clock.set_ahead(seconds)
    assert await process.removal_notes.unfinished() == []
    await redis.hincrby(
        keys.clock, "monotonic_us", (LIMITS.lease_ms + 30_000 - 5_000) * 1000
    )  # all have looked meanwhile
    assert await process.removal_notes.unfinished() == []
    await redis.hincrby(keys.clock, "monotonic_us", 10_000_000)
    assert len(await process.removal_notes.unfinished()) == 1


async def test_a_delivery_that_rests_is_sent_after_its_pause_though_the_clock_goes_back(
    clock: Clock, process: Process
) -> None:
    assert await process.webhooks.add("default", HOOK, 1)
    assert await process.deliveries.note_test("default", HOOK.id)
    claimed = await process.deliveries.claim("default", HOOK.id, busy=True)  # and dies: it is awake for ten seconds
    assert claimed is not None
    again = Outcome(status=DeliveryStatus.WAITING, status_code=500, delay_seconds=0.3, rest_seconds=0.3)
    await process.deliveries.report("default", claimed.delivery, again)
    clock.set_ahead(-300)
    await process.rings()

    async def is_claimed() -> bool:
        return await process.deliveries.claim("default", HOOK.id, busy=True) is not None

    await wait_until(is_claimed, deadline_seconds=20, what="the delivery's second attempt")


async def test_a_breaker_closes_after_its_pause_though_the_clock_goes_back(clock: Clock, process: Process) -> None:
    with pytest.raises(ModelUnavailable):
        async with process.breaker.call():
            raise ModelUnavailable("away")
    clock.set_ahead(-HOUR)

    async def is_tried() -> bool:
        try:
            async with process.breaker.call():
                return True
        except ModelUnavailable:
            return False

    await wait_until(is_tried, deadline_seconds=20, what="a call that is let through")


async def test_a_lease_that_a_jump_has_made_longer_is_good_for_writing_no_longer_than_a_lease(
    service: Service, redis: Redis, clock: Clock, process: Process
) -> None:
    lease = await process.lanes.leasing.acquire(ANA.lane, edit=True)
    assert lease is not None
    clock.set_ahead(-HOUR)
    seen = await process.lanes.confirm(lease, ())
    assert await redis.pttl((await lane_keys(redis, ANA.lane)).lease) > A_MINUTE_MS
    assert seen.good_until <= asyncio.get_running_loop().time() + LIMITS.lease_seconds


async def test_a_sweep_is_not_put_off_by_a_term_that_a_jump_has_made_longer(redis: Redis, process: Process) -> None:
    await redis.set(keys.sweeper, 1, px=HOUR * 1000)  # as it looks once the clock has gone back
    await process.sweeper.sweep()
    assert await redis.pttl(keys.sweeper) <= LIMITS.sweep_ms
