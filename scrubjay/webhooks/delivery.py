"""Delivering: send what waits for one webhook, lane by lane in order, and note what became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import orjson
import structlog

from scrubjay.errors import NewerFormat, Unreadable
from scrubjay.model import OWNERS, TEST, Delivery, DeliveryStatus, Event, Outcome, Scope, Webhook
from scrubjay.offload import Places
from scrubjay.ports import (
    Claimed,
    MemoryStore,
    Reply,
    TurnLog,
    WebhookRegistry,
    WebhookSender,
)
from scrubjay.webhooks.registry import WebhookServices, remove_withdrawn, secret_of, signed

log = structlog.get_logger(__name__)

_AT_ONCE = 8  # lanes of one webhook
_RUNS_AT_ONCE, _RUNS_OF_A_TENANT = 32, 8  # webhooks in one process; others wait, or another process takes them
_LOOK_SECONDS = 0.5
_RUN_SECONDS = 20  # then it is another webhook's turn
_FIRST_PAUSE_SECONDS, _GROWTH = 2.0, 3.0
_TEST_TEXT = "This is a test: the webhook works."
_USER_AGENT = f"scrubjay/{version('scrubjay')}"
_GONE = 410  # the receiver wants nothing any more


class DeliveryRuns:
    """The runs of `deliver` in this process: one at a time for each webhook, and so many in all."""

    def __init__(self) -> None:
        self._webhooks = set[str]()
        self._places = Places(_RUNS_AT_ONCE, _RUNS_OF_A_TENANT)

    @asynccontextmanager
    async def run(self, tenant: str, webhook_id: str) -> AsyncIterator[bool]:
        """Hold a place while a webhook is delivered to; yields False where that is being done already."""
        webhook = f"{tenant}:{webhook_id}"
        if webhook in self._webhooks:
            yield False
            return
        self._webhooks.add(webhook)
        try:
            # Noting deliveries waits for no receiver, so not for the tenant's webhooks either.
            async with self._places.place(tenant if webhook_id else f"{tenant}:"):
                yield True
        finally:
            self._webhooks.discard(webhook)


@dataclass(frozen=True, kw_only=True)
class DeliveryServices:
    """What delivering needs.

    Args:
        webhooks: which there are, and what waits to be delivered to them.
        sender: the way out.
        turns: tells what a turn changed.
        store: tells what a memory says.
        attempts: how often a delivery is tried.
        retry_max_seconds: the longest pause between two attempts.
        runs: the runs of this process.
    """

    webhooks: WebhookServices
    sender: WebhookSender
    turns: TurnLog
    store: MemoryStore
    attempts: int = 20
    retry_max_seconds: float = 3600
    runs: DeliveryRuns = field(default_factory=DeliveryRuns)


async def deliver(tenant: str, webhook_id: str, services: DeliveryServices) -> int:
    """Send what is due for a webhook; returns how many attempts were made. Without a webhook's id it is noted for all
    of the tenant's what settled turns did.

    A failure out there is noted with its delivery and costs nobody else anything. Raises InboxUnavailable when Redis is
    away, StoreUnavailable when Qdrant is: the sweep rings again, and what was claimed is sent when the claim ends.
    """
    async with services.runs.run(tenant, webhook_id) as is_first:
        if not is_first:  # more wake-up messages than were needed
            return 0
        if not webhook_id:
            return await _fan_out(tenant, services)
        if await _is_gone(tenant, webhook_id, services.webhooks.registry):
            await remove_withdrawn(tenant, webhook_id, services.webhooks)
        return await _work_off(tenant, webhook_id, services)


async def _fan_out(tenant: str, services: DeliveryServices) -> int:
    """Note deliveries until there is nothing more to note, or it is another's turn. It makes no attempt."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _RUN_SECONDS
    while await services.webhooks.deliveries.fan_out(tenant):
        if loop.time() >= deadline:
            await services.webhooks.deliveries.leave(tenant, "")
            break
    return 0


async def _is_gone(tenant: str, webhook_id: str, registry: WebhookRegistry) -> bool:
    """Whether a webhook is registered no longer; one that is there and cannot be read is not gone."""
    try:
        return await registry.get(tenant, webhook_id) is None
    except (NewerFormat, Unreadable):
        return False


async def _work_off(tenant: str, webhook_id: str, services: DeliveryServices) -> int:
    """Claim and send, several lanes at once. Somebody who answers slowly holds up their own lane alone."""
    loop, sending, made = asyncio.get_running_loop(), set[asyncio.Task[None]](), 0
    deadline = loop.time() + _RUN_SECONDS
    try:
        while loop.time() < deadline:
            claimed = None
            if len(sending) < _AT_ONCE:
                claimed = await services.webhooks.deliveries.claim(tenant, webhook_id, busy=bool(sending))
            if claimed is not None:
                sending.add(asyncio.create_task(_attempt(tenant, claimed, services)))
                made += 1
            elif not sending:
                return made
            else:
                sending = await _some_done(sending, _LOOK_SECONDS)
        while sending:
            sending = await _some_done(sending, None)
        await services.webhooks.deliveries.leave(tenant, webhook_id)
        return made
    finally:
        for task in sending:
            task.cancel()


