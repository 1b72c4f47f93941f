"""A proxy before Qdrant that can keep one request waiting, for a test to end its sender at a known moment."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_QDRANT_SECONDS = 30


class Step(StrEnum):
    """The requests of a drain that a test may wait for: a method and a pattern of the path."""

    LOOK = r"GET /collections"  # the first ones of a fresh process, in this order
    SCHEMA = r"GET /collections/[^/]+"
    NEIGHBOURS = r"POST /collections/[^/]+/points/query/batch"
    UPSERT = r"PUT /collections/[^/]+/points"


class Moment(StrEnum):
    """What has become of a request while it waits."""

    BEFORE = "before"  # Qdrant knows nothing of it
    AFTER = "after"  # Qdrant has done it, but its sender does not know


@dataclass(eq=False)
class Hold:
    """The next request for a step is kept waiting until it is released or dropped.

    Args:
        step: which request.
        moment: before or after Qdrant has done it.
        contains: only a request whose body holds this.

    `caught` tells that the request has come, `waits` that it has got to its moment, `over` that nothing of it is left
    to happen at Qdrant. The workers' client gives up after 10 seconds: what a test wants to see, it has to see by then.
    """

    step: Step
    moment: Moment
    contains: str = ""
    caught: bool = False
    waits: bool = False
    over: bool = False
    _goes_on: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def release(self) -> None:
        """Let the request, or its answer, go on its way."""
        self._decide(True)

    def drop(self) -> None:
        """Lose it, as a network does when its sender is gone; a sender that still lives reads a 502."""
        self._decide(False)

    def fits(self, step: Step | None, body: bytes) -> bool:
        """Whether this request is the one."""
        return not self.caught and self.step is step and self.contains.encode() in body

    async def wait(self) -> bool:
        """Whether it goes on, as soon as that is decided."""
        self.waits = True
        return await self._goes_on

    def _decide(self, goes_on: bool) -> None:
        if not self._goes_on.done():
            self._goes_on.set_result(goes_on)


class HoldingProxy:
    """Passes everything on to Qdrant, but for what it is told to hold. An ASGI application; see `holding_proxy`.

    Args:
        http: a client of Qdrant.
        port: where the proxy listens.

    `seen` lists the steps that were asked for, in order; `written` the bodies of the upserts that Qdrant has done.
    """

    def __init__(self, http: httpx.AsyncClient, port: int) -> None:
        self.port = port
        self.seen: list[Step] = []
        self.written: list[bytes] = []
        self._http = http
        self._holds: list[Hold] = []

    def hold(self, step: Step, moment: Moment, contains: str = "") -> Hold:
        """Keep the next request that fits waiting; those after it pass."""
        self._holds.append(Hold(step, moment, contains))
        return self._holds[-1]

    def drop_all(self) -> None:
        """Lose everything that waits."""
        for hold in self._holds:
            hold.drop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        route = f"{request.method} {request.url.path}"
        step = next((step for step in Step if re.fullmatch(step, route)), None)
        if step:
            self.seen.append(step)
        body = await request.body()
        hold = next((hold for hold in self._holds if hold.fits(step, body)), None)
        answer = await self._answer(request, body, hold)
        if step is Step.UPSERT and answer.status_code == httpx.codes.OK:
            self.written.append(body)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, body: bytes, hold: Hold | None) -> Response:
        goes_on = True
        if hold:
            hold.caught = True
        if hold and hold.moment is Moment.BEFORE:
            goes_on = await hold.wait()
        answer = await self._passed_on(request, body) if goes_on else Response(status_code=502)
        if hold and hold.moment is Moment.AFTER and not await hold.wait():
            answer = Response(status_code=502)
        if hold:
            hold.over = True
        return answer

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        kind = {name: value for name, value in request.headers.items() if name == "content-type"}
        target = httpx.URL(path=request.url.path, query=request.url.query.encode())
        answer = await self._http.request(request.method, target, content=body, headers=kind)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to pytest."""
        yield


@asynccontextmanager
async def holding_proxy(qdrant_url: str) -> AsyncIterator[HoldingProxy]:
    """A proxy on loopback, on the caller's own event loop, for as long as it is needed.

    Args:
        qdrant_url: where everything goes.
    """
    async with httpx.AsyncClient(base_url=qdrant_url, timeout=_QDRANT_SECONDS, trust_env=False) as http:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            proxy = HoldingProxy(http, listening.getsockname()[1])
            server = _Server(uvicorn.Config(proxy, log_config=None, lifespan="off", ws="none"))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield proxy
            finally:
                proxy.drop_all()
                server.should_exit = True
                await serving
