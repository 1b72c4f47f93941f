"""Memories on the platform's surface: added, searched, listed, forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from scrubjay.api.auth import Reader, Writer, require
from scrubjay.api.dependencies import NOBODY, Opened, checked, owner
from scrubjay.api.mem0 import serving
from scrubjay.api.mem0.answers import AddOut, EraseAllOut, MemoryPageOut, SearchOut, add_out
from scrubjay.api.mem0.requests import AddIn, ListIn, SearchIn
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Named
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.errors import BadRequest
from scrubjay.mem0.messages import DELETE_IN_PROGRESS
from scrubjay.model import OWNERS, Access, Page

router = APIRouter(route_class=Route, include_in_schema=False)

THRESHOLD = 0.1
_EVERYBODY = "*"

AtPage = Annotated[Page, Depends(serving.page)]


@router.post("/v3/memories/add/", response_model_exclude_unset=True)
async def add(request: Request, body: AddIn, caller: Writer) -> AddOut:
    """Remember messages. With `infer` or `async_mode` false the answer has the changes."""
    return add_out(*await serving.add_turn(request, caller, body))


@router.post("/v3/memories/search/", response_model_exclude_unset=True)
async def search(body: SearchIn, caller: Reader, parts: Opened) -> SearchOut:
    """The memories that matter most for a query."""
    return await serving.search_memories(caller, parts, body, THRESHOLD)


@router.post("/v3/memories/", response_model_exclude_unset=True)
async def list_memories(request: Request, body: ListIn, caller: Reader, parts: Opened, at: AtPage) -> MemoryPageOut:
    """One owner's memories as they stand now, newest first."""
    return await serving.list_memories(request, caller, parts, body, at)


@router.delete("/v1/memories/")
async def delete_all(
    request: Request, caller: Writer, parts: Opened, filters: Annotated[str | None, Query()] = None
) -> EraseAllOut:
    """Forget an owner, with everything that waits or is being worked on; `*` stands for every owner of that kind."""
    query = {field: name for field, name in request.query_params.items() if field in OWNERS}
    owner_ids = {**query, **(serving.owner_ids_in(filters) if filters is not None else {})}
    if not owner_ids:  # also for a key of one user: their clients' `delete(".")` comes here, and meant one memory
        raise BadRequest(NOBODY)
    everybody = [field for field, name in owner_ids.items() if name == _EVERYBODY]
    if not everybody:
        receipts = [await forget_with_receipt(owner(caller, checked(Named, owner_ids).ids), parts.receipts)]
    elif len(everybody) < len(owner_ids):
        raise BadRequest("* stands for every owner of a kind: do not name one of another kind beside it")
    elif not set(everybody) <= set(OWNERS):
        raise BadRequest(f"* stands for every owner of a kind: the kinds are {', '.join(OWNERS)}")
    else:
        require(caller, Access.ADMIN)
        receipts = await serving.forget_all_of(caller.tenant, everybody, parts)
    ids = [receipt.id for receipt in receipts]
    return EraseAllOut(message=DELETE_IN_PROGRESS, event_id=ids[-1] if ids else None, receipts=ids)
