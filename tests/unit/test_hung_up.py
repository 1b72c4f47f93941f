"""Callers who hang up in the midst of a request are nothing that the API has to answer for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scrubjay.api.app import create_app
from scrubjay.settings import Settings


async def test_a_caller_who_hangs_up_before_the_request_has_come_is_no_failure_of_the_server() -> None:
    app = create_app(Settings(auth="off"))
    app.state.parts = SimpleNamespace()  # nothing of it may be touched
    coming = [{"type": "http.request", "body": b'{"user_id": "an', "more_body": True}, {"type": "http.disconnect"}]
    answered: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Any) -> None:
        answered.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
    ends = {"client": ("127.0.0.1", 4000), "server": ("127.0.0.1", 8000)}
    scope = {"type": "http", "method": "POST", "path": "/turns", "headers": headers, "query_string": b"", **ends}
    await app(scope, receive, send)
    assert answered[0]["status"] == 400
