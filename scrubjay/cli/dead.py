"""`scrubjay dead list|replay|discard`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    Agent,
    App,
    AsJson,
    Cursor,
    Key,
    PageNumber,
    Run,
    Url,
    User,
    Yes,
    call,
    confirm,
    ids_of,
    out,
    refuse,
    show_json,
)
from scrubjay.cli.dead_letters import After, Before, Error, filter_of, show_dead_letters, show_dry_run, show_replay
from scrubjay.client import DeadLetterFilter

app = typer.Typer()
commands = typer.Typer(
    name="dead", help="List, replay and discard dead letters: turns that failed for good.", no_args_is_help=True
)
app.add_typer(commands)

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of dead letters.")]
Every = Annotated[bool, typer.Option("--all", help="All dead letters.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what a replay would do.")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, max=100, help="How many turns a dry run tries (default: 20).")
]


@commands.command("list", epilog="Examples: scrubjay dead list · scrubjay dead list --user alice --error bad_answer")
def list_dead(
    error: Error = None,
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    after: After = None,
    before: Before = None,
    page: PageNumber = 1,
    cursor: Cursor = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List dead letters, newest first, with their errors."""
    which = filter_of(error, ids_of(user, agent, run, app_id), after, before)
    listing = call(url, key, lambda client: client.dead_letters.page(page=page, cursor=cursor, **which))
    if as_json:
        show_json(listing)
    else:
        show_dead_letters(listing, page)


@commands.command(
    epilog="Examples: scrubjay dead replay TURN_ID · scrubjay dead replay --error bad_answer --user alice --dry-run"
)
def replay(
    ids: Ids = None,
    error: Error = None,
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    after: After = None,
    before: Before = None,
    every: Every = False,
    dry_run: DryRun = False,
    limit: Limit = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Replay dead letters, for example after a fix. Use --dry-run first to see what each would change.

    Turns above the limit of waiting turns stay dead: run the command again later.
    """
    which = narrowed(ids, filter_of(error, ids_of(user, agent, run, app_id), after, before), every)
    if dry_run:
        dry = call(url, key, lambda client: client.dead_letters.dry_run("replay", ids or (), limit=limit, **which))
        show_dry_run(dry, "replay", as_json)
        return
    refuse_limit(limit)
    show_replay(call(url, key, lambda client: client.dead_letters.replay(ids or (), **which)), as_json)


@commands.command(
    epilog="Examples: scrubjay dead discard TURN_ID --yes · scrubjay dead discard --before 2026-01-01T00:00:00Z"
)
def discard(
    ids: Ids = None,
    error: Error = None,
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    after: After = None,
    before: Before = None,
    every: Every = False,
    dry_run: DryRun = False,
    limit: Limit = None,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Discard dead letters for good. Use --dry-run first to see which."""
    which = narrowed(ids, filter_of(error, ids_of(user, agent, run, app_id), after, before), every)
    if dry_run:
        dry = call(url, key, lambda client: client.dead_letters.dry_run("discard", ids or (), limit=limit, **which))
        show_dry_run(dry, "discard", as_json)
        return
    refuse_limit(limit)
    confirm(yes, f"Discard {describe(ids or [], which)}? Their text is lost.")
    show_discard(call(url, key, lambda client: client.dead_letters.discard(ids or (), **which)), as_json)


def narrowed(ids: list[str] | None, which: DeadLetterFilter, every: bool) -> DeadLetterFilter:
    """The filter for the dead turns; exit status 2 unless ids or options name them, or --all and nothing else."""
    if bool(ids or which) == every:
        raise refuse("Say which: give ids, --error, --user, --agent, --run, --app, --after or --before; or --all.", 2)
    return DeadLetterFilter(all=True) if every else which


def refuse_limit(limit: int | None) -> None:
    """Exit status 2 when a limit is given that would not limit anything."""
    if limit is not None:
        raise refuse("--limit is for --dry-run: without it every dead turn that is meant is acted on.", 2)


def describe(ids: list[str], which: DeadLetterFilter) -> str:
    """Describe the dead letters for a question."""
    descriptions = [f"{name.replace('_', ' ')} {value}" for name, value in which.items() if name != "all"]
    what = f"{len(ids)} dead turns" if ids else "every dead turn"
    return f"{what} with {' and '.join(descriptions)}" if descriptions else what


def show_discard(count: int, as_json: bool) -> None:
    """How many it were."""
    if as_json:
        show_json({"count": count})
    else:
        out().print(f"{count} discarded.")
