"""What more than one of Mem0's routes do: take a turn in and tell what came of it, search, list, forget."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query, Request

from scrubjay.api.dependencies import LARGEST_PAGE, paged, sought, within_depth
from scrubjay.api.intake import accept
from scrubjay.api.mem0 import filters, shapes
from scrubjay.api.mem0.asked import AddIn, ListIn, SearchIn
from scrubjay.api.mem0.shapes import Shown
from scrubjay.bootstrap import Parts
from scrubjay.erase.forget_many import forget_each
from scrubjay.errors import BadRequest
from scrubjay.model import Page, Principal, Status, TurnStatus
from scrubjay.model.erasure import Receipt
from scrubjay.search.recall import Asked, pending, recall, wait_until_settled

WAIT_SECONDS = 30.0
_QUEUED = "Memory processing has been queued for background execution"
_STORED = "Memories stored successfully"
_LONGEST_FILTERS = 2_000


async def page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1, page_size: Annotated[int, Query(ge=1)] = 100
) -> Page:
    """FastAPI dependency that Mem0's list routes share: read `page` and `page_size`. Raises BadRequest.

    As with Mem0 a page that would be too large is the largest.
    """
    return within_depth(page, min(page_size, LARGEST_PAGE))


async def added(request: Request, caller: Principal, body: AddIn) -> tuple[str, TurnStatus | None]:
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


def told(turn_id: str, turn: TurnStatus | None) -> Shown:
    """Build the answer to an add that Mem0's v1 and v3 routes share: pending, or the turn's status and results."""
    if turn is None:
        return {"message": _QUEUED, "status": "PENDING", "event_id": turn_id}
    answer = {"status": shapes.status(turn), "event_id": turn_id, "results": shapes.results(turn)}
    if turn.status is Status.SETTLED:
        return {"message": _STORED, **answer}
    return {"message": shapes.error(turn), "error": shapes.error(turn), **answer}


async def found(caller: Principal, parts: Parts, body: SearchIn, threshold: float) -> tuple[list[Shown], int]:
    """What is recalled, and how many turns are pending.

    Args:
        caller: who asks.
        parts: everything opened.
        body: what for.
        threshold: where the client says none.
    """
    also = [("categories", filters.among(body.categories)), ("metadata", body.metadata or None)]
    condition = filters.condition(body.filters, *also)
    question = Asked(
        scope=sought(caller, body.ids, condition),
        filters=condition,
        text=parts.mask(body.query),
        limit=body.top_k or 10,
        threshold=threshold if body.threshold is None else body.threshold,
        show_expired=bool(body.show_expired),
    )
    answer = await recall(question, parts.recall)
    return [shapes.chosen(shapes.recalled(result), body.fields) for result in answer.results], answer.pending


async def listed(request: Request, caller: Principal, parts: Parts, body: ListIn, at: Page) -> Shown:
    """Serve a list request of Mem0's API, for its v1 to v3 routes: a page of memories as they stand, newest first."""
    also = [
        ("categories", filters.among(body.categories)),
        ("created_at", filters.between(body.start_date, body.end_date)),
        ("keywords", {"icontains": body.keywords} if body.keywords else None),
        ("metadata", body.metadata or None),
    ]
    condition = filters.condition(body.filters, *also)
    scope = sought(caller, body.ids, condition)
    part = await parts.store.page(scope, at, condition, show_expired=bool(body.show_expired))
    results = [shapes.chosen(shapes.memory(memory), body.fields) for memory in part.items]
    waiting = await pending(scope, condition, parts.turns)
    return {**paged(request, at, part, results), "pending": waiting}


def named_in(text: str) -> Mapping[str, Any]:
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


async def all_forgotten(tenant: str, fields: Collection[str], parts: Parts) -> list[Receipt]:
    """Forget every owner of these kinds."""
    return await forget_each(tenant, fields, parts.forget_many)
