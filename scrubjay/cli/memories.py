"""`scrubjay memories list|get|history|update|undo|delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    Agent,
    App,
    AsJson,
    Cursor,
    Filter,
    Key,
    PageNumber,
    Run,
    Url,
    User,
    Yes,
    call,
    conditions,
    confirm,
    go_on,
    out,
    owner,
    show_json,
    table,
)

app = typer.Typer()
commands = typer.Typer(name="memories", help="List, show and correct memories.", no_args_is_help=True)
app.add_typer(commands)

MemoryId = Annotated[str, typer.Argument(help="The memory's id.")]


@commands.command("list", epilog="Example: scrubjay memories list --user alice")
def list_memories(
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    where: Filter = None,
    page: PageNumber = 1,
    cursor: Cursor = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List the memories of an owner, newest first."""
    filters = conditions(where)
    whose = owner(user, agent, run, app_id, filters)
    listing = call(url, key, lambda client: client.memories(filters=filters, page=page, cursor=cursor, **whose))
    if as_json:
        show_json(listing)
        return
    rows = [(it.memory, ", ".join(it.categories), it.created_at, it.id) for it in listing.results]
    out().print(table(rows, "memory", "categories", "created", "id") if rows else "Nothing is remembered.")
    go_on(listing, page)


@commands.command(epilog="Example: scrubjay memories get MEMORY_ID")
def get(memory_id: MemoryId, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show one memory."""
    memory = call(url, key, lambda client: client.memory(memory_id))
    if as_json:
        show_json(memory)
    else:
        shown = memory.model_dump(exclude_none=True)
        out().print(table(list(shown.items()), "", ""))


@commands.command(epilog="Example: scrubjay memories history MEMORY_ID")
def history(memory_id: MemoryId, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Show every version of a memory, oldest first."""
    versions = call(url, key, lambda client: client.history(memory_id))
    if as_json:
        show_json(versions)
        return
    fields = ("version", "event", "memory", "valid_from", "valid_to", "quote")
    out().print(table([[version.get(field) for field in fields] for version in versions], *fields))


@commands.command(epilog='Example: scrubjay memories update MEMORY_ID "User uses Next.js"')
def update(
    memory_id: MemoryId,
    text: Annotated[str, typer.Argument(help="The new text.")],
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Change the text of a memory. The earlier text stays in its history."""
    memory = call(url, key, lambda client: client.update(memory_id, text))
    if as_json:
        show_json(memory)
    else:
        out().print(f"Now: {memory.memory}", markup=False)


@commands.command(epilog="Example: scrubjay memories undo MEMORY_ID")
def undo(memory_id: MemoryId, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Undo the last change of a memory. The undone version stays in its history."""
    memory = call(url, key, lambda client: client.undo(memory_id))
    if as_json:
        show_json(memory)
    else:
        out().print(f"Restored: {memory.memory}", markup=False)


@commands.command(epilog="Example: scrubjay memories delete MEMORY_ID")
def delete(memory_id: MemoryId, yes: Yes = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """Delete a memory with its whole history."""
    confirm(yes, f"Remove the memory {memory_id} with its history?")
    call(url, key, lambda client: client.delete(memory_id))
    out().print("Memory deleted.")
