"""Chat: recall, answer with the model, post the turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.sse import EventSourceResponse

from scrubjay.api.auth import Writer
from scrubjay.api.dependencies import Opened, owner
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.turns import ChatIn, ChatOut
from scrubjay.api.sse import Event, event_stream, working
from scrubjay.search.chat import Delta, Recollection, Reply, converse, converse_in_pieces

router = APIRouter(route_class=Route, tags=["chat"])

EVENTS = EventSourceResponse.media_type
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The reply; as events where these were asked for: `memories`, `delta`s, and `done` or `error`.",
        "content": {EVENTS: {"schema": {"type": "string"}}},
    }
}


@router.post("/chat", response_model=ChatOut, responses=refusals(501, 502) | _STREAMED)
async def chat(request: Request, body: ChatIn, caller: Writer, parts: Opened) -> ChatOut | Response:
    """Answer a user's message, using the user's memories.

    With `"stream": true`, or where the caller accepts `text/event-stream`, the answer comes as server-sent events:
    `memories` with what was put into the prompt, `delta` with each piece of the reply, and `done` with all of it once
    the turn is accepted. A failure in the midst is an `error` event in the shape of every refusal. Whoever hangs up
    before `done` ends the model's call, and the turn is not remembered.
    """
    scope = owner(caller, body.ids)
    if body.stream or (body.stream is None and _accepts_events(request)):
        pieces = working(converse_in_pieces(scope, body.message, parts.chat))
        first = await anext(pieces)  # what was recalled: until then a refusal is told with its own status
        return event_stream(_events(first, pieces))
    reply = await converse(scope, body.message, parts.chat)
    return ChatOut(reply=reply.text, memories_used=list(reply.memories))


def _accepts_events(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower().split(",")
    return EVENTS in (media_type.partition(";")[0].strip() for media_type in accepted)


Piece = Recollection | Delta | Reply | None


async def _events(first: Piece, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Event | None, None]:
    """Turn what the chat yields (recalled memories, deltas, reply) into the server-sent events of `POST /chat`."""
    async with aclosing(pieces):
        yield _event(first)
        async for piece in pieces:
            yield _event(piece)


def _event(piece: Piece) -> Event | None:
    """Make one server-sent event of `POST /chat`: `memories`, `delta` or `done`; None for a pause, sent as a ping."""
    match piece:
        case Recollection():
            return Event(name="memories", data={"memories_used": piece.memories})
        case Delta():
            return Event(name="delta", data={"text": piece.text})
        case Reply():
            done = {"reply": piece.text, "memories_used": piece.memories, "turn_id": piece.turn_id}
            return Event(name="done", data=done)
        case _:
            return None
