"""Dead letters: their filter, the views of the answers, and the calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from scrubjay.client.views import Page, TurnView, View
from scrubjay.client.wire import Wire


class DeadLetterFilter(TypedDict, total=False):
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


def _request(ids: Sequence[str], which: DeadLetterFilter) -> dict[str, Any]:
    """Build the query or body of the HTTP client's `/dead` requests from ids and a filter; times become ISO 8601."""
    plain: Mapping[str, Any] = which
    fields = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
    return {**fields, "ids": list(ids) or None}


class ReplayView(View):
    """How many dead letters were replayed; `left` stay dead because of the limit that `reason` names."""

    count: int
    left: int = 0
    reason: str | None = None


class ChangeView(View):
    """What a replay would do to one memory."""

    event: str
    memory: str
    previous: str | None = None


class DryRunTurnView(View):
    """One dead letter that a dry run processed; `error` if it would fail again."""

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


class DryRunView(View):
    """A dry run: `count` dead letters match, of which `untried` are not among the results."""

    count: int
    untried: int = 0
    results: tuple[DryRunTurnView, ...] = ()


class DeadLetters:
    """The turns that could not be remembered: `client.dead_letters.replay(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def page(
        self,
        ids: Sequence[str] = (),
        *,
        page: int = 1,
        page_size: int = 20,
        cursor: str | None = None,
        **which: Unpack[DeadLetterFilter],
    ) -> Page[TurnView]:
        """List the dead letters, newest first: all of them, or those that match."""
        query = {**_request(ids, which), "page": page, "page_size": page_size, "cursor": cursor}
        return Page[TurnView].model_validate(await self._wire.ask("GET", "/dead", safe=True, params=query))

    async def replay(self, ids: Sequence[str] = (), **which: Unpack[DeadLetterFilter]) -> ReplayView:
        """Try dead turns again: those that match, as far as the limits of waiting turns allow."""
        return ReplayView.model_validate(await self._wire.ask("POST", "/dead/replay", json=_request(ids, which)))

    async def discard(self, ids: Sequence[str] = (), **which: Unpack[DeadLetterFilter]) -> int:
        """Discard the dead turns that match; returns how many."""
        return int((await self._wire.ask("POST", "/dead/discard", json=_request(ids, which)))["count"])

    async def dry_run(
        self,
        action: Literal["replay", "discard"],
        ids: Sequence[str] = (),
        *,
        limit: int | None = None,
        **which: Unpack[DeadLetterFilter],
    ) -> DryRunView:
        """What a replay would change now, or which dead letters a discard would remove; nothing is changed.

        Args:
            action: replay or discard.
            ids: of the dead letters.
            limit: how many are tried, 20 by default and 100 at most.
            which: the conditions that the dead letters have to match.
        """
        body = {**_request(ids, which), "dry_run": True, "limit": limit}
        return DryRunView.model_validate(await self._wire.ask("POST", f"/dead/{action}", json=body))
