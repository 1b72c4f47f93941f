"""Who asks, and whether they may: the tenant comes from here and from nowhere else in a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request

from scrubjay.access.authentication import OPERATOR
from scrubjay.api import sessions
from scrubjay.bootstrap import Parts
from scrubjay.errors import Forbidden, RateLimited, Unauthorized
from scrubjay.model import Access, Principal
from scrubjay.settings import Settings, check_access

_SCHEMES = ("bearer", "token")
_SHORTEST_ADMIN_KEY = 16
_STRANGER = (
    "without keys only this machine may call, and no page of another site: call it by localhost or its address, "
    "or run it with SCRUBJAY_AUTH=keys"
)

log = structlog.get_logger(__name__)


class Gate:
    """Finds the principal of a request.

    Args:
        settings: `auth`, `admin_key`, `host` and `rate_limit_per_minute` are read. Raises BadConfiguration where they
            let everybody in from afar, or nobody at all.
    """

    def __init__(self, settings: Settings) -> None:
        """Configure the authentication of HTTP requests from the settings; a short admin key is logged as a warning."""
        check_access(settings)
        if settings.auth == "keys" and settings.admin_key and len(settings.admin_key) < _SHORTEST_ADMIN_KEY:
            log.warning("admin_key_is_short", wanted_characters=_SHORTEST_ADMIN_KEY)
        self.is_open = settings.auth == "off"
        self._per_minute = settings.rate_limit_per_minute

    async def __call__(self, request: Request, *, at_screen: bool = False) -> Principal:
        """The principal.

        Args:
            request: what is asked.
            at_screen: whether the session of somebody who has signed in counts as their key.

        Raises Unauthorized where the key is missing or wrong, Forbidden for a page of another site, RateLimited, and
        what the parts do.
        """
        if self.is_open:
            if sessions.is_strangers(request):
                raise Forbidden(_STRANGER)
            return OPERATOR
        caller = await self._caller(request, at_screen)
        per_minute = caller.per_minute or (0 if caller.operator else self._per_minute)
        if per_minute:
            rate = request.state.rate = await request.app.state.parts.rates.count(caller.name, per_minute)
            if rate.retry_after_seconds is not None:
                detail = f"this key may make {per_minute} requests a minute; wait before the next"
                raise RateLimited(detail, retry_after_seconds=rate.retry_after_seconds)
        return caller

    async def _caller(self, request: Request, at_screen: bool) -> Principal:
        parts: Parts = request.app.state.parts
        credential = _credential_of(request)
        if credential is not None:
            return await parts.admission.principal(credential)
        if not at_screen or not sessions.is_given(request):
            raise Unauthorized("send your key as Authorization: Bearer <key> or as X-API-Key")
        bond = sessions.bond_of(request, await parts.admission.session_key())
        if bond is None:
            raise Unauthorized("your session has ended: sign in again")
        if request.method not in sessions.SAFE and not sessions.is_ours(request):
            raise Forbidden("a session is good for requests of this server's own pages; others send a key")
        caller = await parts.admission.resumed(bond)
        request.state.signed_in = True
        return caller


def _credential_of(request: Request) -> str | None:
    """Read an HTTP request's API key from Authorization (Bearer or Token), or from X-API-Key where that is absent."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        return key.strip() if scheme.lower() in _SCHEMES else None
    return request.headers.get("x-api-key")


def allowed(needed: Access, *, at_screen: bool = False) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets in whoever has a role, with a key or (`at_screen`) a session. Raises Forbidden."""

    async def check(request: Request) -> Principal:
        gate: Gate = request.app.state.gate
        caller = await gate(request, at_screen=at_screen)
        require(caller, needed)
        return caller

    return check


def require(caller: Principal, needed: Access) -> None:
    """Raises Forbidden for whoever has less than a role, where what is asked decides which one is needed."""
    if not caller.access.covers(needed):
        raise Forbidden(f"this needs a key with the role {needed}; yours has the role {caller.access}")


reader, writer, admin = allowed(Access.READ), allowed(Access.WRITE), allowed(Access.ADMIN)

Reader = Annotated[Principal, Depends(reader)]
Writer = Annotated[Principal, Depends(writer)]
Admin = Annotated[Principal, Depends(admin)]
AdminAtScreen = Annotated[Principal, Depends(allowed(Access.ADMIN, at_screen=True))]
