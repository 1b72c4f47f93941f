"""The calls about webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from scrubjay.client.views import Page, View
from scrubjay.client.wire import Wire


class WebhookView(View):
    """A webhook; its secret is not shown again."""

    id: str
    url: str
    name: str = ""
    events: tuple[str, ...] = ()
    active: bool = True
    created_at: datetime
    updated_at: datetime


class WebhookIssuedView(WebhookView):
    """A webhook with its signing secret, as it is shown once."""

    secret: str


class DeliveryView(View):
    """What became of one delivery."""

    id: str
    event: str
    memory_id: str | None = None
    turn_id: str | None = None
    status: str
    attempts: int = 0
    status_code: int | None = None
    error: str | None = None
    created_at: datetime
    tried_at: datetime | None = None
    done_at: datetime | None = None
    due_at: datetime | None = None


class Webhooks:
    """What an admin's key may do with webhooks: `client.webhooks.create(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(self, url: str, *, name: str = "", events: Sequence[str] | None = None) -> WebhookIssuedView:
        """Register a webhook URL with `POST /webhooks` of the server; the signing secret is in the answer.

        Args:
            url: where changes are posted to.
            name: what it is for.
            events: memory_add, memory_update, memory_delete; all of them if not given.
        """
        body = {"url": url, "name": name, "events": None if events is None else list(events)}
        return WebhookIssuedView.model_validate(await self._wire.ask("POST", "/webhooks", json=body))

    async def all(self) -> list[WebhookView]:
        """Get all webhooks of the tenant from the server (`GET /webhooks`), the oldest first."""
        answer = await self._wire.ask("GET", "/webhooks", safe=True)
        return [WebhookView.model_validate(item) for item in answer["results"]]

    async def get(self, webhook_id: str) -> WebhookView:
        """Get one webhook from the server by its id (`GET /webhooks/{id}`)."""
        return WebhookView.model_validate(await self._wire.ask("GET", _webhook(webhook_id), safe=True))

    async def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        name: str | None = None,
        events: Sequence[str] | None = None,
        active: bool | None = None,
    ) -> WebhookView:
        """Change what is given; the rest stays."""
        body = {"url": url, "name": name, "events": None if events is None else list(events), "active": active}
        return WebhookView.model_validate(await self._wire.ask("PUT", _webhook(webhook_id), safe=True, json=body))

    async def delete(self, webhook_id: str) -> None:
        """Remove a webhook and its delivery log with `DELETE /webhooks/{id}` of the server."""
        await self._wire.ask("DELETE", _webhook(webhook_id))

    async def test(self, webhook_id: str) -> str:
        """Let a test be sent; returns its id in the delivery log."""
        return str((await self._wire.ask("POST", f"{_webhook(webhook_id)}/test"))["id"])

    async def deliveries(
        self, webhook_id: str, *, page: int = 1, page_size: int = 20, cursor: str | None = None
    ) -> Page[DeliveryView]:
        """What was delivered, waits or failed, newest first."""
        query = {"page": page, "page_size": page_size, "cursor": cursor}
        answer = await self._wire.ask("GET", f"{_webhook(webhook_id)}/deliveries", safe=True, params=query)
        return Page[DeliveryView].model_validate(answer)

    async def retry(self, webhook_id: str, delivery_id: str) -> DeliveryView:
        """Send a delivery again."""
        path = f"{_webhook(webhook_id)}/deliveries/{quote(delivery_id, safe='')}/retry"
        return DeliveryView.model_validate(await self._wire.ask("POST", path))


def _webhook(webhook_id: str) -> str:
    return f"/webhooks/{quote(webhook_id, safe='')}"
