"""`scrubjay turns`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    AsJson,
    Cursor,
    Key,
    PageNumber,
    Url,
    User,
    Yes,
    call,
    confirm,
    go_on,
    out,
    show_json,
    table,
)
from scrubjay.cli.dead_letters import describe_counts, incident
from scrubjay.client.views import Page, TurnView

app = typer.Typer()


@app.command(epilog="Examples: scrubjay turns --status dead --user alice · scrubjay turns TURN_ID --discard")
def turns(
    turn_id: Annotated[str | None, typer.Argument(help="Show one turn and the memories it changed.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="queued, running, retrying, settled, dead or erased.")
    ] = None,
    user: User = None,
    page: PageNumber = 1,
    cursor: Cursor = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Discard this waiting turn. Its text is removed, and its lane goes on.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """List turns, newest first; or show or discard one of them."""
    if discard:
        if turn_id is None:
            raise typer.BadParameter("name the turn to discard")
        confirm(yes, f"Discard turn {turn_id}? Its text is lost.")
        call(url, key, lambda client: client.discard_turn(turn_id))
        out().print(f"Turn {turn_id} discarded.")
        return
    if turn_id is not None:
        turn = call(url, key, lambda client: client.turn(turn_id))
        (show_json if as_json else show_turn)(turn)
        return
    listing = call(url, key, lambda client: client.turns(status=status, user_id=user, page=page, cursor=cursor))
    if as_json:
        show_json(listing)
    else:
        show_turns(listing, page)


def show_turn(turn: TurnView) -> None:
    """One turn with its events."""
    facts = [
        ("id", turn.id),
        ("status", turn.status),
        ("attempts", turn.attempts),
        ("accepted", turn.accepted_at),
        ("settled", turn.settled_at),
        ("error", turn.error),
        ("went wrong", describe_counts(turn.counts) or None),
        ("asked", model_usage(turn)),
    ]
    out().print(table([(name, value) for name, value in facts if value is not None], "", ""))
    if turn.events:
        rows = [(event.event, event.memory, event.previous, event.id) for event in turn.events]
        out().print(table(rows, "event", "memory", "before", "id"))
    if turn.history:
        lines = [incident(entry) for entry in turn.history]
        out().print(table(lines, "when", "what went wrong", "times", "attempt", "turns", "error"))


def model_usage(turn: TurnView) -> str | None:
    """The line on the terminal about a turn's model usage: calls, tokens and cost. None where no model was called."""
    if turn.gated:
        return "no model, as it plainly holds nothing"
    usage = turn.usage
    if not usage.calls:
        return None
    tokens = usage.prompt_tokens + usage.completion_tokens + usage.embedding_tokens
    cost = "" if usage.cost_usd is None else f", {usage.cost_usd:.6f} USD"
    return f"{usage.calls} calls of the model; its share is {tokens} tokens{cost}"


def show_turns(listing: Page[TurnView], page: int) -> None:
    """Print one page of turns as a table on the terminal, and tell how to list the next page."""
    rows = [(turn.id, turn.status, turn.attempts, turn.accepted_at, turn.error) for turn in listing.results]
    shown = table(rows, "turn", "status", "attempts", "accepted", "error")
    out().print(shown if rows else "There are no such turns.")
    go_on(listing, page)
