"""Formats values for the pages: counts, times, durations, outcomes of turns."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from scrubjay.model import Counts, Event, Status, TurnEvent, TurnStatus, What

DONE = {Event.ADD: "added", Event.UPDATE: "updated", Event.DELETE: "removed", Event.NONE: "already known"}
QUARANTINED = "held back"
RENEWED = "said again"
WRONG = {
    What.FAILED: "failed",
    What.POSTPONED: "postponed",
    What.WORKER_LOST: "lost its worker",
    What.REPLAYED: "replayed",
}
_SHORT_ID = 8
_MINUTE, _HOUR = 60, 3600


def number(count: int) -> str:
    """A count with its thousands set apart."""
    return f"{count:,}"


def plural(count: int, singular: str, many: str | None = None) -> str:
    """Write a count with its noun for a dashboard page (a Jinja2 filter): `1 turn`, `2 turns`."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


def moment(at: datetime | None) -> Markup:
    """A time in UTC to the second; its title tells the rest. A dash for none."""
    if at is None:
        return Markup('<span class="none">—</span>')
    utc = at.astimezone(UTC)
    title = f"{utc:%A} {utc.day} {utc:%B %Y, %H:%M:%S}.{utc.microsecond:06d} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        utc.isoformat(timespec="microseconds"), title, f"{utc:%Y-%m-%d %H:%M:%S}"
    )


def lasted(turn: TurnStatus) -> str:
    """How long a turn took from its acceptance until it settled; empty while it has not."""
    if turn.settled_at is None:
        return ""
    seconds = max(0.0, (turn.settled_at - turn.accepted_at).total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds // _MINUTE:.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"


def done_by(event: TurnEvent) -> str:
    """What a turn did to one memory, in a few words."""
    if event.in_quarantine:
        return QUARANTINED
    return RENEWED if event.renewed else DONE[event.event]


def outcome(turn: TurnStatus) -> str:
    """What a turn came to, in a few words: its error, else what it did to memories."""
    if turn.error or turn.status is not Status.SETTLED:
        return turn.error or ""
    done = Counter(done_by(event) for event in turn.events)
    outcomes = (*DONE.values(), RENEWED, QUARANTINED)
    return ", ".join(f"{done[name]} {name}" for name in outcomes if done[name]) or "nothing to remember"


def counted(counts: Counts) -> str:
    """How often what went wrong with a turn; empty where nothing did."""
    times = {what: getattr(counts, what.value) for what in What}
    return ", ".join(f"{WRONG[what]} {plural(count, 'time')}" for what, count in times.items() if count)


def short(turn_id: str) -> str:
    """Shorten the id of a turn or memory for a dashboard page: enough to tell it from its neighbours."""
    return turn_id[:_SHORT_ID]


def query(**values: Any) -> str:
    """The query of an address, of those values that are set; empty when none is."""
    chosen = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(chosen)}" if chosen else ""
