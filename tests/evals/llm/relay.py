"""The relay between the stack and the models' endpoint: it measures what memories cost, and pays nothing twice.

The API does not tell what a turn has cost, so the stack is given this address in place of the endpoint's. Each answer
is written down before it is passed on. A worker that was stopped between an answer and the record of its plan asks
the same again in the next run, and gets what was paid for already. Once the run is to stop, calls are refused as a
provider refuses who cannot pay: the turns wait, and none of them loses an attempt.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scrubjay.devstack.sockets import listen
from scrubjay.model import Usage
from tests.evals.llm.halt import BUDGET, Halt
from tests.evals.llm.journal import Journal
from tests.evals.llm.meter import Meter, spent
from tests.evals.llm.model import NO_MONEY

_CALL_SECONDS = 120.0
_PASSED_ON = ("authorization", "content-type")
_PASSED_BACK = ("content-type", "retry-after", "retry-after-ms")
_EMBEDDINGS = "embeddings"
# Our key, our account or the model's name: every further call would fail, too. The stack would wait for a person.
_REFUSALS = {401, 402, 403, 404}


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the run's."""
        yield


class Relay:
    """The routes. Open it with `relaying`.

    Args:
        upstream: the endpoint's base URL.
        http: an open client; closed by whoever opened it.
        journal: of the calls that were paid for, earlier runs' included.
        meter: told the cost of each.
        halt: whether the run is to stop.
    """

    def __init__(self, upstream: str, http: httpx.AsyncClient, journal: Journal, meter: Meter, halt: Halt) -> None:
        self._upstream = upstream.rstrip("/")
        self._http = http
        self._journal = journal
        self._meter = meter
        self._halt = halt
        self._paid: dict[str, deque[str]] = defaultdict(deque)
        for row in journal.rows:
            if row["answer"] is not None:
                self._paid[row["key"]].append(row["answer"])

    def starlette(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/v1/{path:path}", self._pass_on, methods=["GET", "POST"])])

    async def _pass_on(self, request: Request) -> Response:
        body, path = await request.body(), request.path_params["path"]
        key = hashlib.sha256(path.encode() + body).hexdigest()
        if self._paid[key]:
            return Response(self._paid[key].popleft(), media_type="application/json")
        if self._meter.is_exhausted:
            self._halt.ask(BUDGET)
        if self._halt.reason and request.method == "POST":
            message = {"message": f"The evaluation stops: {self._halt.reason}.", "type": "stopped", "code": None}
            return JSONResponse({"error": message}, status_code=402)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        try:
            url = f"{self._upstream}/{path}"
            answer = await self._http.request(request.method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            message = {"message": f"The endpoint cannot be reached: {error!r}", "type": "unreachable", "code": None}
            return JSONResponse({"error": message}, status_code=502)
        if request.method == "POST" and answer.is_success:
            self._note(key, path, body, answer)
        elif request.method == "POST" and (answer.status_code in _REFUSALS or NO_MONEY in answer.text):
            self._halt.ask(
                f"the provider refuses with HTTP {answer.status_code}: {' '.join(answer.text.split())[:300]}"
            )
        back = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        return Response(answer.content, status_code=answer.status_code, headers=back)

    def _note(self, key: str, path: str, body: bytes, answer: httpx.Response) -> None:
        """Write a paid call down; vectors are too long to keep and cost next to nothing."""
        step, model = _step(path, body)
        usage = Usage(calls=1)
        with suppress(ValueError, KeyError, TypeError):  # an endpoint need not tell, and a broken answer cannot
            reported = answer.json()["usage"]
            completion_tokens = reported.get("completion_tokens", 0)
            usage = Usage(calls=1, prompt_tokens=reported["prompt_tokens"], completion_tokens=completion_tokens)
        kept = None if path == _EMBEDDINGS else answer.text
        self._journal.append({**spent(step, model, usage), "key": key, "answer": kept})
        self._meter.add(step, model, usage)


def _step(path: str, body: bytes) -> tuple[str, str]:
    """What a call is for, by its schema's name, and whom it asks."""
    request: dict[str, Any] = json.loads(body)
    if path == _EMBEDDINGS:
        return _EMBEDDINGS, str(request.get("model"))
    schema = request.get("response_format", {}).get("json_schema", {})
    return str(schema.get("name", "memory")), str(request.get("model"))


@asynccontextmanager
async def relaying(upstream: str, journal: Journal, meter: Meter, halt: Halt) -> AsyncIterator[str]:
    """Serve on a free port while within, and give the base URL that the stack is told. Arguments as of `Relay`."""
    async with httpx.AsyncClient(timeout=_CALL_SECONDS) as http:
        app = Relay(upstream, http, journal, meter, halt).starlette()
        server = _Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        with listen("127.0.0.1", 0) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            finally:
                server.should_exit = True
                await serving
