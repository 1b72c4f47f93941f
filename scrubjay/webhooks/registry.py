"""Webhooks: registered by a tenant's admin, changed, tried out, removed. What is told to them is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrubjay.errors import BadRequest, NotFound
from scrubjay.model import Delivery, Value, Webhook
from scrubjay.ports import Deliveries, ServerKey, WebhookRegistry

MOST_WEBHOOKS = 20  # of one tenant
_PURPOSE = "webhooks"
_UNKNOWN = "there is no webhook with this id"
_NO_DELIVERY = "there is no delivery with this id; those of long ago are not kept"


@dataclass(frozen=True, kw_only=True)
class WebhookServices:
    """What registering and changing webhooks needs.

    Args:
        registry: the webhooks of each tenant.
        deliveries: what waits to be delivered to them.
        server_key: what their signing secrets are derived from.
    """

    registry: WebhookRegistry
    deliveries: Deliveries
    server_key: ServerKey


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


async def register(tenant: str, fields: Mapping[str, Any], services: WebhookServices) -> Registered:
    """Register an address.

    Args:
        tenant: whose changes it is told.
        fields: `url`, and as far as they are given `name` and `events`.
        services: what registering needs.

    Raises BadRequest where the tenant has too many.
    """
    now = datetime.now(UTC)
    webhook = Webhook(id=str(uuid.uuid4()), created_at=now, updated_at=now, **fields)
    secret = await secret_of(tenant, webhook.id, services.server_key)
    if not await services.registry.add(tenant, webhook, MOST_WEBHOOKS):
        raise BadRequest(f"there are {MOST_WEBHOOKS} webhooks already: delete one first")
    return Registered(webhook=webhook, secret=secret)


async def webhook_of(tenant: str, webhook_id: str, registry: WebhookRegistry) -> Webhook:
    """One of the tenant's webhooks. Raises NotFound."""
    webhook = await registry.get(tenant, webhook_id)
    if webhook is None:
        raise NotFound(_UNKNOWN)
    return webhook


async def change(tenant: str, webhook_id: str, changes: Mapping[str, Any], services: WebhookServices) -> Webhook:
    """Change what is named of a webhook: `url`, `name`, `events`, `active`. Raises NotFound."""
    before = await webhook_of(tenant, webhook_id, services.registry)
    after = before.model_copy(update={**changes, "updated_at": datetime.now(UTC)})
    if not await services.registry.replace(tenant, after):
        raise NotFound(_UNKNOWN)
    return after


async def remove(tenant: str, webhook_id: str, services: WebhookServices) -> None:
    """Remove a webhook with everything that waits for it and its log. Raises NotFound."""
    if not await services.registry.withdraw(tenant, webhook_id):
        raise NotFound(_UNKNOWN)
    await remove_withdrawn(tenant, webhook_id, services)


async def remove_withdrawn(tenant: str, webhook_id: str, services: WebhookServices) -> None:
    """Remove what is left of a withdrawn webhook: first its deliveries, then its id from the registry.

    The registry knows its id until then, so that an erase looks here as well.
    """
    await services.deliveries.drop(tenant, webhook_id)
    await services.registry.remove(tenant, webhook_id)


async def try_out(tenant: str, webhook_id: str, services: WebhookServices) -> str:
    """Note a test down, which a worker sends once; returns the delivery's id. Raises NotFound, BadRequest."""
    _in_use(await webhook_of(tenant, webhook_id, services.registry))
    noted = await services.deliveries.note_test(tenant, webhook_id)
    if noted is None:
        raise NotFound(_UNKNOWN)
    return noted


async def send_again(tenant: str, webhook_id: str, delivery_id: str, services: WebhookServices) -> Delivery:
    """Let a delivery be sent at once, however it stands; it goes behind its lane's others that wait.

    Raises NotFound, BadRequest.
    """
    _in_use(await webhook_of(tenant, webhook_id, services.registry))
    again = await services.deliveries.again(tenant, webhook_id, delivery_id)
    delivery = await services.deliveries.get(tenant, webhook_id, delivery_id)
    if not again or delivery is None:
        raise NotFound(_NO_DELIVERY)
    return delivery


def _in_use(webhook: Webhook) -> None:
    if not webhook.active:
        raise BadRequest("this webhook is not active: set active to true first")
