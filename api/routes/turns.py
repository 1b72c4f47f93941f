"""Turns: accept them, and tell what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from scrubjay.api.auth import Admin, AdminAtScreen, Reader, writer
from scrubjay.api.dependencies import Opened, Paged, page_of, read, whose
from scrubjay.api.intake import LONGEST_KEY, accept
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.common import Id
from scrubjay.api.schemas.memories import LONGEST_WAIT_MS
from scrubjay.api.schemas.turns import TurnDiscarded, TurnIn, TurnPage, TurnQueued, TurnTold, TurnToldPage
from scrubjay.bootstrap import Parts
from scrubjay.errors import NotFound
from scrubjay.model import Scope, Status, TurnStatus
from scrubjay.offload import each
from scrubjay.search.recall import wait_until_settled

router = APIRouter(route_class=Route, tags=["turns"])

_Wait = Annotated[int, Query(ge=0, le=LONGEST_WAIT_MS, description="How long to wait at most, in milliseconds.")]
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Send the same key again, and the same turn is meant.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def _body_schema() -> dict[str, Any]:
    """Build the JSON schema of the body of `POST /turns` for the route's OpenAPI entry, with MessageIn inline."""
    schema = TurnIn.model_json_schema()
    messages = schema.pop("$defs")["MessageIn"]
    schema["properties"]["messages"]["items"] = messages
    return schema


@router.post(
    "/turns",
    status_code=202,
    response_model=TurnQueued,
    responses=refusals(409),
    openapi_extra={
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body_schema()}}},
    },
)
async def post_turn(request: Request) -> Response:
    """Accept a conversation turn. Workers process it in the background.

    The hot path: the body is validated straight from its bytes, and no dependencies are solved.
    """
    caller = await writer(request)
    turn_id = await accept(request, caller, read(TurnIn, await request.body()))
    body = b'{"id":"%b","status":"queued"}' % turn_id.encode()
    return Response(body, status_code=202, media_type="application/json")


@router.get("/turns/gated")
async def list_gated(request: Request, caller: Admin, parts: Opened, page: Paged) -> TurnToldPage:
    """List turns that were settled without asking the model, because they hold no fact; newest first."""
    part = await parts.turns.gated(caller.tenant, page)
    return page_of(TurnToldPage, request, page, part, await with_messages(caller.reach, part.items, parts))


@router.get("/turns/{turn_id}", responses=refusals(404))
async def get_turn(turn_id: str, caller: Reader, parts: Opened, wait_ms: _Wait = 0) -> TurnTold:
    """Get a turn: its status, text, changed memories and cost. `wait_ms` waits for it to settle first."""
    if wait_ms:
        await wait_until_settled(caller.reach, turn_id, wait_ms / 1000, parts.turns)
    entry = await parts.turns.get(caller.reach, turn_id)
    if entry is None:
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    return TurnTold.of(entry, await parts.turns.text(caller.reach, entry.id))


@router.delete("/turns/{turn_id}", responses=refusals(404, 409))
async def discard_turn(turn_id: UUID, caller: AdminAtScreen, parts: Opened) -> TurnDiscarded:
    """Discard a turn that is queued, running, retrying or dead. Its text is removed, and its lane goes on.

    409 for one that is settled or erased. A worker that is about to write what came of it is waited for, at most for
    five seconds (503 after that: try again).
    """
    await parts.dead_letters.discard(caller.tenant, str(turn_id))
    return TurnDiscarded(id=str(turn_id))


async def with_messages(reach: Scope, turns: Sequence[TurnStatus], parts: Parts) -> list[TurnTold]:
    """Turns with what was said in them, null where it is no longer kept."""
    texts = await each(partial(parts.turns.text, reach), [turn.id for turn in turns])
    return [TurnTold.of(turn, text) for turn, text in zip(turns, texts, strict=True)]


@router.get("/turns")
async def list_turns(
    request: Request,
    caller: Reader,
    parts: Opened,
    page: Paged,
    status: Annotated[Status | None, Query()] = None,
    user_id: Annotated[Id | None, Query()] = None,
) -> TurnPage:
    """List turns, newest first."""
    part = await parts.turns.page(caller.tenant, status, whose(caller, user_id), page)
    return page_of(TurnPage, request, page, part)
