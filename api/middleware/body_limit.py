"""Refuses bodies that are too large or not JSON before anything reads them, and gives every answer its headers.

Plain ASGI: it stands on every path.
"""

from __future__ import annotations

import math
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scrubjay.api.errors import problem, speaks_otherwise
from scrubjay.api.middleware.security_headers import HEADER_NAMES, SECURITY_HEADERS
from scrubjay.ports import Rate

_WITH_BODY = ("POST", "PUT", "PATCH")
_FORMS = ("/dashboard/sign-in", "/dashboard/sign-out")
_JSON, _FORM = b"application/json", b"application/x-www-form-urlencoded"


class BodyLimit:
    """Refuses bodies that are too large (413) or not JSON (415); tells callers how they stand (X-RateLimit-*).

    One route takes a form: the one at which people sign in. It looks for itself where the form comes from.

    Args:
        app: what is behind it.
        max_body_bytes: the largest body that is let in.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._most = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it at once."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                message["headers"] += (
                    SECURITY_HEADERS
                    if names.isdisjoint(HEADER_NAMES)
                    else (it for it in SECURITY_HEADERS if it[0] not in names)
                )
                if "rate" in state:
                    _tell(state["rate"], message)
            await send(message)

        await self._let_in(scope, receive, send_completed)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _WITH_BODY and not (scope["method"] == "DELETE" and speaks_otherwise(scope)):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._most:
            await problem(413, self._sentence, scope=scope)(scope, receive, send)
            return
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        takes = _FORM if scope["path"].endswith(_FORMS) else _JSON
        if kind != takes and (length not in (b"", b"0") or b"transfer-encoding" in headers):
            sentence = "the body must be JSON: send Content-Type: application/json"
            await problem(415, sentence, scope=scope)(scope, receive, send)
            return
        if length:
            await self._app(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A body whose length nobody told beforehand is counted while it comes, then let in as a whole."""
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            chunk = message.get("body", b"")
            size, more = size + len(chunk), message.get("more_body", False)
            if size > self._most:
                await problem(413, self._sentence, scope=scope)(scope, receive, send)
                return
            chunks.append(chunk)
        waiting: list[Message] = [{"type": "http.request", "body": b"".join(chunks), "more_body": False}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, replay, send)

    @property
    def _sentence(self) -> str:
        return f"the body is larger than {self._most} bytes; send fewer or shorter messages a turn"


def _tell(rate: Rate, start: Message) -> None:
    """Set the X-RateLimit-* headers on the start message of an ASGI response, on its way out through the middleware.

    These are the three headers that clients know; the reset is in seconds since 1970.
    """
    headers = MutableHeaders(scope=start)
    headers["X-RateLimit-Limit"] = str(rate.limit)
    headers["X-RateLimit-Remaining"] = str(rate.remaining)
    headers["X-RateLimit-Reset"] = str(math.ceil(time.time() + rate.reset_seconds))
