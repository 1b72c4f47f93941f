"""The addresses and shapes of before: clients of 0.1 and 1.0, and plugins that were built on them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.mem0 import serving
from scrubjay.api.mem0.asked import AddIn, ListIn, SearchIn
from scrubjay.api.mem0.platform.memories import THRESHOLD, AtPage
from scrubjay.api.middleware.strict_json import Route

router = APIRouter(route_class=Route, include_in_schema=False)

_NEWER = "v1.1"


@router.post("/v1/memories/")
async def add(request: Request, body: AddIn, caller: Writer) -> Any:
    """Remember messages; a list of what came of it, or an object where the client asks for the newer format."""
    turn_id, turn = await serving.added(request, caller, body)
    answer = serving.told(turn_id, turn)
    results = answer["results"] if turn is not None and "error" not in answer else [answer]
    newer = body.output_format == _NEWER and body.version == "v2"
    return {"results": results, "relations": []} if newer else results


@router.post("/v1/memories/search/")
@router.post("/v2/memories/search/")
async def search(body: SearchIn, caller: Reader, parts: Opened) -> Any:
    """The memories that matter most for a query: a list, or an object where the client asks for the newer format.

    Mem0's second version left out what scores below 0.3; on our scale good answers do, so both have one default.
    """
    results, pending = await serving.found(caller, parts, body, THRESHOLD)
    return _formatted(body.output_format, results, pending=pending)


@router.get("/v1/memories/")
async def list_v1(request: Request, caller: Reader, parts: Opened, at: AtPage) -> Any:
    """One owner's memories: a list, or a page where the client asks for one."""
    query = {name: value for name, value in request.query_params.items() if name not in ("page", "page_size")}
    body = checked(ListIn, {**query, **_several(request, "categories"), **_several(request, "fields")})
    return await _listed(request, caller, parts, body, at)


@router.post("/v2/memories/")
async def list_v2(request: Request, body: ListIn, caller: Reader, parts: Opened, at: AtPage) -> Any:
    """The same with filters."""
    return await _listed(request, caller, parts, body, at)


async def _listed(request: Request, caller: Reader, parts: Opened, body: ListIn, at: AtPage) -> Any:
    listing = await serving.listed(request, caller, parts, body, at)
    paging = {"page", "page_size"} & request.query_params.keys()
    return listing if paging else _formatted(body.output_format, listing["results"], pending=listing["pending"])


def _formatted(output_format: str | None, results: list[Any], **more: Any) -> Any:
    return {"results": results, **more} if output_format == _NEWER else results


def _several(request: Request, name: str) -> dict[str, list[str]]:
    """Read a list from the query of Mem0 platform's v1 list route: a parameter that is repeated, or has commas."""
    values = [value for text in request.query_params.getlist(name) for value in text.split(",") if value]
    return {name: values} if values else {}
