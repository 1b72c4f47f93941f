"""What several of Mem0's routes do: accept a turn and wait for it, search, list, forget."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query, Request

from scrubjay.api.dependencies import LARGEST_PAGE, paged, sought, within_depth
from scrubjay.api.intake import accept
from scrubjay.api.mem0.answers import MemoryPageOut, SearchOut
from scrubjay.api.mem0.requests import AddIn, ListIn, SearchIn
from scrubjay.bootstrap import Parts
from scrubjay.erase.forget_many import forget_each
from scrubjay.errors import BadRequest
from scrubjay.mem0.filters import between, contains, is_in, joined
from scrubjay.mem0.memories import platform_memory, record_of
from scrubjay.model import Page, Principal, TurnStatus
from scrubjay.model.erasure import Receipt
from scrubjay.search.filters import parse
from scrubjay.search.recall import RecallRequest, pending, recall, wait_until_settled

WAIT_SECONDS = 30.0
_LONGEST_FILTERS = 2_000


async def page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: Annotated[int, Query(ge=1)] = 100
) -> Page:
    """FastAPI dependency that Mem0's list routes share: read `page` and `page_size`. Raises BadRequest.

    As with Mem0 a page that would be too large is the largest.
    """
    return within_depth(page, min(page_size, LARGEST_PAGE))


async def add_turn(request: Request, caller: Principal, body: AddIn) -> tuple[str, TurnStatus | None]:
    """Accept a turn, and wait for it where the client wants to hear what came of it.

    Returns its id, and its status where it has come to its end in time.
    """
    turn_id = await accept(request, caller, body.turn)
    return turn_id, await ended(request, caller, turn_id) if body.waits else None


async def ended(request: Request, caller: Principal, turn_id: str) -> TurnStatus | None:
    """What became of a turn, at most half a minute later; None where it has not come to its end by then."""
    parts: Parts = request.app.state.parts
    if not await wait_until_settled(caller.reach, turn_id, WAIT_SECONDS, parts.turns):
        return None
    return await parts.turns.get(caller.reach, turn_id)


async def search_memories(caller: Principal, parts: Parts, body: SearchIn, threshold: float) -> SearchOut:
    """Serve a search request of Mem0's API, for its v1 to v3 routes: memories, best first.

    Args:
        caller: who asks.
        parts: everything opened.
        body: what for.
        threshold: the lowest score, where the body has none.
    """
    fields = {"categories": is_in(body.categories), "metadata": body.metadata or None}
    condition = parse(joined(body.filters, fields))
    question = RecallRequest(
        scope=sought(caller, body.ids, condition),
        filters=condition,
        text=parts.mask(body.query),
        limit=body.top_k or 10,
        threshold=threshold if body.threshold is None else body.threshold,
        show_expired=bool(body.show_expired),
    )
    answer = await recall(question, parts.recall)
    memories = [platform_memory(record_of(result.memory, result.score)) for result in answer.results]
    return SearchOut(results=[memory.with_fields(body.fields) for memory in memories], pending=answer.pending)


async def list_memories(request: Request, caller: Principal, parts: Parts, body: ListIn, at: Page) -> MemoryPageOut:
    """Serve a list request of Mem0's API, for its v1 to v3 routes: a page of memories as they stand, newest first."""
    fields = {
        "categories": is_in(body.categories),
        "created_at": between(body.start_date, body.end_date),
        "keywords": contains(body.keywords),
        "metadata": body.metadata or None,
    }
    condition = parse(joined(body.filters, fields))
    scope = sought(caller, body.ids, condition)
    part = await parts.store.page(scope, at, condition, show_expired=bool(body.show_expired))
    results = [platform_memory(record_of(memory)).with_fields(body.fields) for memory in part.items]
    waiting = await pending(scope, condition, parts.turns)
    return MemoryPageOut(**paged(request, at, part, results), pending=waiting)


def owner_ids_in(text: str) -> Mapping[str, Any]:
    """Parse the owner ids in Mem0's query parameter `filters`: JSON, or a Python literal such as `{'user_id': 'ana'}`.

    Mem0's Python client writes the literal. Raises BadRequest, lest what was not understood be taken for nothing and
    everybody be forgotten.
    """
    if len(text) <= _LONGEST_FILTERS:
        for read in (orjson.loads, ast.literal_eval):
            try:
                condition = read(text)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
            if isinstance(condition, dict) and condition:
                return condition
    raise BadRequest('filters: write the ids as parameters, such as ?user_id=ana, or as an object {"user_id": "ana"}')


async def forget_all_of(tenant: str, fields: Collection[str], parts: Parts) -> list[Receipt]:
    """Forget every owner of these kinds."""
    return await forget_each(tenant, fields, parts.forget_many)
