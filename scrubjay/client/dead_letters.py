"""Dead letters as a client names them, and what the server tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from scrubjay.client.views import View


class Letters(TypedDict, total=False):
    """Which dead letters: those for which all of this holds; `all` instead where every one is meant.

    `error` is the error's code or its whole text; the times need a zone.
    """

    error: str | None
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    accepted_after: datetime | None
    accepted_before: datetime | None
    all: bool | None


def named(ids: Sequence[str], which: Letters) -> dict[str, Any]:
    """Build the query or body of the HTTP client's `/dead` requests from ids and a filter; times become ISO 8601."""
    plain: Mapping[str, Any] = which
    found = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
    return {**found, "ids": list(ids) or None}


class RevivedView(View):
    """How many letters were replayed; `left` stay dead, as the limit of turns that wait was met that `reason` names."""

    count: int
    left: int = 0
    reason: str | None = None


class ChangeView(View):
    """What a replay would do to one memory."""

    event: str
    memory: str
    previous: str | None = None


class RehearsedView(View):
    """One dead letter that was tried out; `error` if it would fail again."""

    id: str
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    accepted_at: datetime
    died_of: str | None = None
    events: tuple[ChangeView, ...] = ()
    into_history: tuple[str, ...] = ()
    error: str | None = None


class RehearsalView(View):
    """A dry run: `count` letters are meant, of which `untried` are not among the results."""

    count: int
    untried: int = 0
    results: tuple[RehearsedView, ...] = ()
