"""Events: what became of an add is its turn's status, and of a delete_all its receipt."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scrubjay.api.auth import Reader
from scrubjay.api.dependencies import Opened, paged, whose
from scrubjay.api.mem0 import shapes
from scrubjay.api.mem0.platform.memories import AtPage
from scrubjay.api.mem0.words import NO_EVENT
from scrubjay.api.middleware.strict_json import Route
from scrubjay.errors import NotFound

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/event/{event_id:segment}/")
async def get_event(event_id: str, caller: Reader, parts: Opened) -> Any:
    """One event."""
    turn = await parts.turns.get(caller.reach, event_id)
    if turn is not None:
        return shapes.event(turn)
    receipt = await parts.receipts.store.get(caller.tenant, event_id)
    if receipt is None or (
        caller.user_id is not None and receipt.owner != await parts.receipts.signer.owner(caller.reach)
    ):
        raise NotFound(NO_EVENT)  # whoever is limited to one user hears of the forgetting of this user alone
    return shapes.forgotten(receipt)


@router.get("/v1/events/")
async def list_events(request: Request, caller: Reader, parts: Opened, at: AtPage) -> Any:
    """What became of adds, the newest first."""
    part = await parts.turns.page(caller.tenant, None, whose(caller, None), at)
    return paged(request, at, part, [shapes.event(turn) for turn in part.items])
