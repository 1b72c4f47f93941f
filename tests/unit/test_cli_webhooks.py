"""`scrubjay webhooks`, against an API that answers as it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.fake_api import FakeApi, fake_api
from tests.unit.test_cli import page, run

AT = "2026-03-01T12:00:00Z"
HOOK = {"id": "w1", "url": "https://example.com/memories", "name": "crm", "events": ["memory_add"], "active": True,
        "created_at": AT, "updated_at": AT}  # fmt: skip


def told(**more: Any) -> dict[str, Any]:
    delivery = {"id": "w1-7", "event": "ADD", "memory_id": "m1", "turn_id": "t1", "status": "delivered", "attempts": 1}
    return {**delivery, "status_code": 200, "error": None, "created_at": AT, **more}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


def test_a_webhook_is_registered_and_its_secret_alone_is_on_stdout(api: FakeApi) -> None:
    api.plan("POST", "/webhooks", {**HOOK, "secret": "whsec_abc"}, 201)
    result = run(api, "webhooks", "create", "https://example.com/memories", "--name", "crm", "--event", "memory_add")
    assert result.stdout == "whsec_abc\n"
    assert "shown this once" in result.stderr
    assert api.requests[0].body == {"url": HOOK["url"], "name": "crm", "events": ["memory_add"]}


def test_webhooks_are_listed_changed_and_deleted(api: FakeApi) -> None:
    api.plan("GET", "/webhooks", {"count": 1, "results": [HOOK]})
    api.plan("PUT", "/webhooks/w1", {**HOOK, "active": False})
    api.plan("DELETE", "/webhooks/w1", {"id": "w1", "status": "deleted"})
    assert [text for text in ("crm", "memory_add", "active") if text in run(api, "webhooks", "list").stdout]
    assert json.loads(run(api, "webhooks", "list", "--json").stdout)[0]["id"] == "w1"
    assert "inactive" in run(api, "webhooks", "change", "w1", "--inactive").stdout
    assert api.requests[-1].body == {"active": False}
    assert "Delete the webhook w1?" in run(api, "webhooks", "delete", "w1", answer="n\n").stdout
    assert "Webhook deleted." in run(api, "webhooks", "delete", "w1", "--yes").stdout


def test_the_log_tells_what_was_delivered_and_what_the_receiver_said_last(api: FakeApi) -> None:
    waiting = told(id="w1-8", status="waiting", status_code=500, attempts=2, due_at="2026-03-01T12:05:00Z")
    api.plan("GET", "/webhooks/w1/deliveries", page(waiting, told(error="timeout", status_code=None)))
    listed = run(api, "webhooks", "deliveries", "w1", "--json").stdout
    assert [delivery["id"] for delivery in json.loads(listed)["results"]] == ["w1-8", "w1-7"]
    shown = run(api, "webhooks", "deliveries", "w1").stdout
    assert [text for text in ("HTTP", "timeout", "waiting") if text not in shown] == []


def test_an_empty_list_and_an_empty_log_say_so(api: FakeApi) -> None:
    api.plan("GET", "/webhooks", {"count": 0, "results": []})
    api.plan("GET", "/webhooks/w1/deliveries", page())
    assert "There are no webhooks." in run(api, "webhooks", "list").stdout
    assert "Nothing was to be delivered yet." in run(api, "webhooks", "deliveries", "w1").stdout


def test_a_test_waits_for_what_becomes_of_it_and_fails_when_it_does_not_arrive(api: FakeApi) -> None:
    api.plan("POST", "/webhooks/w1/test", {"id": "w1-9", "status": "waiting"}, 202)
    api.plan("GET", "/webhooks/w1/deliveries", page(told(id="w1-9", status="waiting", status_code=None)))
    api.plan("GET", "/webhooks/w1/deliveries", page(told(id="w1-9")))
    api.plan(
        "GET", "/webhooks/w1/deliveries", page(told(id="w1-9", status="failed", error="timeout", status_code=None))
    )
    arrived = run(api, "webhooks", "test", "w1")
    assert (arrived.exit_code, arrived.stdout) == (0, "Delivered: HTTP 200.\n")
    failed = run(api, "webhooks", "test", "w1")
    assert (failed.exit_code, failed.stderr) == (1, "It did not arrive: timeout.\n")


def test_a_delivery_is_sent_again(api: FakeApi) -> None:
    api.plan("POST", "/webhooks/w1/deliveries/w1-7/retry", told(status="waiting"), 202)
    assert "Sent again." in run(api, "webhooks", "retry", "w1", "w1-7").stdout
