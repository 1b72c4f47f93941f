"""Dead letters: how a client names them, what the server tells of them, and the calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from scrubjay.client.views import Page, TurnView, View
from scrubjay.client.wire import Wire


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
    fields = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
    return {**fields, "ids": list(ids) or None}


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


class DeadLetterCalls:
    """Part of the client."""

    _wire: Wire

    async def dead(
        self,
        ids: Sequence[str] = (),
        *,
        page: int = 1,
        page_size: int = 20,
        cursor: str | None = None,
        **which: Unpack[Letters],
    ) -> Page[TurnView]:
        """The turns that could not be remembered, newest first: all, or those that are meant."""
        query = {**named(ids, which), "page": page, "page_size": page_size, "cursor": cursor}
        return Page[TurnView].model_validate(await self._wire.ask("GET", "/dead", safe=True, params=query))

    async def replay_dead(self, ids: Sequence[str] = (), **which: Unpack[Letters]) -> RevivedView:
        """Let dead turns try again: those that are meant, as far as the limits of turns that wait allow."""
        return RevivedView.model_validate(await self._wire.ask("POST", "/dead/replay", json=named(ids, which)))

    async def discard_dead(self, ids: Sequence[str] = (), **which: Unpack[Letters]) -> int:
        """Give dead turns up: those that are meant; returns how many."""
        return int((await self._wire.ask("POST", "/dead/discard", json=named(ids, which)))["count"])

    async def rehearse_dead(
        self, deed: str, ids: Sequence[str] = (), *, limit: int | None = None, **which: Unpack[Letters]
    ) -> RehearsalView:
        """What a replay would change now, or which letters a discard would remove; nothing is changed.

        Args:
            deed: replay or discard.
            ids: of the letters.
            limit: how many are tried out, 20 if not given and 100 at most.
            which: the letters that are meant.
        """
        body = {**named(ids, which), "dry_run": True, "limit": limit}
        return RehearsalView.model_validate(await self._wire.ask("POST", f"/dead/{deed}", json=body))
