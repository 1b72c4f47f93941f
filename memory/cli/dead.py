"""`turnstone dead list|replay|discard`."""

from __future__ import annotations

from typing import Annotated

import typer

from memory.cli.common import (
    DEFAULT_URL,
    AsJson,
    Key,
    PageNumber,
    Url,
    Yes,
    call,
    confirm,
    out,
    refuse,
    show_json,
)
from memory.cli.turns import show_turns

app = typer.Typer()
commands = typer.Typer(
    name="dead", help="Turns that could not be remembered: look, replay, discard.", no_args_is_help=True
)
app.add_typer(commands)

Ids = Annotated[list[str] | None, typer.Argument(help="The ids of dead turns.")]
Error = Annotated[str | None, typer.Option("--error", help="All whose error holds these words.")]


@commands.command("list", epilog="Example: turnstone dead list")
def list_dead(page: PageNumber = 1, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None) -> None:
    """List the dead letters, newest first."""
    found = call(url, key, lambda client: client.dead(page=page))
    if as_json:
        show_json(found)
    else:
        show_turns(found, page)


@commands.command(epilog="Examples: turnstone dead replay TURN_ID · turnstone dead replay --error bad_answer")
def replay(
    ids: Ids = None, error: Error = None, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """Let dead turns try again, for instance after a fix."""
    chosen = choose(ids, error)
    count = call(url, key, lambda client: client.replay_dead(chosen, error=error))
    show(count, "replayed", as_json)


@commands.command(epilog="Example: turnstone dead discard TURN_ID --yes")
def discard(
    ids: Ids = None,
    error: Error = None,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Give dead turns up for good."""
    chosen = choose(ids, error)
    what = f"{len(chosen)} dead turns" if chosen else f"every dead turn whose error holds {error!r}"
    confirm(yes, f"Discard {what}? Their text is lost.")
    count = call(url, key, lambda client: client.discard_dead(chosen, error=error))
    show(count, "discarded", as_json)


def choose(ids: list[str] | None, error: str | None) -> list[str]:
    """The ids; exit status 2 unless either ids or an error are given."""
    if bool(ids) == bool(error):
        raise refuse("Say which: give either ids or --error.", 2)
    return ids or []


def show(count: int, deed: str, as_json: bool) -> None:
    """How many it were."""
    if as_json:
        show_json({"count": count})
    else:
        out().print(f"{count} {deed}.")
