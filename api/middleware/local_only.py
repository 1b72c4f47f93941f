"""Without keys only this machine is answered, whatever the settings say: the connection itself is looked at.

Plain ASGI: it stands on every path.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from scrubjay.api.errors import problem
from scrubjay.model.loopback import is_local

_SENTENCE = (
    "without keys only this machine may call, and through no proxy: run it with SCRUBJAY_AUTH=keys to be reached "
    "from elsewhere"
)


class LocalOnly:
    """Refuses (403) every request whose connection does not begin and end on this machine.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] != "lifespan" and not is_local(scope):
            await problem(403, _SENTENCE, scope=scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)
