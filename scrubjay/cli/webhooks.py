"""`scrubjay webhooks create|list|change|delete|test|deliveries|retry`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    AsJson,
    Cursor,
    Key,
    PageNumber,
    Url,
    Yes,
    call,
    confirm,
    err,
    go_on,
    out,
    refuse,
    show_json,
    table,
    when,
)
from scrubjay.client import ScrubjayClient
from scrubjay.client.webhooks import DeliveryView, WebhookView

app = typer.Typer()
commands = typer.Typer(name="webhooks", help="Manage webhooks and their deliveries.", no_args_is_help=True)
app.add_typer(commands)

_LOOK_SECONDS, _LOOKS = 0.25, 80


class Wanted(StrEnum):
    """The events that a webhook can subscribe to."""

    ADD = "memory_add"
    UPDATE = "memory_update"
    DELETE = "memory_delete"


WebhookId = Annotated[str, typer.Argument(help="The webhook's id, as `webhooks list` shows it.")]
DeliveryId = Annotated[str, typer.Argument(help="The delivery's id, as `webhooks deliveries` shows it.")]
Events = Annotated[list[Wanted] | None, typer.Option("--event", help="An event to send; repeatable. Default: all.")]
Name = Annotated[str | None, typer.Option("--name", help="A description.")]


@commands.command(epilog="Example: scrubjay webhooks create https://example.com/memories --event memory_add")
def create(
    address: Annotated[str, typer.Argument(help="The address that receives the events.")],
    name: Name = None,
    event: Events = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Register an address and show its signing secret once."""
    made = call(url, key, lambda client: client.webhooks.create(address, name=name or "", events=event))
    if as_json:
        show_json(made)
        return
    out().print(made.secret, markup=False, soft_wrap=True)
    sentence = (
        f"Webhook {made.id} is told {', '.join(made.events)}. This is its signing secret, shown this once: keep it."
    )
    err().print(sentence, markup=False)


@commands.command("list", epilog="Example: scrubjay webhooks list")
def list_webhooks(as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """List the webhooks."""
    webhooks = call(url, key, lambda client: client.webhooks.all())
    if as_json:
        show_json([webhook.model_dump(mode="json") for webhook in webhooks])
        return
    rows = [
        [webhook.id, webhook.name, webhook.url, ", ".join(webhook.events), _state(webhook), webhook.created_at]
        for webhook in webhooks
    ]
    heads = ("id", "name", "address", "is told", "state", "created")
    out().print(table(rows, *heads) if rows else "There are no webhooks.")


@commands.command(epilog="Example: scrubjay webhooks change WEBHOOK_ID --inactive")
def change(
    webhook_id: WebhookId,
    address: Annotated[str | None, typer.Option("--address", help="The new address.")] = None,
    name: Name = None,
    event: Events = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it receives events.")] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Change a webhook. Options that are not given, and the secret, stay as they are."""
    changed = call(
        url,
        key,
        lambda client: client.webhooks.change(webhook_id, url=address, name=name, events=event, active=active),
    )
    if as_json:
        show_json(changed)
    else:
        out().print(f"Webhook updated: {_state(changed)}, events {', '.join(changed.events)}.")


@commands.command(epilog="Example: scrubjay webhooks delete WEBHOOK_ID --yes")
def delete(webhook_id: WebhookId, yes: Yes = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Delete a webhook with its log. Waiting deliveries are not sent."""
    confirm(yes, f"Delete the webhook {webhook_id}? What waits for it is not delivered.")
    call(url, key, lambda client: client.webhooks.delete(webhook_id))
    out().print("Webhook deleted.")


@commands.command("test", epilog="Example: scrubjay webhooks test WEBHOOK_ID")
def try_out(webhook_id: WebhookId, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Send a test event and wait for its result. Exits with 1 if it does not arrive."""

    async def sent(client: ScrubjayClient) -> DeliveryView | None:
        delivery_id, delivery = await client.webhooks.test(webhook_id), None
        for _ in range(_LOOKS):
            page = await client.webhooks.deliveries(webhook_id)
            delivery = next((result for result in page.results if result.id == delivery_id), None)
            if delivery is not None and delivery.status != "waiting":
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return delivery

    delivery = call(url, key, sent)
    if delivery is None or delivery.status == "waiting":
        raise refuse("No worker has sent it yet: see that one runs, then look at `scrubjay webhooks deliveries`.")
    if delivery.status == "failed":
        raise refuse(f"It did not arrive: {_last(delivery)}.")
    out().print(f"Delivered: {_last(delivery)}.")


@commands.command(epilog="Example: scrubjay webhooks deliveries WEBHOOK_ID")
def deliveries(
    webhook_id: WebhookId,
    page: PageNumber = 1,
    cursor: Cursor = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List deliveries, newest first."""
    listing = call(url, key, lambda client: client.webhooks.deliveries(webhook_id, page=page, cursor=cursor))
    if as_json:
        show_json(listing)
        return
    rows = [
        [result.id, result.event, result.memory_id, _where(result), result.attempts, _last(result), result.created_at]
        for result in listing.results
    ]
    heads = ("id", "event", "memory", "status", "attempts", "last", "noted")
    out().print(table(rows, *heads) if rows else "Nothing was to be delivered yet.")
    go_on(listing, page)


@commands.command(epilog="Example: scrubjay webhooks retry WEBHOOK_ID DELIVERY_ID")
def retry(webhook_id: WebhookId, delivery_id: DeliveryId, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Send a delivery again."""
    call(url, key, lambda client: client.webhooks.retry(webhook_id, delivery_id))
    out().print("Sent again.")


def _state(webhook: WebhookView) -> str:
    return "active" if webhook.active else "inactive"


def _where(delivery: DeliveryView) -> str:
    waits = delivery.status == "waiting" and delivery.attempts and delivery.due_at
    return f"{delivery.status} until {when(delivery.due_at)}" if waits and delivery.due_at else delivery.status


def _last(delivery: DeliveryView) -> str:
    return f"HTTP {delivery.status_code}" if delivery.status_code is not None else (delivery.error or "")
