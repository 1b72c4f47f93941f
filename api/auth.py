"""Who asks: the tenant comes from here and from nowhere else in a request."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from memory.errors import BadConfiguration
from memory.settings import Settings

DEFAULT_TENANT = "default"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SCHEMES = ("bearer", "token")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, as the server knows it."""

    tenant: str


class Gate:
    """Finds the principal of a request.

    Args:
        settings: `auth`, `admin_key` and `host` are read. Raises BadConfiguration where they let everybody in from
            afar, or nobody at all.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.auth == "off" and settings.host not in _LOOPBACK:
            raise BadConfiguration(
                f"TURNSTONE_AUTH=off is refused on {settings.host}: bind to 127.0.0.1, or use TURNSTONE_AUTH=keys"
            )
        if settings.auth == "keys" and settings.admin_key is None:
            raise BadConfiguration("TURNSTONE_AUTH=keys needs TURNSTONE_ADMIN_KEY, the key that clients send")
        key = settings.admin_key
        self._key = key.get_secret_value().encode() if settings.auth == "keys" and key is not None else None

    def __call__(self, request: Request) -> Principal:
        """The principal; raises HTTPException 401 where the key is missing or wrong."""
        if self._key is None:
            return Principal(DEFAULT_TENANT)
        given = _given(request)
        if given is None:
            raise HTTPException(401, "send your key as Authorization: Bearer <key> or as X-API-Key", _CHALLENGE)
        if not hmac.compare_digest(given, self._key):
            raise HTTPException(401, "this key is not known", _CHALLENGE)
        return Principal(DEFAULT_TENANT)


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _given(request: Request) -> bytes | None:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        return key.strip().encode() if scheme.lower() in _SCHEMES else None
    key_header = request.headers.get("x-api-key")
    return key_header.encode() if key_header is not None else None


async def principal(request: Request) -> Principal:
    """The principal of a request, by the app's gate."""
    gate: Gate = request.app.state.gate
    return gate(request)


Caller = Annotated[Principal, Depends(principal)]
