"""Dead letters on a terminal: the options that name them, and how they and a dry run are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from scrubjay.cli.common import go_on, out, owner_label, show_json, table, when
from scrubjay.client import DeadLetterFilter, Owner
from scrubjay.client.dead_letters import DryRunTurnView, DryRunView, ReplayView
from scrubjay.client.views import CountsView, IncidentView, Page, TurnView


def moment(text: str) -> datetime:
    """A time with its zone. Raises BadParameter."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("give a time such as 2026-03-26T09:00:00Z") from None
    if parsed.tzinfo is None:
        raise typer.BadParameter("add a time zone, for example a Z at the end: 2026-03-26T09:00:00Z")
    return parsed


Error = Annotated[str | None, typer.Option("--error", help="Error code, or the whole error text.")]
After = Annotated[
    datetime | None, typer.Option("--after", parser=moment, metavar="TIME", help="Accepted after this time.")
]
Before = Annotated[
    datetime | None, typer.Option("--before", parser=moment, metavar="TIME", help="Accepted before this time.")
]


def filter_of(error: str | None, owner: Owner, after: datetime | None, before: datetime | None) -> DeadLetterFilter:
    """The dead letters that the options describe."""
    which = DeadLetterFilter()
    for name, value in (("error", error), *owner.items()):
        if value is not None:
            which[name] = value  # type: ignore[literal-required]
    if after is not None:
        which["accepted_after"] = after
    if before is not None:
        which["accepted_before"] = before
    return which


def show_replay(replayed: ReplayView, as_json: bool) -> None:
    """How many were replayed, and how many stay dead and why."""
    if as_json:
        show_json(replayed)
        return
    out().print(f"{replayed.count} replayed.")
    if replayed.left:
        out().print(f"{replayed.left} stay dead: {replayed.reason}. Run the command again later.")


def show_dead_letters(listing: Page[TurnView], page: int) -> None:
    """Print a page of dead letters as a table on the terminal."""
    rows = [(it.id, owner_label(it), it.accepted_at, describe_counts(it.counts), it.error) for it in listing.results]
    out().print(table(rows, "turn", "of", "accepted", "what went wrong", "error") if rows else "No dead letters.")
    go_on(listing, page)


def show_dry_run(dry_run: DryRunView, action: str, as_json: bool) -> None:
    """Print what a dry run would change."""
    if as_json:
        show_json(dry_run)
        return
    rows = [row for result in dry_run.results for row in dry_run_rows(result, action)]
    if rows:
        out().print(table(rows, "turn", "of", "accepted", "would", "memory", "before"))
    left = f" {dry_run.untried} of them were not tried; say more with --limit." if dry_run.untried else ""
    out().print(f"A dry run over {dry_run.count} dead turns: nothing was changed.{left}")


def dry_run_rows(turn: DryRunTurnView, action: str) -> list[tuple[object, ...]]:
    """The rows of one dead letter: what it would do, or why it would fail again."""
    rows: list[tuple[object, ...]] = [(event.event, event.memory, event.previous) for event in turn.events]
    rows += [("enter the history", text, None) for text in turn.into_history]
    if turn.error:
        rows = [("fail again", turn.error, None)]
    head: tuple[object, ...] = (turn.id, owner_label(turn), turn.accepted_at)
    otherwise = (
        ("change nothing", None, None) if action == "replay" else ("be discarded", f"died of {turn.died_of}", None)
    )
    first = rows[0] if rows else otherwise
    return [(*head, *first), *((None, None, None, *row) for row in rows[1:])]


def describe_counts(counts: CountsView) -> str:
    """How often each thing went wrong, for a person."""
    fields = counts.model_dump()
    return ", ".join(f"{what.replace('_', ' ')} {times} x" for what, times in fields.items() if times)


def incident(incident: IncidentView) -> tuple[object, ...]:
    """The row for one incident of a turn's history, in the table that `scrubjay turns` prints on the terminal."""
    times = f"{incident.times} until {when(incident.last_at)}" if incident.times > 1 else None
    return incident.at, incident.what.replace("_", " "), times, incident.attempt, incident.turns, incident.error
