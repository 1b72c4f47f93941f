"""Admission: who asks, by what they send.

A process remembers whom it has let in, and looks twice a second whether any key has changed; then it forgets them all.
So a key costs a look-up now and then, however many there are, and a revoked one is locked out within half a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime

from cachetools import LRUCache

from memory.errors import Unauthorized
from memory.keys import holder
from memory.model import Access, Principal
from memory.ports import Keyring, ServerKey, Tokens

DEFAULT_TENANT = "default"
OPERATOR = Principal(tenant=DEFAULT_TENANT, access=Access.ADMIN, operator=True, name="operator")
_LOOK_EVERY_SECONDS = 0.5
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
        self._looks: LRUCache[bytes, asyncio.Task[Principal]] = LRUCache(_MOST_REMEMBERED)
        self._changes = -1
        self._looked_at = float("-inf")
        self._watching: asyncio.Task[None] | None = None

    async def principal(self, credential: str) -> Principal:
        """Whoever sends this. Those who ask at the same time with the same one share one look.

        Args:
            credential: an API key, the operator's key, or a token.

        Raises Unauthorized, InboxUnavailable or IdentityUnavailable.
        """
        given = credential.encode("utf-8", "surrogateescape")
        if self._admin_key is not None and hmac.compare_digest(given, self._admin_key):
            return OPERATOR
        if asyncio.get_running_loop().time() - self._looked_at > _LOOK_EVERY_SECONDS:
            if self._watching is None or self._watching.done():
                self._watching = asyncio.create_task(self._watch())
            await asyncio.shield(self._watching)
        seen = hashlib.blake2b(given, digest_size=16).digest()
        look = self._looks.get(seen)
        if look is None or not _holds(look):
            look = self._looks[seen] = asyncio.create_task(self._look(credential))
        return await asyncio.shield(look)

    async def _watch(self) -> None:
        """Forget everybody if a key has changed since the last look."""
        asked_at = asyncio.get_running_loop().time()
        changes = await self._keyring.changes()
        if changes != self._changes:
            self._looks.clear()
        self._changes, self._looked_at = changes, asked_at

    async def _look(self, credential: str) -> Principal:
        if len(credential) <= _LONGEST:
            found = await holder(credential, keyring=self._keyring, server_key=self._server_key)
            if found is not None:
                return found
            if self._tokens is not None and credential.count(".") == 2:
                return await self._tokens.principal(credential)
        raise Unauthorized("this key is not known")


def _holds(look: asyncio.Task[Principal]) -> bool:
    """Whether what was found still holds, or is being looked for just now."""
    if not look.done():
        return True
    if look.cancelled() or look.exception() is not None:
        return False
    until = look.result().good_until
    return until is None or datetime.now(UTC) < until
