"""The way of a request: read the body, run the handler, answer in Qdrant's envelope."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from scrubjay.devstack.qdrant_engine import log
from scrubjay.devstack.qdrant_engine.collection import Collection
from scrubjay.devstack.qdrant_engine.compaction_scheduler import CompactionScheduler
from scrubjay.devstack.qdrant_engine.errors import BadInput, EngineFailure, Forbidden, NotServed, Refusal
from scrubjay.devstack.qdrant_engine.reply import answer, refuse
from scrubjay.devstack.qdrant_engine.store import Store

_CLIENT_LEFT = 499


@dataclass(frozen=True)
class Call:
    """One request as a handler sees it: the parsed body, the path, the query string and the store."""

    body: Any
    path: dict[str, str]
    query: dict[str, str]
    store: Store
    scheduler: CompactionScheduler

    @property
    def collection(self) -> Collection:
        """The collection that the path names."""
        return self.store.get(self.path["collection"])


Handler = Callable[[Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def reading(handler: Handler) -> Endpoint:
    """Serve a handler that changes nothing."""

    async def run(call: Call) -> Any:
        return handler(call)

    return _endpoint(run)


def writing(handler: Handler) -> Endpoint:
    """Serve a handler that changes points; it waits while the collection's data is being copied or swapped."""

    async def run(call: Call) -> Any:
        collection = call.collection
        async with collection.writing:
            result = handler(call)
        call.scheduler.touched(collection)
        return result

    return _endpoint(run)


def dropping(handler: Handler) -> Endpoint:
    """Serve a handler that removes a collection, once nothing else works on its files."""

    async def run(call: Call) -> Any:
        name = call.path["collection"]
        await call.scheduler.release(name)
        return handler(call)

    return _endpoint(run)


def _endpoint(run: Callable[[Call], Awaitable[Any]]) -> Endpoint:
    """Make a Starlette endpoint of a Qdrant REST handler: parse the body, answer or refuse in Qdrant's envelope."""

    async def serve(request: Request) -> Response:
        started = time.perf_counter()
        try:
            if "origin" in request.headers:
                raise Forbidden("a web page may not call this server: it knows no keys.")
            state = request.app.state
            call = Call(
                await _read_body(request),
                request.path_params,
                dict(request.query_params),
                state.store,
                state.scheduler,
            )
            return answer(await run(call), started)
        except Refusal as refusal:
            if isinstance(refusal, EngineFailure):
                log.warn(log.ENGINE_FAILED, path=request.scope["route"].path, reason=log.first_clause(refusal))
            return refuse(refusal, started)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)

    return serve


async def _read_body(request: Request) -> Any:
    """Parse the JSON body of a request to the embedded Qdrant server; refuse wrong JSON as Qdrant does."""
    body = await request.body()
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"Format error in JSON body: {error}") from error


async def failed(_: Request, error: Exception) -> Response:
    """Answer a request to the embedded Qdrant server that ran into a mistake of ours, as HTTP 500 in Qdrant's envelope.

    That is the shape that clients understand; the log has the trace.
    """
    return refuse(EngineFailure(f"Service internal error: {type(error).__name__}"), time.perf_counter())


async def not_served(request: Request) -> Response:
    """Refuse a route of Qdrant's that is not here, by name."""
    route = f"{request.method} {request.url.path}"
    return refuse(NotServed(f"{route} is not served by the embedded Qdrant server."), time.perf_counter())
