"""The addresses and shapes of before: clients of 0.1 and 1.0, and plugins that were built on them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened, checked
from scrubjay.api.mem0 import serving
from scrubjay.api.mem0.answers import AddOut, AddResults, MemoryPageOut, SearchOut, add_out
from scrubjay.api.mem0.platform.memories import THRESHOLD, AtPage
from scrubjay.api.mem0.requests import AddIn, ListIn, SearchIn
from scrubjay.api.middleware.strict_json import Route
from scrubjay.mem0.events import Result
from scrubjay.mem0.memories import PlatformMemory

router = APIRouter(route_class=Route, include_in_schema=False)

_NEWER = "v1.1"

Listing = MemoryPageOut | SearchOut | list[PlatformMemory]


@router.post("/v1/memories/", response_model_exclude_unset=True)
async def add(request: Request, body: AddIn, caller: Writer) -> AddResults | list[AddOut | Result]:
    """Remember messages; a list of what came of it, or an object where the client asks for the newer format."""
    turn_id, turn = await serving.add_turn(request, caller, body)
    answer = add_out(turn_id, turn)
    results = list[AddOut | Result](answer.results if turn is not None and answer.error is None else [answer])
    newer = body.output_format == _NEWER and body.version == "v2"
    return AddResults(results=results, relations=[]) if newer else results


@router.post("/v1/memories/search/", response_model_exclude_unset=True)
@router.post("/v2/memories/search/", response_model_exclude_unset=True)
async def search(body: SearchIn, caller: Reader, parts: Opened) -> SearchOut | list[PlatformMemory]:
    """The memories that matter most for a query: a list, or an object where the client asks for the newer format.

    Mem0's second version left out what scores below 0.3; on our scale good answers do, so both have one default.
    """
    answer = await serving.search_memories(caller, parts, body, THRESHOLD)
    return answer if body.output_format == _NEWER else answer.results


@router.get("/v1/memories/", response_model_exclude_unset=True)
async def list_v1(request: Request, caller: Reader, parts: Opened, at: AtPage) -> Listing:
    """One owner's memories: a list, or a page where the client asks for one."""
    query = {name: value for name, value in request.query_params.items() if name not in ("page", "page_size")}
    body = checked(ListIn, {**query, **_several(request, "categories"), **_several(request, "fields")})
    return await _listed(request, caller, parts, body, at)


@router.post("/v2/memories/", response_model_exclude_unset=True)
async def list_v2(request: Request, body: ListIn, caller: Reader, parts: Opened, at: AtPage) -> Listing:
    """The same with filters."""
    return await _listed(request, caller, parts, body, at)


async def _listed(request: Request, caller: Reader, parts: Opened, body: ListIn, at: AtPage) -> Listing:
    page = await serving.list_memories(request, caller, parts, body, at)
    if {"page", "page_size"} & request.query_params.keys():
        return page
    return SearchOut(results=page.results, pending=page.pending) if body.output_format == _NEWER else page.results


def _several(request: Request, name: str) -> dict[str, list[str]]:
    """Read a list from the query of Mem0 platform's v1 list route: a parameter that is repeated, or has commas."""
    values = [value for text in request.query_params.getlist(name) for value in text.split(",") if value]
    return {name: values} if values else {}
