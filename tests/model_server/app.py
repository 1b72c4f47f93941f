"""The server's routes: three of the OpenAI wire, and the admin's beside them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.model_server import answers, rules
from tests.model_server.state import Call, State
from tests.model_server.wire import Canned, Fault, Kind

_EVENTS = "text/event-stream"


class ModelServerApp:
    """The routes over one state.

    Args:
        state: script, faults and counts.
        dimension: length of an embedding.
    """

    def __init__(self, state: State, dimension: int) -> None:
        self._state = state
        self._dimension = dimension

    def starlette(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/v1/embeddings", self._embed, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/faults", self._add_fault, methods=["POST"]),
                Route("/faults", self._heal, methods=["DELETE"]),
                Route("/release", self._release, methods=["POST"]),
                Route("/script", self._add_answer, methods=["POST"]),
                Route("/reset", self._reset, methods=["POST"]),
                Route("/counts", self._counts),
                Route("/requests", self._requests),
            ]
        )

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        call = _call(body)
        self._state.requests.append(body)
        self._state.traffic.asked(call.route, body["messages"], body.get("response_format"))
        fault = self._state.fault(call)
        if refused := _refused(fault):
            return refused
        right = answers.text(call, self._state.answer(call))
        prompt_tokens = sum(rules.tokens(message["content"]) for message in body["messages"])
        answer = answers.completion(body["model"], prompt_tokens, right, fault)
        completion_tokens = answer["usage"]["completion_tokens"]
        self._state.add(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        self._state.traffic.answered(call.route, right, prompt_tokens, completion_tokens)
        if body.get("stream"):
            with_usage = body.get("stream_options", {}).get("include_usage", False)
            return self._streamed(answers.chunks(answer, with_usage), fault)
        return await self._sent(answer, fault)

    async def _embed(self, request: Request) -> Response:
        body = await request.json()
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        self._state.requests.append(body)
        self._state.traffic.embedded(texts)
        fault = self._state.fault(Call("embeddings", "\n".join(texts)))
        if refused := _refused(fault):
            return refused
        as_base64 = body.get("encoding_format") == "base64"
        answer = answers.embeddings(body["model"], texts, self._dimension, as_base64, fault)
        self._state.add(texts=len(texts), prompt_tokens=answer["usage"]["prompt_tokens"])
        return await self._sent(answer, fault)

    async def _models(self, request: Request) -> Response:
        fault = self._state.fault(Call("models", ""))
        model = {"id": "scripted", "object": "model", "created": 0, "owned_by": "tests"}
        return _refused(fault) or await self._sent({"object": "list", "data": [model]}, fault)

    async def _sent(self, answer: dict[str, Any], fault: Fault | None) -> Response:
        """The answer, sent the way a fault asks for."""
        body = json.dumps(answer, ensure_ascii=False).encode()
        match fault.kind if fault else None:
            case Kind.NOT_JSON_BODY:
                return Response("<html><body>Bad gateway</body></html>", media_type="application/json")
            case Kind.DROPPED:
                return _Dropped(body, media_type="application/json")
            case Kind.DRIP if fault:
                headers = {"content-length": str(len(body))}
                return StreamingResponse(_drops(body, fault.seconds), headers=headers, media_type="application/json")
            case Kind.SLOW if fault:
                await asyncio.sleep(fault.seconds)
            case Kind.HELD:
                await self._state.hold()
        return Response(body, media_type="application/json")

    def _streamed(self, chunks: list[bytes], fault: Fault | None) -> Response:
        """The same for a completion in chunks; who hangs up meanwhile is no longer held."""
        match fault.kind if fault else None:
            case Kind.NOT_JSON_BODY:
                return Response("<html><body>Bad gateway</body></html>", media_type=_EVENTS)
            case Kind.DROPPED:
                return _Dropped(b"".join(chunks), media_type=_EVENTS)
        return StreamingResponse(self._paced(chunks, fault), media_type=_EVENTS)

    async def _paced(self, chunks: list[bytes], fault: Fault | None) -> AsyncIterator[bytes]:
        kind, seconds = (fault.kind, fault.seconds) if fault else (None, 0.0)
        await asyncio.sleep(seconds if kind is Kind.SLOW else 0)
        for number, chunk in enumerate(chunks):
            if kind is Kind.HELD and number == len(chunks) // 2:
                await self._state.hold()
            yield chunk
            await asyncio.sleep(seconds if kind is Kind.DRIP else 0)

    async def _add_fault(self, request: Request) -> Response:
        self._state.add_fault(Fault.model_validate_json(await request.body()))
        return Response(status_code=204)

    async def _heal(self, request: Request) -> Response:
        self._state.heal()
        return Response(status_code=204)

    async def _release(self, request: Request) -> Response:
        self._state.release()
        return Response(status_code=204)

    async def _add_answer(self, request: Request) -> Response:
        self._state.add_answer(Canned.model_validate_json(await request.body()))
        return Response(status_code=204)

    async def _reset(self, request: Request) -> Response:
        self._state.reset()
        return Response(status_code=204)

    async def _counts(self, request: Request) -> Response:
        return JSONResponse(self._state.counts().model_dump())

    async def _requests(self, request: Request) -> Response:
        return JSONResponse(list(self._state.requests))


class _Dropped(Response):
    """Promises the whole body, sends half of it and returns: the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})


def _call(body: dict[str, Any]) -> Call:
    """What a chat call is about: told by its schema's name, or by the keys that its instructions name."""
    material = "\n".join(message["content"] for message in body["messages"] if message["role"] == "user")
    schema = body.get("response_format", {}).get("json_schema")
    if schema:
        return Call(schema["name"], material, with_schema=True)
    instructions = "".join(message["content"] for message in body["messages"] if message["role"] == "system")
    if '"linked_memory_ids"' in instructions:
        return Call("additive_extraction", material)
    if '"facts"' in instructions:
        return Call("extraction", material)
    return Call("reconciliation" if '"decisions"' in instructions else "chat", material)


def _refused(fault: Fault | None) -> Response | None:
    """The HTTP error that a fault asks for."""
    if fault and fault.kind is Kind.STATUS:
        return JSONResponse(
            answers.error(fault.message, fault.code), status_code=fault.status, headers=dict(fault.headers)
        )
    if fault and fault.kind is Kind.NO_JSON_SCHEMA:
        message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
        return JSONResponse(answers.error(message), status_code=400)
    return None


async def _drops(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    for number in range(len(body)):
        yield body[number : number + 1]
        await asyncio.sleep(seconds)
