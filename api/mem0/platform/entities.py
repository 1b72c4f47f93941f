"""Entities on the platform's surface: users, agents, apps and runs that have memories."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened, checked, owner, paged, within_depth
from scrubjay.api.mem0.answers import EntityOut, EntityPageOut, EraseOut, entity_out
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Named
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.errors import NotFound
from scrubjay.mem0.messages import DELETE_IN_PROGRESS, NO_ENTITY
from scrubjay.model import KINDS, After, Kind, Slice

router = APIRouter(route_class=Route, include_in_schema=False)

_MOST = 1_000


@router.get("/v1/entities/")
async def list_entities(
    request: Request,
    caller: Reader,
    parts: Opened,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1)] = _MOST,
) -> EntityPageOut:
    """Who has memories. A client that says no page gets a thousand: it takes the first page for all.

    Names and numbers alone: the times, null here, are told of one entity at a time.
    """
    at = within_depth(page, min(page_size, _MOST))
    counts, entities = await parts.store.entities(caller.reach, list(KINDS), at)
    count = sum(counts.values())
    more = After(stamp=0, name="") if at.offset + at.size < count else None
    results = [entity_out(entity, caller.tenant) for entity in entities]
    totals = {f"total_{kind}s": count for kind, count in counts.items()}
    return EntityPageOut(**paged(request, at, Slice(count, entities, more), results), **totals)


@router.get("/v2/entities/{kind}/{name:segment}/")
async def get_entity(kind: Kind, name: str, caller: Reader, parts: Opened) -> EntityOut:
    """One of them."""
    entity = await parts.store.entity(caller.reach, kind, checked(Named, {KINDS[kind]: name}).ids[KINDS[kind]] or "")
    if entity is None:
        raise NotFound(NO_ENTITY)
    return entity_out(entity, caller.tenant)


@router.delete("/v2/entities/{kind}/{name:segment}/")
@router.delete("/v1/entities/{kind}/{name:segment}/")
async def delete_entity(kind: Kind, name: str, caller: Writer, parts: Opened) -> EraseOut:
    """Forget one of them, with everything that waits or is being worked on; also one that nobody knows."""
    ids = checked(Named, {KINDS[kind]: name}).ids
    receipt = await forget_with_receipt(owner(caller, ids), parts.receipts)
    return EraseOut(message=DELETE_IN_PROGRESS, event_id=receipt.id)
