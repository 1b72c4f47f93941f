"""Chat: recall, answer with the model, post the turn."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import Writer
from api.context import Opened, owner
from api.openapi import refusals
from api.routing import Route
from api.schemas import ChatIn, ChatOut
from memory.converse import converse

router = APIRouter(route_class=Route, tags=["chat"])


@router.post("/chat", responses=refusals(501, 502))
async def chat(said: ChatIn, caller: Writer, parts: Opened) -> ChatOut:
    """Answer a user's message with what is remembered of them."""
    reply = await converse(
        owner(caller, {"user_id": said.user_id}),
        said.message,
        mask=parts.mask,
        model=parts.model,
        inbox=parts.inbox,
        store=parts.store,
        embedder=parts.embedder,
        turns=parts.turns,
    )
    return ChatOut(reply=reply.text, memories_used=list(reply.memories))
