"""`kill -9` of a worker while it delivers: another one delivers again, under the same id."""

from __future__ import annotations

import threading

from tests.chaos.conftest import Restaged
from tests.chaos.stories import TEA
from tests.keys_found import faults
from tests.receiver import openssls_signature, receiving
from tests.support import wait_until


async def test_a_killed_workers_delivery_is_sent_again_by_the_next_under_the_same_id(restaged: Restaged) -> None:
    scene = restaged(SCRUBJAY_WEBHOOK_TIMEOUT_SECONDS="1")
    with receiving() as receiver:
        goes_on = threading.Event()
        receiver.judge = lambda _: (200 if goes_on.wait(30) else 500, {})
        webhook = await scene.client.webhooks.create(receiver.url, events=["memory_add"])
        worker, spare = await scene.start(2)
        (turn_id,) = await scene.post("told", TEA)
        await wait_until(lambda: receiver.got, what="the receiver being asked")
        worker.kill()
        goes_on.set()
        spare.thaw()

        async def delivered() -> bool:
            page = await scene.client.webhooks.deliveries(webhook.id)
            return [delivery.status for delivery in page.results] == ["delivered"]

        await wait_until(delivered, what="the delivery being sent again")
        (first, second) = receiver.got
        assert first.id == second.id
        assert first.body == second.body
        assert second.json["turn_id"] == turn_id
        assert second.headers["webhook-signature"] == openssls_signature(webhook.secret, second)
        (logged,) = (await scene.client.webhooks.deliveries(webhook.id)).results
        assert logged.attempts == 2
        assert await faults(scene.redis) == []
