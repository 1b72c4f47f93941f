"""Webhooks: register an address, change it, try it out, look at what was delivered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, Paged, page_of
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.webhooks import (
    DeliveryOut,
    DeliveryPage,
    TriedOut,
    WebhookChange,
    WebhookDeleted,
    WebhookIn,
    WebhookIssued,
    WebhookOut,
    WebhookPage,
)
from scrubjay.model import DeliveryStatus, Webhook
from scrubjay.webhooks import registry

router = APIRouter(route_class=Route, tags=["webhooks"], responses=refusals(502))

_DeliveryId = Annotated[str, Path(pattern="^[0-9a-f-]{36}-[0-9]{1,18}$", description="As the log tells it.")]


@router.post("/webhooks", status_code=201)
async def register_webhook(body: WebhookIn, caller: Admin, parts: Opened) -> WebhookIssued:
    """Create a webhook. Only this answer shows the signing secret."""
    fields = {"url": body.url, "name": parts.mask(body.name), "events": body.events}
    issued = await registry.register(caller.tenant, fields, parts.webhooks)
    return WebhookIssued.model_validate({**dict(issued.webhook), "secret": issued.secret})


@router.get("/webhooks")
async def list_webhooks(caller: Admin, parts: Opened) -> WebhookPage:
    """List the webhooks of the tenant, oldest first."""
    webhooks = await parts.webhooks.registry.all(caller.tenant)
    fields = {"count": len(webhooks), "results": webhooks}
    return WebhookPage.model_validate(fields, from_attributes=True)


@router.get("/webhooks/{webhook_id}", response_model=WebhookOut, responses=refusals(404))
async def get_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> Webhook:
    """Get a webhook."""
    return await registry.webhook_of(caller.tenant, str(webhook_id), parts.webhooks.registry)


@router.put("/webhooks/{webhook_id}", response_model=WebhookOut, responses=refusals(404))
async def change_webhook(webhook_id: UUID, body: WebhookChange, caller: Admin, parts: Opened) -> Webhook:
    """Change a webhook. The secret stays. Deactivating it drops its waiting deliveries."""
    changes = dict(body.changes)
    if "name" in changes:
        changes["name"] = parts.mask(changes["name"])
    return await registry.change(caller.tenant, str(webhook_id), changes, parts.webhooks)


@router.delete("/webhooks/{webhook_id}", responses=refusals(404))
async def delete_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> WebhookDeleted:
    """Delete a webhook with its log. Waiting deliveries are not sent."""
    await registry.remove(caller.tenant, str(webhook_id), parts.webhooks)
    return WebhookDeleted(id=str(webhook_id))


@router.post("/webhooks/{webhook_id}/test", status_code=202, responses=refusals(400, 404))
async def try_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> TriedOut:
    """Send a test event. The log has its result, under the id of this answer."""
    delivery_id = await registry.try_out(caller.tenant, str(webhook_id), parts.webhooks)
    return TriedOut(id=delivery_id, status=DeliveryStatus.WAITING)


@router.get("/webhooks/{webhook_id}/deliveries", responses=refusals(404))
async def list_deliveries(
    webhook_id: UUID, request: Request, caller: Admin, parts: Opened, page: Paged
) -> DeliveryPage:
    """List deliveries, newest first. Of the finished ones, the last 1,000 are kept."""
    await registry.webhook_of(caller.tenant, str(webhook_id), parts.webhooks.registry)
    part = await parts.webhooks.deliveries.page(caller.tenant, str(webhook_id), page)
    return page_of(DeliveryPage, request, page, part, [DeliveryOut.of(delivery) for delivery in part.items])


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    status_code=202,
    responses=refusals(400, 404),
)
async def retry_delivery(webhook_id: UUID, delivery_id: _DeliveryId, caller: Admin, parts: Opened) -> DeliveryOut:
    """Send a delivery again, whatever its status is."""
    again = await registry.send_again(caller.tenant, str(webhook_id), delivery_id, parts.webhooks)
    return DeliveryOut.of(again)
