"""What webhooks are told of: signed how, in which order, how often, and what holds up what."""

from __future__ import annotations

import asyncio
import threading

import pytest

from scrubjay.adapters.http.webhook_sender import HttpWebhooks
from scrubjay.model import OWNERS
from scrubjay.model.names import QUEUE
from scrubjay.webhooks.delivery import deliver
from tests.chaos.scan import all_of_redis
from tests.integration.webhooks.hooked import TENANT, Hooked
from tests.keys_found import faults, permanent, without_end
from tests.receiver import Got, openssls_signature, receiving
from tests.support import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_settled_turn_is_told_with_its_words_and_whose_they_are(scene: Hooked) -> None:
    webhook = await scene.webhook()
    owner = {field: field[0] for field in OWNERS}
    turn_id = await scene.say("I live in Berlin", **owner)
    assert await scene.deliver(webhook) == 1
    (memory,) = await scene.memories("u")
    (got,) = scene.receiver.got
    (logged,) = await scene.log(webhook)
    assert got.json == {
        "event_details": {"id": memory["id"], "data": {"memory": "I live in Berlin"}, "event": "ADD"},
        "delivery_id": got.id, "turn_id": turn_id, **owner, "created_at": got.json["created_at"],
    }  # fmt: skip
    assert (logged["id"], logged["status"], logged["attempts"], logged["status_code"]) == (got.id, "delivered", 1, 204)
    assert (logged["memory_id"], logged["turn_id"], logged["error"]) == (memory["id"], turn_id, None)


