"""Places for work that may take long: no owner takes them all."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from scrubjay.offload import Places
from scrubjay.webhooks.delivery import DeliveryServices, deliver
from scrubjay.webhooks.registry import WebhookServices
from tests.support import wait_until


async def test_one_owner_has_a_part_of_the_places_and_others_find_one() -> None:
    places, served = Places(3, 2), list[str]()

    async def hold(owner: str) -> None:
        await places.take(owner)
        served.append(owner)

    mine = [asyncio.create_task(hold("mine")) for _ in range(5)]
    await wait_until(lambda: len(served) == 2, what="two places taken")
    await asyncio.wait([asyncio.create_task(hold("theirs"))], timeout=5)
    assert served == ["mine", "mine", "theirs"]
    places.give_back("mine")
    await wait_until(lambda: len(served) == 4, what="the next of mine")
    for task in mine:
        task.cancel()


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    places = Places(1, 1)
    async with places.place("mine"):
        waiting = [asyncio.create_task(places.take(owner)) for owner in ("mine", "theirs")]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(5), places.place("theirs"):
        pass
    assert places._shares == {}


async def test_tenants_whose_webhooks_are_slow_take_no_place_of_a_worker_from_another() -> None:
    calls, end = list[str](), asyncio.Event()

    class Registry:
        async def get(self, tenant: str, webhook_id: str) -> Any:
            calls.append(tenant)
            if tenant != "quiet":
                await end.wait()
            return webhook_id

    class Nothing:
        async def claim(self, tenant: str, webhook_id: str, *, busy: bool) -> None:
            return None

        async def fan_out(self, tenant: str) -> bool:
            return False

    unused: Any = None
    webhooks = WebhookServices(registry=cast(Any, Registry()), deliveries=cast(Any, Nothing()), server_key=unused)
    services = DeliveryServices(webhooks=webhooks, sender=unused, turns=unused, store=unused)
    slow = [asyncio.create_task(deliver(f"slow{place % 3}", f"hook{place}", services)) for place in range(3 * 20)]
    await wait_until(lambda: len(calls) >= 3 * 8, what="the slow ones at work")
    others = [
        asyncio.create_task(deliver("quiet", "hook", services)),
        asyncio.create_task(deliver("slow0", "", services)),
    ]
    done, _ = await asyncio.wait(others, timeout=5)
    assert len(done) == 2, "another tenant's webhook, and noting deliveries, wait for no receiver"
    assert len(calls) == 3 * 8 + 1
    end.set()
    await asyncio.gather(*slow, *others)
    assert len(calls) == 3 * 20 + 1
