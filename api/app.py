"""The HTTP app: `uvicorn scrubjay.api.app:create_app --factory` runs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from fastapi import FastAPI

from scrubjay import gc_tuning, logging_setup
from scrubjay.api import dashboard, errors, mem0, openapi
from scrubjay.api.auth import Gate
from scrubjay.api.middleware.body_limit import BodyLimit
from scrubjay.api.middleware.local_only import LocalOnly
from scrubjay.api.routes import (
    chat,
    dead,
    entities,
    export,
    guidance,
    health,
    imports,
    keys,
    memories,
    metrics,
    quarantine,
    receipts,
    turns,
    webhooks,
)
from scrubjay.bootstrap import opened
from scrubjay.settings import Settings

_RESOURCES = (
    turns,
    memories,
    entities,
    receipts,
    export,
    imports,
    dead,
    quarantine,
    guidance,
    keys,
    webhooks,
    chat,
    health,
    metrics,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the app.

    Args:
        settings: read from the environment when left out.

    Raises BadConfiguration where the settings would let everybody in from afar.
    """
    chosen = settings or Settings.of_service()
    logging_setup.configure(chosen.log_level)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logging_setup.watch(asyncio.get_running_loop())
        async with opened(chosen) as parts:
            app.state.parts = parts
            gc_tuning.settle()
            yield

    app = FastAPI(
        title="Scrubjay",
        summary="Long-term memory for chatbots: post a turn, recall what matters.",
        version=version("scrubjay"),
        docs_url=None,  # both would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # `DELETE /memories/` without an id must not become `DELETE /memories`
        lifespan=lifespan,
    )
    app.state.gate = Gate(chosen)
    if chosen.auth == "off":
        app.add_middleware(LocalOnly)
    app.add_middleware(BodyLimit, max_body_bytes=chosen.max_body_bytes)
    errors.install(app)
    for resource in _RESOURCES:
        app.include_router(resource.router)
    dashboard.install(app)
    openapi.install(app)
    mem0.install(app)
    return app
