"""`scrubjay search`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    Agent,
    App,
    AsJson,
    Filter,
    Key,
    Run,
    Url,
    User,
    call,
    conditions,
    out,
    owner,
    show_json,
    table,
)

app = typer.Typer()


@app.command(epilog='Example: scrubjay search "which stack do they use?" --user alice')
def search(
    query: Annotated[str, typer.Argument(help="The question.")],
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    where: Filter = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Maximum number of memories.")] = 5,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Search the memories of an owner."""
    filters = conditions(where)
    whose = owner(user, agent, run, app_id, filters)
    answer = call(url, key, lambda client: client.search(query, filters=filters, limit=limit, **whose))
    if as_json:
        show_json(answer)
        return
    rows = [(f"{it.score or 0:.2f}", it.memory, it.created_at, it.id) for it in answer.results]
    out().print(table(rows, "score", "memory", "created", "id") if rows else "Nothing is remembered about that.")
    if answer.pending:
        out().print(f"{answer.pending} turns of this owner are not settled yet.")