async def _some_done(sending: set[asyncio.Task[None]], seconds: float | None) -> set[asyncio.Task[None]]:
    """Wait until one of a webhook's attempts to deliver has ended, at most so long; returns those that still run."""
    done, rest = await asyncio.wait(sending, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return rest


async def _attempt(tenant: str, claimed: Claimed, services: DeliveryServices) -> None:
    delivery, webhook = claimed.delivery, claimed.webhook
    if webhook is None:
        outcome: Outcome | None = Outcome(status=DeliveryStatus.FAILED, error="unreadable")
    elif not webhook.active:
        outcome = Outcome(status=DeliveryStatus.FAILED, error="inactive")
    else:
        outcome = await _sent(tenant, delivery, webhook, services)
    if outcome is None:  # its owner was forgotten, or its webhook removed: there is nothing to note
        return
    await services.webhooks.deliveries.report(tenant, delivery, outcome)
    if outcome.status is DeliveryStatus.FAILED:
        facts = {"status_code": outcome.status_code, "error": outcome.error, "attempts": delivery.attempts}
        log.warning("webhook_failed", webhook=delivery.webhook_id, **facts)
    if outcome.status_code == _GONE and webhook is not None:
        await _deactivate(tenant, webhook, services.webhooks.registry)


async def _deactivate(tenant: str, webhook: Webhook, registry: WebhookRegistry) -> None:
    now = await registry.get(tenant, webhook.id)
    if now is not None and now.url == webhook.url:  # else somebody has just given it another address
        await registry.replace(tenant, now.model_copy(update={"active": False, "updated_at": datetime.now(UTC)}))
        log.warning("webhook_deactivated", webhook=webhook.id)


async def _sent(tenant: str, delivery: Delivery, webhook: Webhook, services: DeliveryServices) -> Outcome | None:
    """What became of one attempt; None where the delivery is there no longer."""
    words = await _words(tenant, delivery, services)
    if isinstance(words, Outcome):
        return words
    body = orjson.dumps(_payload(delivery, words))
    secret = await secret_of(tenant, webhook.id, services.webhooks.server_key)
    # The last look: whoever was forgotten until now is not told about.
    if not await services.webhooks.deliveries.waits(tenant, delivery.id):
        return None
    headers = {"content-type": "application/json", "user-agent": _USER_AGENT}
    headers |= signed(secret, delivery.id, datetime.now(UTC), body)
    return _judged(delivery, await services.sender.send(tenant, webhook.url, headers, body), services)


async def _words(tenant: str, delivery: Delivery, services: DeliveryServices) -> str | Outcome | None:
    """What the memory says, None for one that was deleted by hand; what becomes of a delivery without words."""
    reach = Scope(tenant=tenant)
    if delivery.event == TEST:
        return _TEST_TEXT
    if delivery.turn_id is not None:
        status = await services.turns.get(reach, delivery.turn_id)
        same = [event for event in (status.events if status else ()) if _is_it(event.event, event.id, delivery)]
        return same[delivery.nth].memory if delivery.nth < len(same) else _NO_WORDS
    versions = await services.store.history(reach, delivery.memory_id or "")
    if delivery.event == Event.DELETE:  # the sweep removes it if whoever was about to has died
        return _again(delivery, services, error="not_deleted_yet") if versions else None
    return next((version.text for version in versions if version.version == delivery.version), _NO_WORDS)


# The turn's status has ended, or the change by hand was never made or is deleted by now.
_NO_WORDS = Outcome(status=DeliveryStatus.FAILED, error="words_gone")


def _is_it(event: Event, memory_id: str, delivery: Delivery) -> bool:
    return event == delivery.event and memory_id == delivery.memory_id


def _payload(delivery: Delivery, words: str | None) -> dict[str, Any]:
    """What is sent: nothing of it tells which tenant it is."""
    return {
        "event_details": {"id": delivery.memory_id, "data": {"memory": words}, "event": delivery.event},
        "delivery_id": delivery.id,
        "turn_id": delivery.turn_id,
        **dict.fromkeys(OWNERS),
        **delivery.scope.ids,
        "created_at": delivery.noted_at,
    }


def _judged(delivery: Delivery, reply: Reply, services: DeliveryServices) -> Outcome:
    """The outcome of a webhook's delivery by the receiver's HTTP reply: delivered, failed, or to be sent again."""
    outcome = {"status_code": reply.status_code, "error": reply.error}
    if reply.status_code is not None and 200 <= reply.status_code < 300:
        return Outcome(status=DeliveryStatus.DELIVERED, **outcome)
    if reply.status_code == _GONE or reply.final:
        return Outcome(status=DeliveryStatus.FAILED, **outcome)
    return _again(delivery, services, reply.retry_after_seconds, **outcome)


def _again(delivery: Delivery, services: DeliveryServices, asked_seconds: float | None = None, **facts: Any) -> Outcome:
    """Once more after a pause that grows; or never, after so many attempts."""
    if delivery.attempts >= (1 if delivery.event == TEST else services.attempts):
        return Outcome(status=DeliveryStatus.FAILED, **facts)
    most = services.retry_max_seconds
    # No larger power than is needed: it is a float.
    pause = min(most, _FIRST_PAUSE_SECONDS * _GROWTH ** min(delivery.attempts - 1, 20))
    rest = min(asked_seconds or 0, most)
    delay = max(rest, pause * random.uniform(0.5, 1.0))
    return Outcome(status=DeliveryStatus.WAITING, delay_seconds=delay, rest_seconds=rest, **facts)
