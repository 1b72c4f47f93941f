"""Exports and summaries: digests that a language model makes of memories."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from scrubjay.api.auth import Reader
from scrubjay.api.dependencies import Opened, sought
from scrubjay.api.mem0 import filters
from scrubjay.api.mem0.lenient import Owned
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.schemas.common import Instructions
from scrubjay.errors import NotFound
from scrubjay.model import Principal, Scope, in_one_spelling
from scrubjay.model.filters import Condition
from scrubjay.search.summaries import make_document, order, summarise

router = APIRouter(route_class=Route, include_in_schema=False)

_TAKEN_DOWN = "Memory export request received. The export will be ready in a few seconds."
_NO_EXPORT = "No memory export request found"
_NOBODY = {"user_id": None}


class OfIn(Owned):
    """Of which memories."""

    filters: dict[str, Any] | None = None

    @property
    def of(self) -> dict[str, Any]:
        """The ids and the filters as one filter, in our words and with each id in its one spelling.

        Who is named must be found when they are forgotten, and an order by another spelling of its filters.
        """
        ids = {field: name for field, name in self.ids.items() if name is not None}
        both = [part for part in (ids, in_one_spelling(filters.in_our_words(self.filters))) if part]
        return {"AND": both} if len(both) > 1 else both[0] if both else {}


class ExportIn(OfIn):
    """Which document is wanted."""

    wanted: Annotated[Any, Field(validation_alias="schema")]
    export_instructions: Instructions | None = None


class FetchIn(OfIn):
    """Which one is fetched: by its id, or the latest with these filters."""

    memory_export_id: str | None = None


def _sought(caller: Principal, body: dict[str, Any]) -> tuple[Scope, Condition | None]:
    condition = filters.condition(body)
    return sought(caller, _NOBODY, condition), condition


@router.post("/v1/exports/")
async def create_export(body: ExportIn, caller: Reader, parts: Opened) -> Any:
    """Take down which document is wanted; it is made of what stands when it is fetched."""
    _sought(caller, body.of)
    instructions = parts.mask(body.export_instructions) if body.export_instructions else None
    kept = await order(caller.tenant, body.wanted, body.of, instructions, parts.digests)
    return JSONResponse({"message": _TAKEN_DOWN, "id": kept.id}, status_code=201)


@router.post("/v1/exports/get/")
async def get_export(body: FetchIn, caller: Reader, parts: Opened) -> Any:
    """The document."""
    if body.memory_export_id is not None:
        order = await parts.digests.orders.get(caller.tenant, body.memory_export_id)
    else:
        order = await parts.digests.orders.latest(caller.tenant, body.of)
    if order is None:
        raise NotFound(_NO_EXPORT)
    scope, condition = _sought(caller, dict(order.filters))
    return await make_document(order, scope, condition, parts.digests)


@router.post("/v1/summary/")
async def get_summary(body: OfIn, caller: Reader, parts: Opened) -> Any:
    """A short text about what is remembered."""
    scope, condition = _sought(caller, body.of)
    text = await summarise(scope, condition, parts.digests)
    return {"summary": text, "status": "SUCCEEDED"}
