"""Addresses as Mem0's clients write them: `//v1/ping/`, with the last slash or without, and slashes inside of names.

Plain ASGI: it stands before the router, which would take `a%2Fb` for two segments.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote, unquote

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

from scrubjay.api.errors import speak
from scrubjay.api.mem0.refusals import translated
from scrubjay.errors import BadRequest

_SURFACE = re.compile(r"/(v[123]|api/v1)/")
_SLASHES = re.compile(r"^/{2,}")  # inside of an address two of them are a name that was left empty: no other address


class Segment(StringConvertor):
    """One segment of a path, decoded only after the path was taken apart: `{name:segment}`."""

    def convert(self, value: str) -> str:
        """The segment as it was meant. Raises BadRequest for bytes that are no UTF-8: nothing has such a name."""
        try:
            return unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise BadRequest("the address holds bytes that are not UTF-8: write names in it as UTF-8") from None

    def to_string(self, value: str) -> str:
        """The segment as it is written in an address."""
        return quote(value, safe="")


register_url_convertor("segment", Segment())


class Paths:
    """Normalises the path of a request to the platform's surface, and answers its refusals in Mem0's sentences.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in."""
        path = _platform_path(scope) if scope["type"] == "http" else None
        if path is not None:
            scope["path"], scope["raw_path"] = path, path.encode("latin-1")
            speak(scope, translated)
        await self._app(scope, receive, send)


def _platform_path(scope: MutableMapping[str, Any]) -> str | None:
    """The path as the router is to see it, still encoded; None for a path of ours."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    path = _SLASHES.sub("/", raw.partition(b"?")[0].decode("latin-1"))
    if not _SURFACE.match(path):
        return None
    return path if path.endswith("/") else f"{path}/"
