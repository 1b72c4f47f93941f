"""Entities: who has memories, and forgetting one of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened, owner, within_depth
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Id
from scrubjay.api.schemas.receipts import ReceiptOut
from scrubjay.erase.receipts import forget_with_receipt
from scrubjay.model import KINDS, Kind
from scrubjay.model.erasure import Receipt

router = APIRouter(route_class=Route, tags=["entities"])

_MOST = 1_000
_USUAL = 50


class EntityOut(BaseModel):
    """A user, agent, run or app that has memories, and how many of them stand."""

    id: str
    type: Kind
    total_memories: int


@router.get("/entities")
async def list_entities(
    caller: Reader,
    parts: Opened,
    type: Annotated[Kind | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=_MOST)] = _USUAL,
) -> list[EntityOut]:
    """List users, agents, runs and apps that have memories, by name; at most 10,000 of each kind."""
    at = within_depth(page, page_size)
    kinds = [type] if type is not None else list(KINDS)
    _, entities = await parts.store.entities(caller.reach, kinds, at)
    return [EntityOut(id=entity.name, type=entity.kind, total_memories=entity.memories) for entity in entities]


@router.delete("/entities/{type}/{entity_id:path}", response_model=ReceiptOut)
async def forget_entity(type: Kind, entity_id: Id, caller: Writer, parts: Opened) -> Receipt:
    """Erase a user, agent, run or app: the same as `DELETE /memories` with its id."""
    return await forget_with_receipt(owner(caller, {KINDS[type]: entity_id}), parts.receipts)
