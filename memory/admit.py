"""Admission: who asks, by what they send. Every process forgets what it knows of a key within half a second."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

from cachetools import TTLCache

from memory.errors import Unauthorized
from memory.keys import holder
from memory.model import Access, Principal
from memory.ports import Keyring, ServerKey, Tokens

DEFAULT_TENANT = "default"
OPERATOR = Principal(tenant=DEFAULT_TENANT, access=Access.ADMIN, operator=True, name="operator")
_REMEMBERED_SECONDS = 0.5
_MOST_REMEMBERED = 50_000
_LONGEST = 8_192  # characters of a credential; tokens have a few hundred


class Admission:
    """Finds the principal of a credential.

    Args:
        keyring: the API keys.
        server_key: what they are hashed with.
        tokens: of an identity provider, if there is one.
        admin_key: the operator's key, from the settings.
    """

    def __init__(
        self, *, keyring: Keyring, server_key: ServerKey, tokens: Tokens | None = None, admin_key: str | None = None
    ) -> None:
        self._keyring = keyring
        self._server_key = server_key
        self._tokens = tokens
        self._admin_key = admin_key.encode() if admin_key else None
        self._looks: TTLCache[bytes, asyncio.Task[Principal]] = TTLCache(_MOST_REMEMBERED, _REMEMBERED_SECONDS)

    async def principal(self, credential: str) -> Principal:
        """Whoever sends this. Those who ask at the same time with the same one share one look.

        Args:
            credential: an API key, the operator's key, or a token.

        Raises Unauthorized, InboxUnavailable or IdentityUnavailable.
        """
        seen = hashlib.blake2b(credential.encode("utf-8", "surrogateescape"), digest_size=16).digest()
        look = self._looks.get(seen)
        if look is None or (look.done() and (look.cancelled() or look.exception() is not None)):
            look = self._looks[seen] = asyncio.create_task(self._look(credential))
        return await asyncio.shield(look)

    async def _look(self, credential: str) -> Principal:
        given = credential.encode("utf-8", "surrogateescape")
        if self._admin_key is not None and hmac.compare_digest(given, self._admin_key):
            return OPERATOR
        if len(credential) <= _LONGEST:
            found = await holder(credential, keyring=self._keyring, server_key=self._server_key)
            if found is not None:
                return found
            if self._tokens is not None and credential.count(".") == 2:
                return await self._tokens.principal(credential)
        raise Unauthorized("this key is not known")
