"""The calls that let the server's model answer: at once, or piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import orjson

from scrubjay.client.views import Delta, Recalled, Reply, Said, View
from scrubjay.client.wire import ApiError, ServerUnreachable, Wire

_SHAPES: Mapping[str, type[Recalled | Delta | Said]] = {"memories": Recalled, "delta": Delta, "done": Said}
_BEGUN = 200


class _Failure(View):
    detail: str
    error: str


class ChatCalls:
    """Part of the client."""

    _wire: Wire

    async def chat(
        self, user_id: str, message: str, *, agent_id: str | None = None, run_id: str | None = None
    ) -> Reply:
        """Recall, let the model answer, and remember the turn."""
        body = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "message": message}
        return Reply.model_validate(await self._wire.ask("POST", "/chat", json=body))

    async def chat_stream(
        self, user_id: str, message: str, *, agent_id: str | None = None, run_id: str | None = None
    ) -> AsyncIterator[Recalled | Delta | Said]:
        """The same while the model speaks: what was recalled, the pieces of the reply, and last what was said in all.

        Only with the last one the turn is remembered: to leave the loop before ends the model's call, and nothing is.

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
