"""A Qdrant server that is not as our engine server is: older, with keys, full, or refusing. A proxy before the engine.

What it answers is what a real server of that kind was seen to answer.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from scrubjay.devstack.qdrant_engine.http_protocol import MAX_BODY_BYTES, Protocol

READ_WRITE, READ_ONLY = "the-key-that-may-do-all", "the-key-that-may-read"
FULL = "Service internal error: No space left on device: WAL buffer size exceeds available disk space"
_READING = re.compile(r"GET .*|POST /collections/[^/]+/(points|points/(scroll|count|query|query/batch)|facet)")
_SECONDS = 30
Refuses = Callable[[str, bytes], tuple[int, str] | None]


@dataclass
class OtherQdrant:
    """An ASGI application; see `other_qdrant`.

    Args:
        engine: a client of the engine server.
        url: where this one listens.
        version: what it tells, and what it can do.
        has_keys: it wants `READ_WRITE` or `READ_ONLY`.
        is_full: its disk is.
        refuses: the status and the words with which it refuses a request (method and path, body), or None.
    """

    engine: httpx.AsyncClient
    url: str = ""
    version: str = "1.20.0"
    has_keys: bool = False
    is_full: bool = False
    refuses: Refuses = lambda _, __: None
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body, route = await request.body(), f"{request.method} {request.url.path}"
        self.requests.append((route, body))
        answer = self._refusal(route, body, request.headers.get("api-key")) or await self._passed_on(request, body)
        await answer(scope, receive, send)

    def sizes(self, route: str) -> list[int]:
        """How many bytes each request of a kind had; a pattern of its method and path."""
        return [len(body) for name, body in self.requests if re.fullmatch(route, name)]

    def _refusal(self, route: str, body: bytes, key: str | None) -> Response | None:
        if route == "GET /":
            return JSONResponse({"title": "qdrant - vector search engine", "version": self.version})
        if self.has_keys and key not in (READ_WRITE, READ_ONLY):
            return PlainTextResponse("Must provide an API key or an Authorization bearer token", 401)
        writes = not _READING.fullmatch(route)
        if self.has_keys and key == READ_ONLY and writes:
            return _error(403, "Forbidden: Global write access is required")
        if self.is_full and writes:
            return _error(500, FULL)
        refusal = self.refuses(route, body)
        return _error(*refusal) if refusal is not None else None

    @property
    def _numbers(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self.version.split("."))

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        read = json.loads(body) if body and self._numbers < (1, 20, 0) else None
        if read is not None:
            try:
                body = json.dumps(self._as_of_version(read)).encode()
            except ValueError as error:
                return _error(400, f"Format error in JSON body: {error}")
        target = httpx.URL(path=request.url.path, query=request.url.query.encode())
        headers = {"content-type": "application/json"}
        answer = await self.engine.request(request.method, target, content=body, headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _as_of_version(self, value: Any) -> Any:
        """A request as an older server understands it. Raises ValueError for what it does not."""
        if isinstance(value, list):
            return [self._as_of_version(item) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("match"), dict) and "substring" in value["match"]:
            raise ValueError("data did not match any variant of untagged enum Match")
        if (value.get("params") or {}).get("idf") is not None and self._numbers < (1, 19, 0):
            raise ValueError("unknown field `idf`")
        if isinstance(value.get("match"), dict) and "text" in value["match"] and self._numbers <= (1, 19, 0):
            return {**value, "match": {"substring": value["match"]["text"]}}
        return {name: self._as_of_version(item) for name, item in value.items()}


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"status": {"error": sentence}, "time": 0.0}, status)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to pytest."""
        yield


@asynccontextmanager
async def other_qdrant(qdrant_url: str, most_bytes: int = MAX_BODY_BYTES) -> AsyncIterator[OtherQdrant]:
    """Such a server on loopback, on the caller's own event loop, for as long as it is needed.

    Args:
        qdrant_url: the engine server behind it.
        most_bytes: of a request; it hangs up on a larger one.
    """
    wire = type("Wire", (Protocol,), {"most_bytes": most_bytes})
    async with httpx.AsyncClient(base_url=qdrant_url, timeout=_SECONDS, trust_env=False) as engine:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            other = OtherQdrant(engine, f"http://127.0.0.1:{listening.getsockname()[1]}")
            server = _Server(uvicorn.Config(other, http=wire, log_config=None, lifespan="off", ws="none"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield other
            finally:
                server.should_exit = True
                await serving
