"""`scrubjay keys create|list|rotate|revoke`."""

from __future__ import annotations

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
    show_json,
    table,
)
from scrubjay.client.keys import IssuedView

app = typer.Typer()
commands = typer.Typer(name="keys", help="Create, rotate and revoke API keys.", no_args_is_help=True)
app.add_typer(commands)

KeyId = Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")]
TenantName = Annotated[str | None, typer.Option("--tenant", help="The tenant; only the operator may name another.")]


class Role(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@commands.command(epilog="Example: scrubjay keys create --role write --tenant acme --label 'support bot'")
def create(
    role: Annotated[Role, typer.Option("--role", help="read, write or admin.")] = Role.WRITE,
    label: Annotated[str, typer.Option("--label", help="A description.")] = "",
    tenant: TenantName = None,
    user: Annotated[str | None, typer.Option("--user", help="Limit the key to this user.")] = None,
    per_minute: Annotated[int | None, typer.Option("--per-minute", min=1, help="Maximum requests per minute.")] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Create a key and show it once."""
    options = {"role": role.value, "label": label, "tenant": tenant, "user_id": user, "per_minute": per_minute}
    show_once(call(url, key, lambda client: client.keys.create(**options)), as_json)  # type: ignore[arg-type]


@commands.command("list", epilog="Example: scrubjay keys list --tenant acme")
def list_keys(
    tenant: TenantName = None,
    page: PageNumber = 1,
    cursor: Cursor = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List the keys by id. Their secrets are never shown again."""
    listing = call(url, key, lambda client: client.keys.page(tenant=tenant, page=page, cursor=cursor))
    if as_json:
        show_json(listing)
        return
    fields = ("id", "tenant", "role", "label", "user_id", "per_minute", "created_at")
    rows = [[getattr(result, field) for field in fields] for result in listing.results]
    out().print(table(rows, *(field.replace("_", " ") for field in fields)) if rows else "There are no keys.")
    go_on(listing, page)


@commands.command(epilog="Example: scrubjay keys rotate KEY_ID --overlap 3600")
def rotate(
    key_id: KeyId,
    overlap: Annotated[float, typer.Option("--overlap", min=0, help="Seconds the old secret still works.")] = 0,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Give a key a new secret and show it once."""
    show_once(call(url, key, lambda client: client.keys.rotate(key_id, overlap_seconds=overlap)), as_json)


@commands.command(epilog="Example: scrubjay keys revoke KEY_ID")
def revoke(key_id: KeyId, yes: Yes = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Revoke a key. Within a second, no process accepts it."""
    confirm(yes, f"Revoke the key {key_id}? Whoever uses it is locked out.")
    call(url, key, lambda client: client.keys.revoke(key_id))
    out().print("Key revoked.")


def show_once(issued: IssuedView, as_json: bool) -> None:
    """A new key: its text alone on stdout, what to know about it on stderr."""
    if as_json:
        show_json(issued)
        return
    out().print(issued.key, markup=False, soft_wrap=True)
    err().print(
        f"Key {issued.id} of the tenant {issued.tenant} with the role {issued.role}. It is shown this once: keep it.",
        markup=False,
    )
