"""The calls that let the server's model answer: at once, or piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import orjson

from scrubjay.client.views import ChatEnd, ChatStart, Delta, Reply, View
from scrubjay.client.wire import ApiError, ServerUnreachable, Wire

_SHAPES: Mapping[str, type[ChatStart | Delta | ChatEnd]] = {"memories": ChatStart, "delta": Delta, "done": ChatEnd}
_BEGUN = 200


class _Failure(View):
    detail: str
    error: str


class Chats:
    """Conversations with the server's model: `client.chats.reply(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def reply(
        self, user_id: str, message: str, *, agent_id: str | None = None, run_id: str | None = None
    ) -> Reply:
        """Recall, let the model answer, and remember the turn."""
        body = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "message": message}
        return Reply.model_validate(await self._wire.ask("POST", "/chat", json=body))

    async def stream(
        self, user_id: str, message: str, *, agent_id: str | None = None, run_id: str | None = None
    ) -> AsyncIterator[ChatStart | Delta | ChatEnd]:
        """Stream the answer: first the recalled memories, then the pieces of the reply, last the whole reply.

        The turn is remembered only with the last part: leaving the loop earlier ends the model's call, and nothing is
        remembered.

        Raises ApiError, with status 200 where the server failed in the midst, and ServerUnreachable also in the midst.
        """
        body = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "message": message, "stream": True}
        kind, is_over = "", False
        async for line in self._wire.lines("POST", "/chat", json=body):
            name, _, value = line.rstrip(b"\r").partition(b": ")
            if name == b"event":
                kind = value.decode()
            if name == b"data" and kind == "error":
                failure = _Failure.model_validate(orjson.loads(value))
                raise ApiError(failure.detail, failure.error, _BEGUN)
            if name == b"data" and kind in _SHAPES:
                is_over = kind == "done"
                yield _SHAPES[kind].model_validate(orjson.loads(value))
        if not is_over:
            raise ServerUnreachable("The answer broke off before its end.")
