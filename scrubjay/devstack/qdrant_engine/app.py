"""The application: routes over a store that is opened before the server listens and closed after it stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scrubjay.devstack.qdrant_engine import log
from scrubjay.devstack.qdrant_engine.compaction_scheduler import CompactionScheduler, Policy
from scrubjay.devstack.qdrant_engine.http import failed, not_served
from scrubjay.devstack.qdrant_engine.routes import ROUTES
from scrubjay.devstack.qdrant_engine.store import Store

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def _wrong_method(request: Request, _: Exception) -> Response:
    return await not_served(request)


def build(store: Store, policy: Policy) -> Starlette:
    """Build the application over an open store, which it closes at the end."""
    scheduler = CompactionScheduler(store, policy)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await scheduler.close()
        store.close()
        log.say(log.STOPPED)

    handlers: dict[Any, Any] = {405: _wrong_method, 500: failed}
    app = Starlette(
        routes=[*ROUTES, Route("/{path:path}", not_served, methods=_METHODS)],
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    app.state.store = store
    app.state.scheduler = scheduler
    return app
