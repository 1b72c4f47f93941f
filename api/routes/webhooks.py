"""Webhooks: register an address, change it, try it out, look at what was delivered."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, Paged, listed
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.webhooks import (
    DeliveryOut,
    DeliveryPage,
    TriedOut,
    WebhookChange,
    WebhookIn,
    WebhookIssued,
    WebhookOut,
    WebhookPage,
)
from scrubjay.model import Delivery, DeliveryStatus
from scrubjay.webhooks import registry

router = APIRouter(route_class=Route, tags=["webhooks"], responses=refusals(502))

_DeliveryId = Annotated[str, Path(pattern="^[0-9a-f-]{36}-[0-9]{1,18}$", description="As the log tells it.")]


@router.post("/webhooks", status_code=201, response_model=WebhookIssued)
async def register_webhook(body: WebhookIn, caller: Admin, parts: Opened) -> Any:
    """Register an address; the answer shows the signing secret, and nothing ever does again."""
    fields = {"url": body.url, "name": parts.mask(body.name), "events": body.events}
    made = await registry.register(caller.tenant, fields, parts.webhooks)
    return {**made.webhook.model_dump(), "secret": made.secret}


@router.get("/webhooks", response_model=WebhookPage)
async def list_webhooks(caller: Admin, parts: Opened) -> Any:
    """All webhooks of the tenant, the oldest first."""
    webhooks = await parts.webhooks.registry.all(caller.tenant)
    return {"count": len(webhooks), "results": [webhook.model_dump() for webhook in webhooks]}


@router.get("/webhooks/{webhook_id}", response_model=WebhookOut, responses=refusals(404))
async def get_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> Any:
    """One webhook."""
    return (await registry.webhook_of(caller.tenant, str(webhook_id), parts.webhooks.registry)).model_dump()


@router.put("/webhooks/{webhook_id}", response_model=WebhookOut, responses=refusals(404))
async def change_webhook(webhook_id: UUID, body: WebhookChange, caller: Admin, parts: Opened) -> Any:
    """Change what is named; the secret stays. What waits for one that is not active is given up."""
    changes = dict(body.named)
    if "name" in changes:
        changes["name"] = parts.mask(changes["name"])
    return (await registry.change(caller.tenant, str(webhook_id), changes, parts.webhooks)).model_dump()


@router.delete("/webhooks/{webhook_id}", responses=refusals(404))
async def delete_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> dict[str, str]:
    """Remove a webhook with its log; what waits for it is not delivered."""
    await registry.remove(caller.tenant, str(webhook_id), parts.webhooks)
    return {"id": str(webhook_id), "status": "deleted"}


@router.post("/webhooks/{webhook_id}/test", status_code=202, response_model=TriedOut, responses=refusals(400, 404))
async def try_webhook(webhook_id: UUID, caller: Admin, parts: Opened) -> Any:
    """Let a worker send a test, once; what became of it stands in the log under the id of the answer."""
    made = await registry.try_out(caller.tenant, str(webhook_id), parts.webhooks)
    return {"id": made, "status": DeliveryStatus.WAITING}


@router.get("/webhooks/{webhook_id}/deliveries", response_model=DeliveryPage, responses=refusals(404))
async def list_deliveries(webhook_id: UUID, request: Request, caller: Admin, parts: Opened, page: Paged) -> Any:
    """What was delivered, waits or failed, newest first; of what is done the last thousand are kept."""
    await registry.webhook_of(caller.tenant, str(webhook_id), parts.webhooks.registry)
    part = await parts.webhooks.deliveries.page(caller.tenant, str(webhook_id), page)
    return listed(request, page, part, [_shown(delivery) for delivery in part.items])


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    status_code=202,
    response_model=DeliveryOut,
    responses=refusals(400, 404),
)
async def retry_delivery(webhook_id: UUID, delivery_id: _DeliveryId, caller: Admin, parts: Opened) -> Any:
    """Send a delivery again, however it stands; one that waits is sent at once."""
    again = await registry.send_again(caller.tenant, str(webhook_id), delivery_id, parts.webhooks)
    return _shown(again)


def _shown(delivery: Delivery) -> dict[str, Any]:
    fields = ("id", "event", "memory_id", "turn_id", "status", "attempts", "status_code", "error")
    times = {"created_at": delivery.noted_at, "tried_at": delivery.tried_at, "done_at": delivery.done_at}
    return {**{name: getattr(delivery, name) for name in fields}, **times, "due_at": delivery.due_at}
