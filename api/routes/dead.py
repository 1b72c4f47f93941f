"""Dead letters: turns that could not be remembered, kept with their error until somebody replays or discards them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.auth import Caller
from api.context import Opened, Paged, paged
from api.routes.turns import told
from api.schemas import DeadIn, DeadOut, TurnToldPage
from memory.bootstrap import Parts
from memory.model import Page, Status

router = APIRouter(tags=["dead letters"])

_CHUNK = 200


@router.get("/dead", response_model=TurnToldPage)
async def list_dead(request: Request, caller: Caller, parts: Opened, page: Paged) -> Any:
    """The dead turns with their texts, newest first."""
    count, found = await parts.turns.page(caller.tenant, Status.DEAD, None, page)
    return paged(request, page, count, await told(caller.tenant, found, parts))


@router.post("/dead/replay", response_model=DeadOut)
async def replay(which: DeadIn, caller: Caller, parts: Opened) -> Any:
    """Put dead turns back into their lanes, with their own times."""
    return {"count": await _revive(which, caller.tenant, parts, replay=True)}


@router.post("/dead/discard", response_model=DeadOut)
async def discard(which: DeadIn, caller: Caller, parts: Opened) -> Any:
    """Give dead turns up: their text is removed, the books count them as erased."""
    return {"count": await _revive(which, caller.tenant, parts, replay=False)}


async def _revive(which: DeadIn, tenant: str, parts: Parts, *, replay: bool) -> int:
    ids = which.ids if which.ids is not None else await _with_error(tenant, which.error or "", parts)
    revived = 0
    for turn_id in ids:
        revived += await parts.inbox.revive(tenant, turn_id, replay=replay)
    return revived


async def _with_error(tenant: str, error: str, parts: Parts) -> list[str]:
    """The dead turns with this very error, or with this error code, oldest first: replayed in their old order."""
    ids, page = list[str](), Page(size=_CHUNK)
    while True:
        count, found = await parts.turns.page(tenant, Status.DEAD, None, page)
        ids += [turn.id for turn in found if error in (turn.error, (turn.error or "").partition(":")[0])]
        if page.offset + page.size >= count:
            return ids[::-1]
        page = Page(number=page.number + 1, size=_CHUNK)
