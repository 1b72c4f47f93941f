"""Webhooks are registered, tried out and removed by their tenant's admin, and by nobody else."""

from __future__ import annotations

import pytest

from scrubjay.model.names import QUEUE
from tests.chaos.scan import all_of_redis
from tests.integration.webhooks.hooked import TENANT, Hooked

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_test_is_sent_once_whatever_the_webhook_wants(scene: Hooked) -> None:
    webhook = await scene.webhook(events=["memory_delete"])
    scene.receiver.always(500)
    test_delivery = await scene.ask("POST", f"/webhooks/{webhook['id']}/test", 202)
    assert await scene.rung() == 1
    await scene.deliver(webhook)
    (logged,) = await scene.log(webhook)
    assert (logged["id"], logged["event"], logged["status"], logged["attempts"]) == (
        test_delivery["id"],
        "TEST",
        "failed",
        1,
    )
    assert scene.receiver.told == [("TEST", "This is a test: the webhook works.")]


async def test_deleting_a_webhook_takes_its_log_and_what_waits_along(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    await scene.deliver(webhook)
    await scene.say("I like tea")
    await scene.ask("DELETE", f"/webhooks/{webhook['id']}")
    assert await scene.deliver(webhook) == 0
    assert len(scene.receiver.got) == 1
    names = await scene.told_keys()
    assert names == [f"sj:hook_counts:{TENANT}"]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        await scene.ask(method, f"/webhooks/{webhook['id']}{path}", 404)


async def test_a_webhook_whose_deletion_was_broken_off_is_cleared_away_by_a_worker(scene: Hooked) -> None:
    webhook = await scene.webhook()
    await scene.say("I live in Berlin")
    await scene.deliver(webhook)  # so that nothing is due
    assert await scene.parts.webhooks.registry.withdraw(TENANT, webhook["id"])
    assert (await scene.ask("GET", "/webhooks"))["count"] == 0
    await scene.redis.delete(QUEUE, f"sj:hook_awake:{TENANT}:{webhook['id']}")
    await scene.parts.sweeper.sweep()
    assert await scene.rung() == 1
    await scene.deliver(webhook)
    names = await scene.told_keys()
    assert names == [f"sj:hook_counts:{TENANT}"]
    assert len(scene.receiver.got) == 1


async def test_a_tenant_has_twenty_webhooks_at_most(scene: Hooked) -> None:
    for _ in range(20):
        await scene.webhook()
    answer = await scene.front.ask("POST", "/webhooks", json={"url": scene.receiver.url})
    assert (answer.status_code, answer.json()["detail"]) == (
        400, "there are 20 webhooks already: delete one first",
    )  # fmt: skip


NO_ADDRESSES = [
    "ftp://a.b/c", "https://", "//a.b", "https://ana:secret@a.b/", "https://a.b/#c", "http://a b/", "http://a:65536/",
    f"https://a.b/{'x' * 2_000}",
]  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES)
async def test_only_an_http_address_without_a_password_is_taken(scene: Hooked, url: str) -> None:
    answer = await scene.front.ask("POST", "/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert answer.json()["detail"].startswith("url: ")


async def test_nobody_sees_changes_or_is_told_of_another_tenants_webhooks(scene: Hooked) -> None:
    theirs_key = (await scene.front.key("admin", tenant="globex"))["key"]
    ours, theirs = await scene.webhook(), await scene.webhook(theirs_key)
    await scene.say("I live in Berlin")
    await scene.deliver(theirs, "globex")
    assert scene.receiver.got == []
    await scene.deliver(ours)
    (logged,) = await scene.log(ours)
    own = f"/webhooks/{ours['id']}"
    for method, path in (
        ("GET", own), ("PUT", own), ("DELETE", own), ("POST", f"{own}/test"), ("GET", f"{own}/deliveries"),
        ("POST", f"{own}/deliveries/{logged['id']}/retry"),
        ("POST", f"/webhooks/{theirs['id']}/deliveries/{logged['id']}/retry"),
    ):  # fmt: skip
        body = {"json": {"active": False}} if method == "PUT" else {}
        await scene.ask(method, path, 404, theirs_key, **body)
    assert [result["id"] for result in (await scene.ask("GET", "/webhooks", key=theirs_key))["results"]] == [
        theirs["id"]
    ]
    assert ours["secret"] != theirs["secret"]


async def test_where_an_address_points_stands_sealed_in_redis(scene: Hooked) -> None:
    await scene.webhook(url=f"{scene.receiver.url}/T000/hooks-token")
    assert "hooks-token" not in "\n".join((await all_of_redis(scene.redis)).values())
    assert (await scene.ask("GET", "/webhooks"))["results"][0]["url"].endswith("/T000/hooks-token")


async def test_metrics_tell_each_tenants_deliveries(scene: Hooked) -> None:
    webhook = await scene.webhook()
    for text, status in (("I live in Berlin", 200), ("I like tea", 410)):
        scene.receiver.always(status)
        await scene.say(text)
        await scene.deliver(webhook)
    await scene.ask("PUT", f"/webhooks/{webhook['id']}", json={"active": True})
    await scene.say("I like cats")
    text = (await scene.front.ask("GET", "/metrics")).text
    assert 'scrubjay_webhook_waiting{tenant="default"} 1.0' in text
    assert 'scrubjay_webhook_deliveries_total{outcome="delivered",tenant="default"} 1.0' in text
    assert 'scrubjay_webhook_deliveries_total{outcome="failed",tenant="default"} 1.0' in text
