"""`turnstone forget`."""

from __future__ import annotations

import typer

from memory.cli.common import (
    DEFAULT_URL,
    Agent,
    AsJson,
    Key,
    Run,
    Url,
    User,
    Yes,
    call,
    confirm,
    err,
    out,
    owner,
    show_json,
    table,
)

app = typer.Typer()


@app.command(epilog="Example: turnstone forget --user alice")
def forget(
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Erase everything of an owner: waiting turns, dead letters, memories and their history."""
    whose = owner(user, agent, run)
    named = ", ".join(f"{kind} {name}" for kind, name in whose.items() if name is not None)
    confirm(yes, f"Erase everything of {named}? It cannot be undone.")
    receipt = call(url, key, lambda client: client.forget(**whose))
    if as_json:
        show_json(receipt)
    else:
        out().print(table(list(receipt.model_dump().items()), "receipt", ""))
    if not receipt.verified:
        err().print("Something was left behind: run it again.")
        raise typer.Exit(1)