async def test_a_delivery_is_signed_as_standard_webhooks_says_with_a_secret_that_nobody_keeps(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    await scene.deliver(webhook)
    (got,) = scene.receiver.got
    assert got.headers["webhook-signature"] == openssls_signature(webhook["secret"], got)
    kept = "\n".join((await all_of_redis(scene.redis)).values())
    assert webhook["secret"].removeprefix("whsec_") not in kept
    assert "secret" not in await scene.ask("GET", f"/webhooks/{webhook['id']}")


async def test_changes_by_hand_are_told_as_well(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    (memory,) = await scene.memories()
    await scene.ask("PUT", f"/memories/{memory['id']}", json={"text": "I live in Rome"})
    await scene.ask("POST", f"/memories/{memory['id']}/undo")
    await scene.deliver(webhook)
    await scene.ask("DELETE", f"/memories/{memory['id']}")
    await scene.deliver(webhook)
    assert scene.receiver.told == [
        ("ADD", "I live in Berlin"), ("UPDATE", "I live in Rome"), ("UPDATE", "I live in Berlin"), ("DELETE", None),
    ]  # fmt: skip
    assert {delivery.json["event_details"]["id"] for delivery in scene.receiver.got} == {memory["id"]}


async def test_a_webhook_is_told_only_the_events_it_wants_and_nothing_while_it_is_not_active(scene: Hooked) -> None:
    deletes = await scene.webhook(events=["memory_delete"])
    still = await scene.webhook()
    await scene.ask("PUT", f"/webhooks/{still['id']}", json={"active": False})
    await scene.say("I live in Berlin")
    (memory,) = await scene.memories()
    await scene.ask("DELETE", f"/memories/{memory['id']}")
    await scene.deliver(deletes)
    await scene.deliver(still)
    assert [delivery.told[0] for delivery in scene.receiver.got] == ["DELETE"]
    assert await scene.log(still) == []


async def test_without_a_webhook_nothing_is_noted_and_nobody_is_rung_for(scene: Hooked) -> None:
    await scene.say("I live in Berlin")
    names = await scene.told_keys()
    assert names == []
    assert await scene.redis.llen(QUEUE) == 1, "the lane's own bell"


async def test_a_settled_turn_rings_for_its_webhooks_once_and_the_sweep_rings_again_when_that_was_lost(
    scene: Hooked,
) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    await scene.say("I like tea")
    assert await scene.rung() == 1
    await scene.redis.delete(QUEUE, f"sj:hook_awake:{TENANT}:{webhook['id']}")
    await scene.parts.sweeper.sweep()
    assert await scene.rung() == 1
    await scene.deliver(webhook)
    await scene.redis.delete(QUEUE, "sj:sweeper")
    await scene.parts.sweeper.sweep()
    assert await scene.rung() == 0


async def test_a_failing_receiver_is_tried_again_with_the_same_id_until_it_has_failed_for_good(scene: Hooked) -> None:
    webhook = await scene.webhook()
    scene.receiver.always(500)
    await scene.say("I live in Berlin")

    async def failed() -> bool:
        await scene.deliver(webhook)
        return bool((await scene.log(webhook))[0]["status"] == "failed")

    await wait_until(failed, what="the delivery being given up")
    (logged,) = await scene.log(webhook)
    assert (logged["attempts"], logged["status_code"], logged["error"]) == (3, 500, None)
    assert {delivery.id for delivery in scene.receiver.got} == {logged["id"]}
    assert len(scene.receiver.got) == 3
    scene.receiver.always(200)
    await scene.ask("POST", f"/webhooks/{webhook['id']}/deliveries/{logged['id']}/retry", 202)
    await scene.deliver(webhook)
    (again,) = await scene.log(webhook)
    assert (again["status"], again["attempts"], again["id"]) == ("delivered", 1, logged["id"])


async def test_an_owners_deliveries_arrive_in_order_though_one_has_to_be_tried_again(scene: Hooked) -> None:
    webhook = await scene.webhook()
    refused = list[str]()

    def once(got: Got) -> tuple[int, dict[str, str]]:
        fails = got.told[1] == "one" and not refused
        refused.extend(["one"] * fails)
        return (503 if fails else 200), {}

    scene.receiver.judge = once
    for text in ("one", "two", "three"):
        await scene.say(text)
    await scene.say("bobs", user_id="bob")

    async def all_delivered() -> bool:
        await scene.deliver(webhook)
        return {delivery["status"] for delivery in await scene.log(webhook)} == {"delivered"}

    await wait_until(all_delivered, what="everything being delivered")
    texts = [text for _, text in scene.receiver.told]
    assert [text for text in texts if text != "bobs"] == ["one", "one", "two", "three"]
    assert texts.index("bobs") < texts.index("two"), "another owner does not wait for this one"


async def test_a_receiver_that_does_not_answer_holds_up_no_other_webhook_and_no_memory(scene: Hooked) -> None:
    with receiving() as silent:
        stuck, well = await scene.webhook(url=silent.url), await scene.webhook()
        hold = threading.Event()
        silent.judge = lambda _: (200 if hold.wait(30) else 500, {})
        await scene.say("I live in Berlin")
        at_it = asyncio.create_task(scene.deliver(stuck, sender=HttpWebhooks(2, private=True)))
        await wait_until(lambda: silent.got, what="the silent one being asked")
        await scene.deliver(well)
        await scene.say("I like tea")
        await scene.deliver(well)
        assert not at_it.done()
        assert [text for _, text in scene.receiver.told] == ["I live in Berlin", "I like tea"]
        await wait_until(lambda: at_it.done(), what="the silent one being given up")
        hold.set()
        assert (await scene.log(stuck))[-1]["error"] == "timeout"


async def test_a_receiver_that_is_gone_is_told_nothing_any_more(scene: Hooked) -> None:
    webhook = await scene.webhook()
    scene.receiver.always(410)
    for text in ("I live in Berlin", "I like tea"):
        await scene.say(text)
    await scene.deliver(webhook)
    newest, oldest = await scene.log(webhook)
    assert (oldest["status"], oldest["status_code"]) == ("failed", 410)
    assert (newest["status"], newest["error"], newest["attempts"]) == ("failed", "inactive", 1)
    assert (await scene.ask("GET", f"/webhooks/{webhook['id']}"))["active"] is False
    assert len(scene.receiver.got) == 1


async def test_a_receiver_that_asks_for_time_is_left_alone_altogether(scene: Hooked) -> None:
    webhook = await scene.webhook()
    scene.receiver.always(429, Retry_After="60")
    await scene.say("I live in Berlin")
    await scene.deliver(webhook, retry_max_seconds=100)
    await scene.say("bobs", user_id="bob")
    assert await scene.deliver(webhook) == 0
    assert 50_000 < await scene.redis.pttl(f"sj:hook_rest:{TENANT}:{webhook['id']}") <= 60_000
    assert len(scene.receiver.got) == 1


async def test_what_a_dead_workers_claim_held_is_sent_by_another_with_the_same_id(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    claimed = await scene.parts.webhooks.deliveries.claim(TENANT, webhook["id"], busy=False)
    assert claimed is not None
    assert await scene.deliver(webhook) == 0, "it is claimed"
    await scene.make_due(webhook)
    await scene.deliver(webhook)
    assert [delivery.id for delivery in scene.receiver.got] == [claimed.delivery.id]
    assert (await scene.log(webhook))[0]["attempts"] == 2


async def test_what_is_done_has_an_end_and_what_waits_has_none(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    assert await faults(scene.redis) == []
    await scene.deliver(webhook)
    assert await faults(scene.redis) == []
    left = [name for name in await without_end(scene.redis) if name.startswith(("sj:hook", "sj:delivery"))]
    assert [name for name in left if not permanent(name)] == []


async def test_a_bell_for_a_webhook_that_somebody_is_at_changes_nothing(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    done = await asyncio.gather(*(deliver(TENANT, webhook["id"], scene.parts.delivery) for _ in range(3)))
    assert sorted(done) == [0, 0, 1]
    assert len(scene.receiver.got) == 1
