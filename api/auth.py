"""Who asks, and whether they may: the tenant comes from here and from nowhere else in a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from memory.admit import OPERATOR
from memory.bootstrap import Parts
from memory.errors import BadConfiguration, Forbidden, RateLimited, Unauthorized
from memory.model import Access, Principal
from memory.settings import Settings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SCHEMES = ("bearer", "token")


class Gate:
    """Finds the principal of a request.

    Args:
        settings: `auth`, `admin_key`, `host` and `rate_limit_per_minute` are read. Raises BadConfiguration where they
            let everybody in from afar, or nobody at all.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.auth == "off" and settings.host not in _LOOPBACK:
            raise BadConfiguration(
                f"TURNSTONE_AUTH=off is refused on {settings.host}: bind to 127.0.0.1, or use TURNSTONE_AUTH=keys"
            )
        if settings.auth == "keys" and settings.admin_key is None:
            raise BadConfiguration(
                "TURNSTONE_AUTH=keys needs TURNSTONE_ADMIN_KEY, the operator's key, with which others are made"
            )
        self._is_open = settings.auth == "off"
        self._per_minute = settings.rate_limit_per_minute

    async def __call__(self, request: Request) -> Principal:
        """The principal; raises Unauthorized where the key is missing or wrong, RateLimited, and what the parts do."""
        if self._is_open:
            return OPERATOR
        given = _given(request)
        if given is None:
            raise Unauthorized("send your key as Authorization: Bearer <key> or as X-API-Key")
        parts: Parts = request.app.state.parts
        caller = await parts.admission.principal(given)
        per_minute = caller.per_minute or (0 if caller.operator else self._per_minute)
        if per_minute:
            rate = request.state.rate = await parts.rates.spend(caller.name, per_minute)
            if rate.retry_after_seconds is not None:
                told = f"this key may make {per_minute} requests a minute; wait before the next"
                raise RateLimited(told, retry_after_seconds=rate.retry_after_seconds)
        return caller


def _given(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        return key.strip() if scheme.lower() in _SCHEMES else None
    return request.headers.get("x-api-key")


def allowed(needed: Access) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets in whoever has a role; raises Forbidden for others."""

    async def check(request: Request) -> Principal:
        gate: Gate = request.app.state.gate
        caller = await gate(request)
        if not caller.access.covers(needed):
            raise Forbidden(f"this needs a key with the role {needed}; yours has the role {caller.access}")
        return caller

    return check


reader, writer, admin = allowed(Access.READ), allowed(Access.WRITE), allowed(Access.ADMIN)

Reader = Annotated[Principal, Depends(reader)]
Writer = Annotated[Principal, Depends(writer)]
Admin = Annotated[Principal, Depends(admin)]
