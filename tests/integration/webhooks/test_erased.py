"""Whoever is forgotten is not told about, and nothing of them stays in any key that has to do with webhooks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scrubjay.model import Event, Scope
from scrubjay.model.webhooks import Notification
from scrubjay.webhooks.delivery import deliver
from tests.chaos.scan import all_of_redis
from tests.integration.webhooks.hooked import TENANT, Hooked
from tests.receiver import Got
from tests.support import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def traces(scene: Hooked, *texts: str) -> list[str]:
    values = await all_of_redis(scene.redis)
    assert values, "the scan does not see anything"
    return [key for key, value in values.items() if any(text in key or text in value for text in texts)]


async def forget(scene: Hooked, **ids: str) -> Any:
    return await scene.ask("DELETE", "/memories", params=ids)


async def test_nothing_of_a_forgotten_owner_stays_whether_it_was_delivered_waits_or_failed(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin", user_id="dora", agent_id="helper")
    await scene.deliver(webhook)
    scene.receiver.always(410)
    await scene.say("I like tea", user_id="dora")
    await scene.deliver(webhook)
    await scene.ask("PUT", f"/webhooks/{webhook['id']}", json={"active": True})
    scene.receiver.always(500)
    await scene.say("I like cats", user_id="dora")
    await scene.deliver(webhook)
    (memory, *_) = await scene.memories("dora")
    await scene.ask("PUT", f"/memories/{memory['id']}", json={"text": "I like dogs"})
    ids = [delivery["memory_id"] for delivery in await scene.log(webhook)]
    assert [delivery["status"] for delivery in await scene.log(webhook)] == [
        "waiting",
        "waiting",
        "failed",
        "delivered",
    ]
    assert await traces(scene, "dora")
    assert (await forget(scene, user_id="dora"))["verified"]
    assert await traces(scene, "dora", "helper", "Berlin", "tea", "cats", "dogs", *ids) == []
    assert await scene.log(webhook) == []
    sent = len(scene.receiver.got)
    await scene.make_due(webhook)
    assert await scene.deliver(webhook) == 0
    assert len(scene.receiver.got) == sent
    assert (await scene.parts.webhooks.deliveries.counts([TENANT]))[TENANT].waiting == 0


async def test_an_owner_who_is_forgotten_just_before_the_sending_is_not_told_about(scene: Hooked) -> None:
    """The worker has claimed the delivery and read the words, and looks once more before it sends them."""
    webhook = await scene.webhook()
    await scene.say("I live in Berlin", user_id="dora")
    looked = scene.parts.webhooks.deliveries.waits
    at_the_receiver, forgotten = asyncio.Event(), asyncio.Event()

    async def late(tenant: str, delivery_id: str) -> bool:
        at_the_receiver.set()
        await forgotten.wait()
        return await looked(tenant, delivery_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene.parts.webhooks.deliveries, "waits", late)
        sending = asyncio.create_task(deliver(TENANT, webhook["id"], scene.parts.delivery))
        await at_the_receiver.wait()
        assert (await forget(scene, user_id="dora"))["verified"]
        forgotten.set()
        await sending
    assert scene.receiver.got == []
    assert await traces(scene, "dora", "Berlin") == []


@pytest.mark.parametrize("status", [200, 500])
async def test_what_is_being_sent_while_its_owner_is_forgotten_leaves_nothing_behind(
    scene: Hooked, status: int
) -> None:
    webhook = await scene.webhook()
    hold = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(_: Got) -> tuple[int, dict[str, str]]:
        asyncio.run_coroutine_threadsafe(hold.wait(), loop).result(30)
        return status, {}

    scene.receiver.judge = slowly
    await scene.say("I live in Berlin", user_id="dora")
    sending = asyncio.create_task(scene.deliver(webhook))
    await wait_until(lambda: scene.receiver.got, what="the receiver being asked")
    assert (await forget(scene, user_id="dora"))["verified"]
    hold.set()
    await sending
    assert await traces(scene, "dora", "Berlin") == []


async def test_an_agents_erase_takes_its_deliveries_out_of_the_lanes_of_its_users_and_leaves_the_others(
    scene: Hooked,
) -> None:
    webhook = await scene.webhook()
    for agent, text in (("helper", "I live in Berlin"), ("other", "I like tea"), ("helper", "I like cats")):
        await scene.say(text, user_id="dora", agent_id=agent)
    assert (await forget(scene, agent_id="helper"))["verified"]
    assert await traces(scene, "helper", "Berlin", "cats") == []
    await scene.deliver(webhook)
    assert scene.receiver.told == [("ADD", "I like tea")]


async def test_a_deletion_of_long_ago_is_forgotten_though_no_lane_tells_of_its_owner_any_more(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin", user_id="dora", agent_id="helper")
    (memory,) = await scene.memories("dora")
    await scene.ask("DELETE", f"/memories/{memory['id']}")
    await scene.deliver(webhook)
    for name in await scene.redis.keys("sj:turn:*"):  # past retention
        await scene.redis.delete(name)
    for name in await scene.redis.keys("sj:owned:*"):
        await scene.redis.delete(name)
    assert await traces(scene, "helper")
    await forget(scene, agent_id="helper")
    assert await traces(scene, "helper") == []


async def test_a_look_for_what_is_left_finds_a_delivery(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin", user_id="dora")
    await scene.deliver(webhook)
    receipt = await forget(scene, user_id="dora")
    (delivery,) = [{"hook": webhook["id"], "event": "ADD", "status": "delivered", "attempts": "1"}]
    own, delivery_id = f"{TENANT}:{webhook['id']}", f"{webhook['id']}-1"
    stale = {**delivery, "lane": "user:dora", "user_id": "dora", "noted_us": "1", "memory": "m", "turn": "t"}
    await scene.redis.hset(f"sj:delivery:{TENANT}:{delivery_id}", mapping=stale)  # type: ignore[arg-type]
    await scene.redis.zadd(f"sj:hook_done:{own}", {delivery_id: 1})
    body = {"receipt": receipt, "user_id": "dora"}
    verdict = await scene.ask("POST", "/receipts/verify", json=body)
    assert verdict["left"]["turns"] == 1


async def test_a_change_by_hand_that_was_noted_and_never_made_is_not_told(scene: Hooked) -> None:
    """Whoever was about to make it has died between the note and the change."""
    webhook = await scene.webhook()
    await scene.say("I live in Berlin", user_id="dora")
    await scene.deliver(webhook)
    (memory,) = await scene.memories("dora")
    scope = Scope(tenant=TENANT, user_id="dora")
    change = Notification(event=Event.UPDATE, scope=scope, memory_id=memory["id"], version=2)
    async with scene.parts.lanes.edit(scope.lane) as lease:
        assert len(await scene.parts.lanes.note(lease, change)) == 1
    assert await scene.deliver(webhook) == 0, "it is not due yet"
    await scene.make_due(webhook)
    await scene.deliver(webhook)
    assert scene.receiver.told == [("ADD", "I live in Berlin")]
    assert (await scene.log(webhook))[0]["error"] == "words_gone"


async def test_a_deletion_that_was_broken_off_is_told_once_the_memory_is_gone(scene: Hooked) -> None:
    webhook = await scene.webhook(events=["memory_delete"])
    await scene.say("I live in Berlin", user_id="dora")
    (memory,) = await scene.memories("dora")
    scope = Scope(tenant=TENANT, user_id="dora")
    change = Notification(event=Event.DELETE, scope=scope, memory_id=memory["id"])
    async with scene.parts.lanes.edit(scope.lane) as lease:
        await scene.parts.lanes.note(lease, change)
    await scene.make_due(webhook)
    await scene.deliver(webhook)
    assert scene.receiver.told == []
    await scene.parts.store.delete(scope, memory["id"])  # as the sweep does
    await scene.make_due(webhook)
    await scene.deliver(webhook)
    assert scene.receiver.told == [("DELETE", None)]
