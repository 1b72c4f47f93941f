"""`scrubjay forget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    Agent,
    App,
    AsJson,
    Key,
    Run,
    Url,
    User,
    Yes,
    call,
    confirm,
    err,
    owner,
    refuse,
    show_json,
)
from scrubjay.cli.receipts import check, show_receipt, write_receipt

app = typer.Typer()

File = Annotated[Path | None, typer.Option("--receipt", help="Write the receipt to this file.", dir_okay=False)]
Exact = Annotated[bool, typer.Option("--exact", help="Use the ids exactly as given, with white space.")]
Verify = Annotated[
    Path | None,
    typer.Option("--verify", help="Erase nothing; check this receipt. With --user, check that nothing is left, too."),
]


@app.command(
    epilog="Examples: scrubjay forget --user alice --receipt alice.json · "
    "scrubjay forget --verify alice.json --user alice"
)
def forget(
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    receipt: File = None,
    verify: Verify = None,
    exact: Exact = False,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Erase everything of an owner: turns, dead letters, memories and their history."""
    if verify is not None:
        if receipt is not None:
            raise refuse("Give --receipt to forget somebody, or --verify to check what was forgotten.", 2)
        check(verify, {"user_id": user, "agent_id": agent, "run_id": run, "app_id": app_id}, as_json, url, key)
        return
    whose = owner(user, agent, run, app_id)
    description = ", ".join(f"{kind} {name}" for kind, name in whose.items() if name is not None)
    confirm(yes, f"Erase everything of {description}? It cannot be undone.")
    issued = call(url, key, lambda client: client.owners.forget(exact=exact, **whose))
    if as_json:
        show_json(issued)
    else:
        show_receipt(issued)
    if receipt is not None:
        write_receipt(issued, receipt)
        err().print(f"Written to {receipt}. Check it with `scrubjay forget --verify {receipt}`.", soft_wrap=True)
    if not issued.known:
        err().print(f"Nothing was found of {description}. Check the ids: they must be exactly as they were posted.")
    if not issued.verified:
        err().print("Something is left: run the command again.")
        raise typer.Exit(1)
