"""What settled turns did is noted for webhooks afterwards and in parts: once each, in order, whoever dies meanwhile."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Event, Lease, Notification, Plan, TurnEvent
from scrubjay.model.names import QUEUE
from tests.chaos.scan import all_of_redis
from tests.contract.desk import ANA, Desk, nothing_stored
from tests.contract.test_deliveries import HOOK, Counter, added
from tests.contract.test_lists import cost
from tests.keys_found import faults
from tests.redis_keys import lane_keys

MANY = 50
HOOKS = [HOOK.model_copy(update={"id": f"{number:08d}-6a5e-4a44-9d5c-5d1f4f3f9a10"}) for number in range(3)]
PART = 20  # deliveries a step


class LastStep(RedisScripts):
    """Runs a step, and is dead afterwards."""

    def __init__(self, redis: Redis, last: str) -> None:
        super().__init__(redis)
        self._last = last
        self._dead = False

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        if self._dead:
            raise InboxUnavailable("this process is dead")
        self._dead = name == self._last
        return await super().run(name, keys, args)


async def settle_and_die(redis: Redis, lease: Lease, plan: Plan) -> None:
    scripts, pseudonyms = LastStep(redis, "settle"), Pseudonyms(RedisServerKey(RedisScripts(redis)))
    order = RedisOrder(scripts, nothing_stored)
    core = RedisCore(redis, LaneScripts(scripts), CeleryWakeups(), InboxLimits(), pseudonyms, order)
    await turn_adapters(core).lanes.settle(lease, plan)


@pytest.fixture
async def counter(desk: Desk, redis: Redis) -> Counter:
    made = Counter(desk, redis)
    for hook in HOOKS:
        assert await made.webhooks.add("default", hook, len(HOOKS))
    return made


async def noted(redis: Redis) -> dict[str, list[str]]:
    """The memories that the deliveries of Ana's lane are about, by webhook and in order."""
    by_hook, lane_id = dict[str, list[str]](), (await lane_keys(redis, ANA.lane)).id_in_tenant
    for hook in HOOKS:
        ids: Any = await redis.lrange(f"sj:hook_lane:default:{hook.id}:{lane_id}", 0, -1)
        rows: Any = [
            await redis.hmget(f"sj:delivery:default:{delivery_id.decode()}", "memory", "version") for delivery_id in ids
        ]
        by_hook[hook.id] = [memory.decode() + (f" v{version.decode()}" if version else "") for memory, version in rows]
    return by_hook


async def wakeups_of_the_tenant(redis: Redis) -> int:
    body = json.loads(CeleryWakeups().hook_message("default:"))["body"].encode()
    return sum(body in message for message in await redis.lrange(QUEUE, 0, -1))


async def test_settling_notes_one_line_a_turn_and_the_rest_is_noted_in_parts_once_each_and_in_order(
    counter: Counter, redis: Redis
) -> None:
    await counter.settle(*(added(number) for number in range(MANY)))
    first = await noted(redis)
    assert sum(map(len, first.values())) < 2 * PART, "settling notes a part of it"
    await counter.settle(added(MANY))
    assert await wakeups_of_the_tenant(redis), "a worker is rung for to note the others"
    assert await faults(redis) == []
    steps = 1
    while await Counter(counter.desk, redis).deliveries.fan_out("default"):  # another process each time
        steps += 1
        assert steps < 30, "it comes to an end"
        assert await faults(redis) == []
    assert steps >= (len(HOOKS) * MANY) // (2 * PART)
    expected = [f"m{number}" for number in range(MANY + 1)]
    assert await noted(redis) == {hook.id: expected for hook in HOOKS}
    left = [name for name in await all_of_redis(redis) if "outbox" in name or "hook_lanes" in name]
    assert left == []
    assert not await redis.zscore("sj:hooks_due", "default:")
    assert not [name for name in await redis.keys("sj:turn:*") if await redis.hexists(name, "told")]


async def test_what_a_process_that_died_after_settling_has_not_noted_the_sweep_rings_for(
    counter: Counter, redis: Redis
) -> None:
    desk, turn_id = counter.desk, await counter.desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await settle_and_die(redis, lease, Plan(turn_ids=(turn_id,), events={turn_id: (added(1),)}))
    assert await noted(redis) == {hook.id: [] for hook in HOOKS}
    await redis.delete(QUEUE)
    assert await desk.sweeper.sweep() == 1
    assert await wakeups_of_the_tenant(redis) == 1
    while await counter.deliveries.fan_out("default"):
        pass
    assert await noted(redis) == {hook.id: ["m1"] for hook in HOOKS}


async def test_a_change_by_hand_is_noted_behind_what_turns_did_before(counter: Counter, redis: Redis) -> None:
    await counter.settle(*(added(number) for number in range(MANY)))
    change = Notification(event=Event.UPDATE, scope=ANA, memory_id="m0", version=2)
    async with counter.desk.lanes.edit(ANA.lane) as lease:
        assert len(await counter.desk.lanes.note(lease, change)) == len(HOOKS)
    expected = [*(f"m{number}" for number in range(MANY)), "m0 v2"]
    assert await noted(redis) == {hook.id: expected for hook in HOOKS}


async def test_of_an_owner_who_was_erased_nothing_more_is_noted_and_no_outbox_names_the_lane(
    counter: Counter, redis: Redis
) -> None:
    await counter.settle(*(added(number) for number in range(MANY)))
    await counter.desk.erase()
    assert await counter.desk.turn_erasure.drop_notifications(ANA, 2**53) > 0
    names = [
        name for name in await all_of_redis(redis) if name.startswith(("sj:hook", "sj:delivery")) and "ana" in name
    ]
    assert names == []
    assert await redis.zcard("sj:hook_lanes:default") == 0
    assert not await counter.deliveries.fan_out("default")
    assert await noted(redis) == {hook.id: [] for hook in HOOKS}


async def test_what_settling_costs_does_not_grow_with_events_or_webhooks(counter: Counter, redis: Redis) -> None:
    spent = set[int]()
    for hooks in (1, 3):
        for hook in HOOKS[hooks:]:
            await counter.webhooks.withdraw("default", hook.id)
        for events in (1, MANY):
            turn_id = await counter.desk.post()
            turn_events = tuple(TurnEvent(event=Event.ADD, id=f"m{number}", memory="x") for number in range(events))
            async with counter.desk.lanes.lease(ANA.lane) as lease:
                assert lease is not None
                await counter.desk.lanes.take(lease, 1, 1000)
                plan = Plan(turn_ids=(turn_id,), events={turn_id: turn_events})
                spent.add((await cost(redis, settle_and_die(redis, lease, plan)))[0])
    assert len(spent) == 1, spent
