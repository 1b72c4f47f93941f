"""The API over real parts, without sockets: as many processes of it as a test needs, and callers with keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from scrubjay.api.app import create_app
from scrubjay.bootstrap import Parts, opened
from scrubjay.settings import Settings
from tests.support import without_memories

ADMIN_KEY = "the-operators-own-key"


class Front:
    """One process of the API.

    Args:
        app: what answers.
        http: speaks to it without a key.
        parts: what it has opened.
    """

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, parts: Parts) -> None:
        self.app = app
        self.http = http
        self.parts = parts

    async def ask(self, method: str, path: str, key: str | None = ADMIN_KEY, **request: Any) -> httpx.Response:
        """One request with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        return await self.http.request(method, path, headers={**headers, **request.pop("headers", {})}, **request)

    async def key(self, role: str = "write", by: str = ADMIN_KEY, **more: Any) -> dict[str, Any]:
        """A new key, as it is shown once."""
        answer = await self.ask("POST", "/keys", by, json={"role": role, **more})
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body


@asynccontextmanager
async def fronts(count: int, redis_url: str, qdrant_url: str, **more: Any) -> AsyncIterator[list[Front]]:
    """So many processes of the API on the same Redis and Qdrant."""
    settings_given = {"auth": "keys", "admin_key": ADMIN_KEY, "extractor": "offline", "embedder": "local"}
    where = {"redis_url": redis_url, "qdrant_url": qdrant_url}
    await without_memories(qdrant_url)
    settings = Settings.model_validate({**settings_given, **where, **more})
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            app = create_app(settings)
            app.state.parts = await stack.enter_async_context(opened(settings))
            transport = httpx.ASGITransport(app)
            url = "http://scrubjay" if settings.auth == "keys" else "http://localhost"  # else it would not be local
            http = httpx.AsyncClient(transport=transport, base_url=url)
            made.append(Front(app, await stack.enter_async_context(http), app.state.parts))
        yield made
