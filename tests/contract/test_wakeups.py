"""Wake-up messages: few wait, they name nobody, none is missed that was lost; and the parts of a sweep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis import sweeper
from scrubjay.adapters.redis.limits import MOST_MESSAGES, InboxLimits
from scrubjay.model.names import QUEUE
from tests.contract.desk import Desk, desk_on, post
from tests.redis_keys import keys


@pytest.fixture
def desk(redis: Redis) -> Desk:
    """A desk that is swept as often as it is asked to."""
    return desk_on(redis, InboxLimits(sweep_seconds=0.001))


async def test_when_all_messages_are_lost_a_sweep_sends_some_and_all_is_worked_on(desk: Desk) -> None:
    await post(desk, "acme", *range(5))
    await post(desk, "bravo", *range(5))
    await desk.redis.delete(QUEUE)
    assert await desk.sweeper.sweep() == 10
    settled = 0
    while await desk.redis.rpop(QUEUE):
        async with desk.lanes.claim() as lease:
            settled += len(await desk.settle_all(lease)) if lease is not None else 0
    assert settled == 10
    assert not await desk.redis.exists(keys.lanes, keys.ready_tenants, keys.ready("acme"), keys.ready("bravo"))


async def test_whoever_ends_a_drain_sends_messages_while_lanes_are_ready_and_no_longer(desk: Desk) -> None:
    await post(desk, "acme", *range(3))
    for left in (2, 1, 0):
        await desk.redis.delete(QUEUE)
        async with desk.lanes.claim() as lease:
            assert lease is not None
            await desk.settle_all(lease)
        assert await desk.wakeups() == left


async def test_few_messages_wait_however_many_lanes_are_ready(desk: Desk) -> None:
    await post(desk, "acme", *range(MOST_MESSAGES + 20))
    assert await desk.wakeups() == MOST_MESSAGES
    await desk.sweeper.sweep()
    assert await desk.wakeups() == MOST_MESSAGES


async def test_a_message_for_a_webhook_in_the_queue_does_not_stand_in_for_one_that_a_lane_needs(desk: Desk) -> None:
    await desk.redis.rpush(QUEUE, *(desk.sweeper._wakeups.hook_message(f"acme:{number}") for number in range(100)))
    await post(desk, "acme", 0, 1)
    assert await desk.wakeups() == 101
    assert b"scrubjay.drain" in (await desk.redis.lindex(QUEUE, 0) or b"")


@pytest.mark.parametrize("failing", ["wake", "ring", "webhooks", "trim", "audit"])
async def test_a_part_of_a_sweep_that_fails_holds_up_none_of_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    done, swept = list[str](), desk.sweeper

    def step(name: str) -> Callable[..., Awaitable[int]]:
        async def work(*_: Any) -> int:
            done.append(name)
            if name == failing:
                raise ValueError("a document of another version")
            return 0

        return work

    monkeypatch.setattr(swept, "_wake", step("wake"))
    monkeypatch.setattr(swept, "_send_wakeups", step("ring"))
    monkeypatch.setattr(swept._hook_wakeups, "wake_due", step("webhooks"))
    monkeypatch.setattr(sweeper, "trim_some", step("trim"))
    monkeypatch.setattr(swept._audit, "look", step("audit"))
    assert await swept.sweep() == 0
    assert done == ["wake", "ring", "webhooks", "trim", "audit"]
