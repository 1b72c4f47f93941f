"""The deliveries on Redis: bounded in number, claimed once at a time, reported by whoever claimed last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.webhooks.registry import RedisWebhooks
from scrubjay.errors import Unreadable
from scrubjay.model import DeliveryStatus, Event, Outcome, Page, Plan, Scope, TurnEvent, Webhook
from scrubjay.model.names import QUEUE
from tests.chaos.scan import all_of_redis
from tests.contract.desk import ANA, Desk, nothing_stored
from tests.keys_found import faults
from tests.redis_keys import keys, lane_keys

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOOK = Webhook(id="0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10", url="https://example.com/", created_at=NOW, updated_at=NOW)
DELIVERED = Outcome(status=DeliveryStatus.DELIVERED, status_code=200)
AGAIN = Outcome(status=DeliveryStatus.WAITING, status_code=500)


class Counter:
    """The registry and the deliveries of one webhook, at a desk where turns are settled."""

    def __init__(self, desk: Desk, redis: Redis) -> None:
        self.desk = desk
        scripts, limits = RedisScripts(redis), InboxLimits(retention_seconds=1000)
        pseudonyms, order = Pseudonyms(RedisServerKey(RedisScripts(redis))), RedisOrder(scripts, nothing_stored)
        adapters = turn_adapters(RedisCore(redis, LaneScripts(scripts), CeleryWakeups(), limits, pseudonyms, order))
        self.webhooks, self.deliveries = adapters.webhooks, adapters.deliveries

    async def settle(self, *events: TurnEvent, scope: Scope = ANA) -> str:
        """One turn that did this."""
        turn_id = await self.desk.post(scope=scope)
        async with self.desk.lanes.lease(scope.lane) as lease:
            assert lease is not None
            await self.desk.lanes.take(lease, 1, 1000)
            await self.desk.lanes.settle(lease, Plan(turn_ids=(turn_id,), events={turn_id: events}))
        return turn_id

    async def statuses(self) -> list[tuple[str, str | None]]:
        listed = await self.deliveries.page("default", HOOK.id, Page())
        deliveries = listed.items
        return [(delivery.status.value, delivery.error) for delivery in deliveries]


@pytest.fixture
async def counter(desk: Desk, redis: Redis) -> Counter:
    made = Counter(desk, redis)
    assert await made.webhooks.add("default", HOOK, 1)
    return made


def added(number: int) -> TurnEvent:
    return TurnEvent(event=Event.ADD, id=f"m{number}", memory="I live in Berlin")


async def test_a_delivery_holds_ids_and_no_words_and_what_changed_nothing_or_is_held_back_makes_none(
    counter: Counter, redis: Redis
) -> None:
    events = [
        added(1),
        TurnEvent(event=Event.NONE, id="m2", memory="x"),
        TurnEvent(event=Event.ADD, id="m3", memory="I live in Berlin", in_quarantine=True),
    ]
    await counter.settle(*events)
    listed = await counter.deliveries.page("default", HOOK.id, Page())
    count, (delivery,) = listed.count, listed.items
    assert (count, delivery.memory_id, delivery.scope) == (1, "m1", ANA)
    assert "Berlin" not in (await all_of_redis(redis))[f"sj:delivery:default:{delivery.id}"]


async def test_settling_the_same_batch_again_notes_nothing_twice(counter: Counter) -> None:
    turn_id = await counter.desk.post()
    plan = Plan(turn_ids=(turn_id,), events={turn_id: (added(1),)})
    async with counter.desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await counter.desk.lanes.take(lease, 1, 1000)
        for _ in range(2):
            await counter.desk.lanes.settle(lease, plan)
    assert len(await counter.statuses()) == 1


async def test_two_changes_of_one_memory_by_one_turn_are_two_deliveries_told_apart(counter: Counter) -> None:
    update = TurnEvent(event=Event.UPDATE, id="m1", memory="x")
    await counter.settle(added(1), update, update)
    listed = await counter.deliveries.page("default", HOOK.id, Page())
    deliveries = listed.items
    assert [(delivery.event, delivery.nth) for delivery in deliveries] == [("UPDATE", 1), ("UPDATE", 0), ("ADD", 0)]


async def test_one_delivery_of_a_lane_is_claimed_at_a_time_and_the_next_when_it_is_done(counter: Counter) -> None:
    await counter.settle(added(1), added(2))
    first = await counter.deliveries.claim("default", HOOK.id, busy=True)
    assert first is not None
    assert await counter.deliveries.claim("default", HOOK.id, busy=True) is None
    await counter.deliveries.report("default", first.delivery, DELIVERED)
    second = await counter.deliveries.claim("default", HOOK.id, busy=True)
    assert second is not None
    assert (first.delivery.memory_id, second.delivery.memory_id) == ("m1", "m2")
    await counter.deliveries.report("default", second.delivery, DELIVERED)
    assert await counter.deliveries.claim("default", HOOK.id, busy=False) is None


async def test_a_late_failure_of_an_attempt_that_was_repeated_changes_nothing_and_a_late_success_counts(
    counter: Counter, redis: Redis
) -> None:
    await counter.settle(added(1))
    late = await counter.deliveries.claim("default", HOOK.id, busy=True)
    await redis.zadd(
        f"sj:hook_due:default:{HOOK.id}", {(await lane_keys(redis, ANA.lane)).id_in_tenant: 0}
    )  # the claim has ended
    newer = await counter.deliveries.claim("default", HOOK.id, busy=True)
    assert late is not None
    assert newer is not None
    await counter.deliveries.report("default", late.delivery, Outcome(status=DeliveryStatus.FAILED, error="timeout"))
    assert await counter.statuses() == [("waiting", None)]
    await counter.deliveries.report("default", late.delivery, DELIVERED)
    await counter.deliveries.report("default", newer.delivery, AGAIN)
    assert await counter.statuses() == [("delivered", None)]


async def test_what_is_more_than_may_wait_is_in_the_log_as_failed(counter: Counter, redis: Redis) -> None:
    await counter.settle(added(1))
    waiting = f"sj:hook_waiting:default:{HOOK.id}"
    await redis.zadd(waiting, {f"filler-{number}": 0 for number in range(9_999)})
    await counter.settle(added(2))
    assert (await counter.statuses())[0] == ("failed", "too_many_waiting")


async def test_of_what_is_done_the_last_thousand_are_kept(counter: Counter, redis: Redis) -> None:
    done = f"sj:hook_done:default:{HOOK.id}"
    for number in range(1_000):
        await redis.set(f"sj:delivery:default:{HOOK.id}-f{number}", "")
        await redis.zadd(done, {f"{HOOK.id}-f{number}": number / 1_000})
    await counter.settle(added(1))
    claimed = await counter.deliveries.claim("default", HOOK.id, busy=True)
    assert claimed is not None
    await counter.deliveries.report("default", claimed.delivery, DELIVERED)
    assert await redis.zcard(done) == 1_000
    assert not await redis.exists(f"sj:delivery:default:{HOOK.id}-f0")
    assert await redis.exists(f"sj:delivery:default:{HOOK.id}-f1", f"sj:delivery:default:{claimed.delivery.id}") == 2


async def test_every_key_of_webhooks_is_of_a_known_kind_at_each_step(counter: Counter, redis: Redis) -> None:
    await counter.settle(added(1), added(2))
    assert await faults(redis) == []
    for outcome in (AGAIN.model_copy(update={"rest_seconds": 60}), None, DELIVERED):
        claimed = await counter.deliveries.claim("default", HOOK.id, busy=True)
        assert (claimed is None) == (outcome is None), "it rests"
        if claimed and outcome:
            await counter.deliveries.report("default", claimed.delivery, outcome)
        else:
            await redis.delete(f"sj:hook_rest:default:{HOOK.id}")
        assert await faults(redis) == []
    await counter.deliveries.drop("default", HOOK.id)
    assert await faults(redis) == []


async def test_a_webhook_sealed_with_another_servers_key_is_left_out_and_cannot_be_read(
    counter: Counter, redis: Redis
) -> None:
    other = Pseudonyms(RedisServerKey(RedisScripts(redis), "another key, of 32 characters or so"))
    stranger = RedisWebhooks(redis, RedisScripts(redis), other)
    assert await stranger.all("default") == []
    with pytest.raises(Unreadable, match="SCRUBJAY_SERVER_KEY"):
        await stranger.get("default", HOOK.id)


async def test_a_message_for_a_webhook_is_heard_before_those_for_lanes_that_wait(
    counter: Counter, redis: Redis
) -> None:
    for name in ("ana", "bob", "eve"):
        await counter.desk.post(scope=Scope(tenant="default", user_id=name))
    assert await counter.deliveries.note_test("default", HOOK.id)
    heard: Any = [await redis.rpop(QUEUE) for _ in range(4)]
    assert [b"scrubjay.deliver" in message for message in heard] == [True, False, False, False]


async def test_webhooks_that_somebody_is_at_do_not_hide_one_that_is_due_from_the_sweep(
    counter: Counter, redis: Redis
) -> None:
    for number in range(250):
        await redis.zadd(keys.hooks_due, {f"t{number}:busy": 1})
        await redis.set(keys.hook_awake(f"t{number}:busy"), 1, px=9_000)
    await redis.zadd(keys.hooks_due, {"acme:due": 2})
    await counter.desk.sweeper.sweep()
    assert [b"scrubjay.deliver" in message for message in await redis.lrange(QUEUE, 0, -1)] == [True]


async def test_a_webhook_whose_message_finds_no_room_in_the_queue_is_told_of_by_a_later_sweep(
    counter: Counter, redis: Redis
) -> None:
    await redis.rpush(QUEUE, *("x" for _ in range(256)))
    assert await counter.deliveries.note_test("default", HOOK.id)
    assert await redis.llen(QUEUE) == 256
    await redis.delete(QUEUE)
    assert await counter.desk.sweeper.sweep() == 1
