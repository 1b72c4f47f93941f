"""Webhooks: registered by a tenant's admin, changed, tried out, removed. What is told to them is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scrubjay.errors import BadRequest, NotFound
from scrubjay.model import Delivery, Value, Webhook
from scrubjay.ports import Deliveries, ServerKey, WebhookRegistry

MOST_WEBHOOKS = 20  # of one tenant
_PURPOSE = "webhooks"
_UNKNOWN = "there is no webhook with this id"
_NO_DELIVERY = "there is no delivery with this id; those of long ago are not kept"


class Registered(Value):
    """A webhook as it is told once: with the secret that its deliveries are signed with."""

    webhook: Webhook
    secret: str


async def secret_of(tenant: str, webhook_id: str, server_key: ServerKey) -> str:
    """The signing secret of a webhook, as Standard Webhooks writes one. It is derived each time and kept nowhere."""
    key = await server_key.derived(_PURPOSE)
    secret = hmac.new(key, f"{tenant}:{webhook_id}".encode(), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(secret).decode()}"


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The HTTP headers that sign the body of a webhook's delivery, and so say who sends it.

    They are those of Standard Webhooks 1.0, symmetric (https://www.standardwebhooks.com): HMAC with SHA-256.

    Args:
        secret: of the webhook.
        message_id: the same for each attempt.
        at: when it is sent.
        body: as it is sent.
    """
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}


async def register(
    tenant: str, fields: Mapping[str, Any], *, book: WebhookRegistry, server_key: ServerKey
) -> Registered:
    """Register an address.

    Args:
        tenant: whose changes it is told.
        fields: `url`, and as far as they are given `name` and `events`.
        book, server_key: the parts.

    Raises BadRequest where the tenant has too many.
    """
    now = datetime.now(UTC)
    webhook = Webhook(id=str(uuid.uuid4()), created_at=now, updated_at=now, **fields)
    secret = await secret_of(tenant, webhook.id, server_key)
    if not await book.add(tenant, webhook, MOST_WEBHOOKS):
        raise BadRequest(f"there are {MOST_WEBHOOKS} webhooks already: delete one first")
    return Registered(webhook=webhook, secret=secret)


async def found(tenant: str, webhook_id: str, book: WebhookRegistry) -> Webhook:
    """One of the tenant's webhooks. Raises NotFound."""
    webhook = await book.get(tenant, webhook_id)
    if webhook is None:
        raise NotFound(_UNKNOWN)
    return webhook


async def change(tenant: str, webhook_id: str, changes: Mapping[str, Any], *, book: WebhookRegistry) -> Webhook:
    """Change what is named of a webhook: `url`, `name`, `events`, `active`. Raises NotFound."""
    before = await found(tenant, webhook_id, book)
    after = before.model_copy(update={**changes, "updated_at": datetime.now(UTC)})
    if not await book.replace(tenant, after):
        raise NotFound(_UNKNOWN)
    return after


async def remove(tenant: str, webhook_id: str, *, book: WebhookRegistry, deliveries: Deliveries) -> None:
    """Remove a webhook with everything that waits for it and its log. Raises NotFound."""
    if not await book.bury(tenant, webhook_id):
        raise NotFound(_UNKNOWN)
    await clear_away(tenant, webhook_id, book, deliveries)


async def clear_away(tenant: str, webhook_id: str, book: WebhookRegistry, deliveries: Deliveries) -> None:
    """Remove what is left of a webhook that is buried: first its deliveries, then its place among the webhooks that
    are registered. It is known until then, so that an erase looks here as well.
    """
    await deliveries.drop(tenant, webhook_id)
    await book.remove(tenant, webhook_id)


async def try_out(tenant: str, webhook_id: str, *, book: WebhookRegistry, deliveries: Deliveries) -> str:
    """Note a test down, which a worker sends once; returns the delivery's id. Raises NotFound, BadRequest."""
    _in_use(await found(tenant, webhook_id, book))
    noted = await deliveries.note_test(tenant, webhook_id)
    if noted is None:
        raise NotFound(_UNKNOWN)
    return noted


async def send_again(
    tenant: str, webhook_id: str, delivery_id: str, *, book: WebhookRegistry, deliveries: Deliveries
) -> Delivery:
    """Let a delivery be sent at once, however it stands; it goes behind its lane's others that wait.

    Raises NotFound, BadRequest.
    """
    _in_use(await found(tenant, webhook_id, book))
    again = await deliveries.again(tenant, webhook_id, delivery_id)
    delivery = await deliveries.get(tenant, webhook_id, delivery_id)
    if not again or delivery is None:
        raise NotFound(_NO_DELIVERY)
    return delivery


def _in_use(webhook: Webhook) -> None:
    if not webhook.active:
        raise BadRequest("this webhook is not active: set active to true first")
