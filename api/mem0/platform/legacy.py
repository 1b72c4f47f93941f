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
async def add(request: Request, given: AddIn, caller: Writer) -> Any:
    """Remember messages; a list of what came of it, or an object where the client asks for the newer format."""
    turn_id, turn = await serving.added(request, caller, given)
    answer = serving.told(turn_id, turn)
    results = answer["results"] if turn is not None and "error" not in answer else [answer]
    newer = given.output_format == _NEWER and given.version == "v2"
    return {"results": results, "relations": []} if newer else results


@router.post("/v1/memories/search/")
@router.post("/v2/memories/search/")
async def search(asked: SearchIn, caller: Reader, parts: Opened) -> Any:
    """The memories that matter most for a query: a list, or an object where the client asks for the newer format.

    Mem0's second version left out what scores below 0.3; on our scale good answers do, so both have one default.
    """
    results, pending = await serving.found(caller, parts, asked, THRESHOLD)
    return _formatted(asked.output_format, results, pending=pending)


@router.get("/v1/memories/")
async def list_v1(request: Request, caller: Reader, parts: Opened, at: AtPage) -> Any:
    """One owner's memories: a list, or a page where the client asks for one."""
    given = {name: value for name, value in request.query_params.items() if name not in ("page", "page_size")}
    asked = checked(ListIn, {**given, **_several(request, "categories"), **_several(request, "fields")})
    return await _listed(request, caller, parts, asked, at)


@router.post("/v2/memories/")
async def list_v2(request: Request, asked: ListIn, caller: Reader, parts: Opened, at: AtPage) -> Any:
    """The same with filters."""
    return await _listed(request, caller, parts, asked, at)


async def _listed(request: Request, caller: Reader, parts: Opened, asked: ListIn, at: AtPage) -> Any:
    found = await serving.listed(request, caller, parts, asked, at)
    paging = {"page", "page_size"} & request.query_params.keys()
    return found if paging else _formatted(asked.output_format, found["results"], pending=found["pending"])


def _formatted(output_format: str | None, results: list[Any], **more: Any) -> Any:
    return {"results": results, **more} if output_format == _NEWER else results


def _several(request: Request, name: str) -> dict[str, list[str]]:
    """Read a list from the query of Mem0 platform's v1 list route: a parameter that is repeated, or has commas."""
    found = [one for text in request.query_params.getlist(name) for one in text.split(",") if one]
    return {name: found} if found else {}
