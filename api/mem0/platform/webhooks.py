"""Webhooks on the platform's surface: an address that is told what changes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from scrubjay.api.auth import Admin
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.mem0.lenient import Lenient
from scrubjay.api.mem0.platform.project import is_ours
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.webhooks import WebhookChange, WebhookIn
from scrubjay.errors import NotOffered
from scrubjay.model import Webhook
from scrubjay.webhooks import registry

router = APIRouter(route_class=Route, include_in_schema=False)

_PROJECT = "/api/v1/webhooks/projects/{project_id:segment}/"
_WEBHOOK = "/api/v1/webhooks/{webhook_id:segment}/"
_CATEGORIZE = "memory_categorize"


class HookIn(Lenient):
    """An address, and which changes it is told."""

    url: str | None = None
    name: str | None = None
    event_types: list[str] | None = None

    @property
    def named(self) -> dict[str, Any]:
        """What is said of it, in our own words. Raises NotOffered."""
        if _CATEGORIZE in (self.event_types or ()):
            raise NotOffered(f"{_CATEGORIZE} is not offered here: a memory has its categories from memory_add on")
        fields = {"url": self.url, "name": self.name, "events": self.event_types}
        return {name: value for name, value in fields.items() if value is not None}


@router.get(_PROJECT)
async def list_webhooks(project_id: str, caller: Admin, parts: Opened) -> Any:
    """All of the tenant's."""
    is_ours(caller.tenant, project_id)
    return [_shown(webhook, caller.tenant) for webhook in await parts.webhooks.registry.all(caller.tenant)]


@router.post(_PROJECT)
async def create_webhook(project_id: str, body: HookIn, caller: Admin, parts: Opened) -> Any:
    """Register one; the answer shows the secret that deliveries are signed with, and nothing ever does again."""
    is_ours(caller.tenant, project_id)
    webhook_in = checked(WebhookIn, body.named)
    fields = {"url": webhook_in.url, "name": parts.mask(webhook_in.name), "events": webhook_in.events}
    made = await registry.register(caller.tenant, fields, parts.webhooks)
    return {**_shown(made.webhook, caller.tenant), "secret": made.secret}


@router.put(_WEBHOOK)
async def update_webhook(webhook_id: str, body: HookIn, caller: Admin, parts: Opened) -> Any:
    """Change what is named."""
    changes = dict(checked(WebhookChange, body.named).named)
    if "name" in changes:
        changes["name"] = parts.mask(changes["name"])
    await registry.change(caller.tenant, webhook_id, changes, parts.webhooks)
    return {"message": "Webhook updated successfully"}


@router.delete(_WEBHOOK)
async def delete_webhook(webhook_id: str, caller: Admin, parts: Opened) -> Any:
    """Remove one."""
    await registry.remove(caller.tenant, webhook_id, parts.webhooks)
    return {"message": "Webhook deleted successfully"}


def _shown(webhook: Webhook, tenant: str) -> dict[str, Any]:
    """Show a webhook in the JSON of Mem0 platform's webhook API."""
    return {
        "webhook_id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "event_types": list(webhook.events),
        "owner": tenant,
        "project": tenant,
        "is_active": webhook.active,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }
