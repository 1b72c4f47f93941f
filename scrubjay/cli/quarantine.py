"""`scrubjay quarantine list|release|discard`."""

from __future__ import annotations

from collections.abc import Sequence
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
    go_on,
    out,
    owner_label,
    show_json,
    table,
)
from scrubjay.client import ScrubjayClient
from scrubjay.client.views import MemoryView

app = typer.Typer()
commands = typer.Typer(
    name="quarantine",
    help="List, release and discard memories that read like instructions to a model.",
    no_args_is_help=True,
)
app.add_typer(commands)

Ids = Annotated[list[str], typer.Argument(help="Ids of memories in the quarantine.")]


@commands.command("list", epilog="Example: scrubjay quarantine list")
def list_quarantined(
    page: PageNumber = 1, cursor: Cursor = None, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """List the memories in the quarantine, newest first, with their quotes."""
    listing = call(url, key, lambda client: client.quarantine(page=page, cursor=cursor))
    if as_json:
        show_json(listing)
        return
    rows = [(it.memory, it.quote if it.quote != it.memory else None, owner_label(it), it.created_at, it.id)
            for it in listing.results]  # fmt: skip
    out().print(table(rows, "memory", "quote", "of", "created", "id") if rows else "Nothing is held back.")
    go_on(listing, page)


@commands.command(epilog="Example: scrubjay quarantine release MEMORY_ID")
def release(ids: Ids, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Release memories from the quarantine."""

    async def release_all(client: ScrubjayClient) -> list[MemoryView]:
        return [await client.release(memory_id) for memory_id in ids]

    _show("released", [memory.id for memory in call(url, key, release_all)], as_json)


@commands.command(epilog="Example: scrubjay quarantine discard MEMORY_ID --yes")
def discard(ids: Ids, yes: Yes = False, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Delete memories in the quarantine for good."""
    confirm(yes, f"Discard {len(ids)} {'memory' if len(ids) == 1 else 'memories'}? There is no way back.")

    async def remove(client: ScrubjayClient) -> list[str]:
        for memory_id in ids:
            await client.discard(memory_id)
        return ids

    _show("discarded", call(url, key, remove), as_json)


def _show(action: str, ids: Sequence[str], as_json: bool) -> None:
    if as_json:
        show_json({action: list(ids)})
    else:
        out().print(f"{len(ids)} {action}.")
