"""What the pages print, worked out from the values of the house: the templates only put it in place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scrubjay.api.dashboard import formatting
from scrubjay.api.dashboard.formatting import DONE, done_by, lasted, outcome, query, short
from scrubjay.model import (
    DeadFilter,
    Incident,
    Memory,
    Message,
    Page,
    Scope,
    Status,
    Turn,
    TurnEvent,
    TurnStatus,
)
from scrubjay.model.pages import DEEPEST

PAGE_SIZE = 25
CARDS_PER_PAGE = 20
LIVE = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
_LONGEST_SHOWN = 600


@dataclass(frozen=True, slots=True)
class Row:
    """A turn as one row of a table, or at the head of its page."""

    id: str
    short: str
    status: str
    attempts: int
    accepted_at: datetime
    settled_at: datetime | None
    lasted: str
    outcome: str
    error: str | None
    counted: str
    history: tuple[Line, ...]


def row(turn: TurnStatus) -> Row:
    """One turn."""
    return Row(
        id=turn.id,
        short=short(turn.id),
        status=turn.status.value,
        attempts=turn.attempts,
        accepted_at=turn.accepted_at,
        settled_at=turn.settled_at,
        lasted=lasted(turn),
        outcome=outcome(turn),
        error=turn.error,
        counted=formatting.counted(turn.counts),
        history=tuple(_line(incident) for incident in turn.history),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what went wrong with a turn."""

    what: str
    at: datetime
    last_at: datetime | None
    details: str
    error: str | None


def _line(incident: Incident) -> Line:
    """Describe one failure in a turn's history as a line on a dashboard page: its kind, time, attempt and error."""
    details = [f"attempt {incident.attempt}"]
    details += [f"in a batch of {incident.turns}"] if incident.turns and incident.turns > 1 else []
    details += [f"{incident.times:,} times until"] if incident.times > 1 else []
    last_at = incident.last_at if incident.times > 1 else None
    return Line(formatting.WRONG[incident.what], incident.at, last_at, " · ".join(details), incident.error)


@dataclass(frozen=True, slots=True)
class Tab:
    """One choice of the filter by status; `count` is None where it would tell nothing."""

    label: str
    query: str
    count: int | None
    chosen: bool


def tabs(chosen: Status | None, user_id: str | None, counts: Mapping[Status, int]) -> list[Tab]:
    """The filter by status; the counts are the tenant's, so they are left out where one user is looked at."""
    shown = {} if user_id else counts
    every = [Tab("all", query(user_id=user_id), None, chosen is None)]
    return every + [
        Tab(status.value, query(status=status.value, user_id=user_id), shown.get(status), chosen is status)
        for status in Status
    ]


@dataclass(frozen=True, slots=True)
class Pager:
    """Which part of a list is shown, and the way to its neighbours."""

    first: int
    last: int
    count: int
    newer: str | None
    older: str | None


def pager(page: Page, count: int, **filters: Any) -> Pager:
    """The pager of a list that is filtered so."""
    following = page.offset + page.size < min(count, DEEPEST)
    return Pager(
        first=min(page.offset + 1, count),
        last=min(page.offset + page.size, count),
        count=count,
        newer=query(**filters, page=page.number - 1) if page.number > 1 else None,
        older=query(**filters, page=page.number + 1) if following else None,
    )


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a turn or a memory is: `user alice`; `link` leads to a user's memories."""

    kind: str
    name: str
    link: str | None


def owners(scope: Scope) -> list[Owner]:
    """Label the owner ids of a scope for a dashboard page, each id that is set; a user's label has a link."""
    return [
        Owner(field.removesuffix("_id"), name, query(user_id=name) if field == "user_id" else None)
        for field, name in scope.ids.items()
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """What a turn did to one memory."""

    event: str
    done: str
    memory: str
    previous: str | None
    link: str | None
    in_quarantine: bool


def changes(events: Sequence[TurnEvent]) -> list[Change]:
    """Make the rows of the dashboard's turn page that show what a turn did to memories.

    A fact that was only said twice in one batch belongs to no memory of its own.
    """
    return [
        Change(
            event.event.value,
            done_by(event),
            event.memory,
            event.previous,
            quote(event.id) or None,
            event.in_quarantine,
        )
        for event in events
    ]


@dataclass(frozen=True, slots=True)
class TurnCard:
    """A turn with its owners and, if it is dead, its text. `cut` says that the text goes on on the turn's own page."""

    turn: Row
    owners: list[Owner]
    messages: tuple[Message, ...] = ()
    cut: bool = False


def turn_card(turn: TurnStatus, text: Turn | None, *, whole: bool = False) -> TurnCard:
    """A turn to look at. Only a dead one shows its text, as somebody must judge it: the start of it, or the whole."""
    card = TurnCard(row(turn), owners(text.scope) if text else [])
    if text is None or turn.status is not Status.DEAD:
        return card
    if whole:
        return replace(card, messages=text.messages)
    shown, room = list[Message](), _LONGEST_SHOWN
    for message in text.messages:
        if room > 0:
            more = "…" if len(message.content) > room else ""
            shown.append(message.model_copy(update={"content": message.content[:room] + more}))
        room -= len(message.content)
    return replace(card, messages=tuple(shown), cut=room < 0)


@dataclass(frozen=True, slots=True)
class Group:
    """Dead turns of one page that share their error."""

    error: str
    cards: list[TurnCard]


def groups(cards: Sequence[TurnCard]) -> list[Group]:
    """Group turns by error, in the order of each error's newest."""
    by_error: dict[str, list[TurnCard]] = {}
    for card in cards:
        by_error.setdefault(card.turn.error or "", []).append(card)
    return [Group(error, together) for error, together in by_error.items()]


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is done with all the dead turns that are looked at: the API's body, and how many they are now."""

    body: str
    count: int
    sentence: str


def bulk(which: DeadFilter, count: int) -> Bulk:
    """All that a filter shows, on other pages too."""
    conditions = which.model_dump(mode="json", exclude_none=True)
    parts = [f"died of “{which.error}”"] if which.error else []
    parts += [f"are of user {which.user_id}"] if which.user_id else []
    sentence = f"All dead turns that {' and '.join(parts)}" if parts else "All dead turns"
    return Bulk(json.dumps(conditions or {"all": True}), count, f"{sentence}, those on other pages too: {count:,} now.")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a memory on its timeline; `quote` only where it says it in different text."""

    memory: Memory
    done: str
    quote: str | None
    turns: tuple[tuple[str, str], ...]


def timeline(versions: Sequence[Memory]) -> list[Version]:
    """The versions of a memory, newest first."""
    return [
        Version(
            version,
            DONE[version.event],
            version.quote if version.quote != version.text else None,
            tuple((turn_id, short(turn_id)) for turn_id in version.turn_ids),
        )
        for version in reversed(versions)
    ]


@dataclass(frozen=True, slots=True)
class QuarantineCard:
    """A memory that is held back; `quote` only where it says it in different text."""

    memory: Memory
    short: str
    owners: list[Owner]
    quote: str | None
    turns: tuple[tuple[str, str], ...]


def quarantine_card(memory: Memory) -> QuarantineCard:
    """One memory in quarantine."""
    return QuarantineCard(
        memory,
        short(memory.id),
        owners(memory.scope),
        memory.quote if memory.quote != memory.text else None,
        tuple((turn_id, short(turn_id)) for turn_id in memory.turn_ids),
    )
