"""Turns: accept them, and tell what became of them."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

from api.auth import Caller
from api.context import Opened, Paged, paged
from api.schemas import Id, Problem, TurnIn, TurnOut, TurnPage, TurnQueued
from memory.errors import NotFound
from memory.model import Message, Role, Scope, Status, Submission

router = APIRouter(tags=["turns"])

_Key = Annotated[str | None, Header(min_length=1, max_length=256, description="the same key again: the same turn")]


@router.post(
    "/turns",
    status_code=202,
    response_model=TurnQueued,
    responses={409: {"model": Problem}, 413: {"model": Problem}, 429: {"model": Problem}, 503: {"model": Problem}},
)
async def post_turn(turn: TurnIn, caller: Caller, parts: Opened, idempotency_key: _Key = None) -> Response:
    """Accept a conversation turn; workers remember it in the background."""
    accepted = await parts.inbox.accept(_submission(turn, caller.tenant), idempotency_key=idempotency_key)
    body = orjson.dumps({"id": accepted.id, "status": "queued"})
    return Response(body, status_code=202, media_type="application/json")


def _submission(turn: TurnIn, tenant: str) -> Submission:
    """What was checked at the door is not checked again on its way in."""
    return Submission.model_construct(
        scope=Scope.model_construct(tenant=tenant, user_id=turn.user_id, agent_id=turn.agent_id, run_id=turn.run_id),
        messages=tuple(
            Message.model_construct(role=Role(message.role), content=message.content, name=message.name)
            for message in turn.messages
        ),
        metadata=turn.metadata,
        timestamp=turn.timestamp,
        infer=turn.infer,
    )


@router.get("/turns/{turn_id}", response_model=TurnOut, responses={404: {"model": Problem}})
async def get_turn(turn_id: str, caller: Caller, parts: Opened) -> Any:
    """Where a turn is, and what it added."""
    found = await parts.turns.get(caller.tenant, turn_id)
    if found is None:
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    return found.model_dump()


@router.get("/turns", response_model=TurnPage)
async def list_turns(
    request: Request,
    caller: Caller,
    parts: Opened,
    page: Paged,
    status: Annotated[Status | None, Query()] = None,
    user_id: Annotated[Id | None, Query()] = None,
) -> Any:
    """Turns, newest first."""
    count, found = await parts.turns.page(caller.tenant, status, user_id, page)
    return paged(request, page, count, [one.model_dump() for one in found])
