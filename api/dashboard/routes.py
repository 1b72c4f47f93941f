"""The pages: overview, a turn, dead letters, memories. Each asks the ports, and prints what they say.

With `?fragment=1` a page answers only the part that changes; the script asks for it and swaps it in.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from scrubjay.api.auth import AdminAtScreen
from scrubjay.api.dashboard import formatting, views
from scrubjay.api.dashboard import ledger as ledger_view
from scrubjay.api.dashboard.pages import PageRoute, render
from scrubjay.api.dependencies import Opened
from scrubjay.api.schemas.common import LONGEST_QUERY, Id, Text
from scrubjay.bootstrap import Parts
from scrubjay.errors import NotFound
from scrubjay.model import DEEPEST, DeadFilter, Page, Scope, Status
from scrubjay.offload import each
from scrubjay.safety.injection import Quarantine
from scrubjay.search.recall import RecallRequest, recall

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_FOUND_AT_MOST = 20


def _empty_is_none(value: Any) -> Any:
    """A form sends its empty fields too."""
    return None if isinstance(value, str) and not value.strip() else value


_User = Annotated[Id | None, BeforeValidator(_empty_is_none), Query()]
_Error = Annotated[Text | None, BeforeValidator(_empty_is_none), Query()]
_Query = Annotated[Annotated[Text, Field(max_length=LONGEST_QUERY)] | None, BeforeValidator(_empty_is_none), Query()]
_Status = Annotated[Status | None, BeforeValidator(_empty_is_none), Query()]
_Number = Annotated[int, Query(ge=1, le=DEEPEST // views.PAGE_SIZE)]


@router.get("")
async def overview(
    request: Request,
    caller: AdminAtScreen,
    parts: Opened,
    status: _Status = None,
    user_id: _User = None,
    page: _Number = 1,
    fragment: bool = False,
) -> Response:
    """The ledger, the health of the parts, and the turns."""
    at = Page(number=page, size=views.PAGE_SIZE)
    ledger, part = await asyncio.gather(
        parts.turns.ledger(caller.tenant), parts.turns.page(caller.tenant, status, user_id, at)
    )
    counts = await _live_counts(caller.tenant, parts) if ledger.waiting else dict.fromkeys(views.LIVE, 0)
    return render(
        request,
        "overview_live" if fragment else "overview",
        equation=ledger_view.equation(caller.tenant, ledger),
        tabs=views.tabs(status, user_id, {**counts, Status.DEAD: ledger.dead}),
        rows=[views.row(turn) for turn in part.items],
        live=views.LIVE,
        waits=any(turn.status in views.LIVE for turn in part.items),
        pager=views.pager(at, part.count, status=status, user_id=user_id),
        status=status,
        user_id=user_id,
        source=formatting.query(status=status, user_id=user_id, page=page, fragment=1),
        address=str(request.base_url),
    )


async def _live_counts(tenant: str, parts: Parts) -> dict[Status, int]:
    pages = await asyncio.gather(*(parts.turns.page(tenant, live, None, Page(size=1)) for live in views.LIVE))
    return {live: part.count for live, part in zip(views.LIVE, pages, strict=True)}


@router.get("/parts")
async def part_health(request: Request, caller: AdminAtScreen, parts: Opened) -> Response:
    """How everything is, as a fragment. RecallRequest for by the script, so that a part that hangs holds up no page."""
    health = await parts.health.health(ask_providers=True)
    names = {"extractor": parts.extractor.name, "embedder": parts.embedder.name}
    return render(request, "parts", health=health, names=names)


@router.get("/turns/{turn_id}")
async def turn(
    turn_id: str, request: Request, caller: AdminAtScreen, parts: Opened, fragment: bool = False
) -> Response:
    """One turn: where it is, what it did, and its text if it is dead."""
    entry = await parts.turns.get(caller.reach, turn_id)
    if entry is None:
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    text = await parts.turns.text(caller.reach, turn_id)
    card = views.turn_card(entry, text, whole=True)
    return render(
        request,
        "turn_live" if fragment else "turn",
        card=card,
        turn=card.turn,
        changes=views.changes(entry.events),
        moving=entry.status in views.LIVE,
    )


@router.get("/dead")
async def dead(
    request: Request,
    caller: AdminAtScreen,
    parts: Opened,
    error: _Error = None,
    user_id: _User = None,
    page: _Number = 1,
    fragment: bool = False,
) -> Response:
    """The dashboard's HTML page of dead turns, grouped by error: all of them, or those of one error or one user."""
    at, which = Page(number=page, size=views.CARDS_PER_PAGE), DeadFilter(error=error, user_id=user_id)
    part = await parts.turns.dead_page(caller.tenant, which, at)
    texts = await each(partial(parts.turns.text, caller.reach), [turn.id for turn in part.items])
    cards = [views.turn_card(turn, text) for turn, text in zip(part.items, texts, strict=True)]
    return render(
        request,
        "dead_live" if fragment else "dead",
        groups=views.groups(cards),
        pager=views.pager(at, part.count, error=error, user_id=user_id),
        bulk=views.bulk(which, part.count),
        error=error,
        user_id=user_id,
        source=formatting.query(error=error, user_id=user_id, page=page, fragment=1),
    )


@router.get("/quarantine")
async def quarantine(
    request: Request, caller: AdminAtScreen, parts: Opened, page: _Number = 1, fragment: bool = False
) -> Response:
    """What is held back, to be released or discarded."""
    at = Page(number=page, size=views.CARDS_PER_PAGE)
    part = await parts.store.quarantine_page(caller.reach, at)
    return render(
        request,
        "quarantine_live" if fragment else "quarantine",
        cards=[views.quarantine_card(memory) for memory in part.items],
        pager=views.pager(at, part.count),
        holds=parts.edits.quarantine is Quarantine.HOLD,
        marks=parts.edits.quarantine is Quarantine.MARK,
        source=formatting.query(page=page, fragment=1),
    )


@router.get("/memories")
async def memories(
    request: Request,
    caller: AdminAtScreen,
    parts: Opened,
    user_id: _User = None,
    query: _Query = None,
    page: _Number = 1,
) -> Response:
    """What is remembered of a user: all of it, or what answers a query."""
    shown: dict[str, Any] = {"user_id": user_id, "query": query, "found": None, "listed": None, "pager": None}
    if user_id is not None:
        scope = Scope(tenant=caller.tenant, user_id=user_id)
        if query is not None:
            question = RecallRequest(scope=scope, text=parts.mask(query), limit=_FOUND_AT_MOST)
            shown["found"] = await recall(question, parts.recall)
        else:
            at = Page(number=page, size=views.PAGE_SIZE)
            part = await parts.store.page(scope, at)
            shown["listed"], shown["pager"] = part.items, views.pager(at, part.count, user_id=user_id)
    return render(request, "memories", **shown, turns=formatting.query(user_id=user_id))


@router.get("/memories/{memory_id}")
async def memory(memory_id: UUID, request: Request, caller: AdminAtScreen, parts: Opened) -> Response:
    """The history of one memory."""
    versions = await parts.store.history(caller.reach, str(memory_id))
    if not versions:
        raise NotFound("there is no memory with this id; it may have been deleted or forgotten")
    newest = next((version for version in versions if version.current), versions[-1])
    return render(
        request,
        "memory",
        newest=newest,
        versions=views.timeline(versions),
        owners=views.owners(newest.scope),
    )
