"""The server over streamable HTTP: each caller brings a key of their own, so one process serves many tenants.

There are no sessions: whatever a request may do comes from the key that it brings, and any process can answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from socket import socket

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from scrubjay.client import ApiError, ScrubjayClient
from scrubjay.errors import ScrubjayError
from scrubjay.mcp.reach import Reach, key_in
from scrubjay.model.loopback import is_local

PATH = "/mcp"
_OURS = ("127.0.0.1", "localhost", "[::1]")
_NO_KEY = "Send your Scrubjay key as Authorization: Bearer <key>."
_NOT_LOCAL = (
    "Only this machine may call, and through no proxy: start `scrubjay mcp --http` with --host to be reached from "
    "elsewhere."
)
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class ServerNeedsNoKey(ScrubjayError):
    """Scrubjay asks for no key, so whoever reached us would reach everything."""

    code = "open_door"


async def require_server_keys(url: str) -> None:
    """Make sure that Scrubjay asks for keys, before others than this machine can call.

    Raises ServerNeedsNoKey where it does not, ServerUnreachable where it is away and cannot be asked.
    """
    async with ScrubjayClient(url, retries=1) as stranger:
        try:
            await stranger.turns(page_size=1)
        except ApiError as refusal:
            if refusal.status == _UNAUTHORIZED:
                return
            raise
    raise ServerNeedsNoKey(
        f"Scrubjay at {url} asks for no key, and whoever reached this port would read and delete everything: "
        "run it with SCRUBJAY_AUTH=keys, or serve on 127.0.0.1 only."
    )


def make_app(server: MCPServer[Reach], hosts: Sequence[str], *, needs_key: bool) -> Starlette:
    """What answers HTTP.

    Args:
        server: with the tools.
        hosts: the names, with or without a port, by which callers reach us besides this machine's own. Requests that
            name another are refused: a web page that points its own name at us gets nowhere.
        needs_key: whether a request without a key is refused at once; else every request is refused that does not
            stay on this machine.
    """
    names = [*_OURS, *hosts]
    allowed = [*names, *(f"{name}:*" for name in names)]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in allowed]
    security = TransportSecuritySettings(allowed_hosts=allowed, allowed_origins=origins)
    app = server.streamable_http_app(streamable_http_path=PATH, stateless_http=True, transport_security=security)
    app.add_middleware(KeyNeeded if needs_key else LocalOnly)
    return app


async def serve(app: Starlette, listener: socket) -> None:
    """Serve the MCP server over streamable HTTP until SIGINT or SIGTERM."""
    await uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False)).serve(sockets=[listener])


class KeyNeeded:
    """Refuses whoever brings no key; whether a key is good is Scrubjay's to say.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or let the request through."""
        if scope["type"] != "http" or key_in(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = {"detail": _NO_KEY, "error": "unauthorized"}
        answer = JSONResponse(refusal, _UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        await answer(scope, receive, send)


class LocalOnly:
    """Refuses every request whose connection does not begin and end on this machine: our own key may be lent to it.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to a request for the MCP server that does not stay on this machine, or let the request through."""
        if scope["type"] == "lifespan" or is_local(scope):
            await self._app(scope, receive, send)
            return
        answer = JSONResponse({"detail": _NOT_LOCAL, "error": "forbidden"}, _FORBIDDEN)
        await answer(scope, receive, send)
