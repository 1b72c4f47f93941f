"""Admission: who asks, by what they send.

A process remembers whom it has let in, and looks twice a second whether any key has changed; then it forgets them all.
So a key costs a look-up now and then, however many there are, and a revoked one is locked out within half a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime
from functools import partial

from cachetools import LRUCache

from scrubjay.access.api_keys import ApiKeyServices, good_digests, holder, identify
from scrubjay.errors import Unauthorized
from scrubjay.model import Access, Bond, Principal
from scrubjay.ports import Tokens

DEFAULT_TENANT = "default"
OPERATOR = Principal(tenant=DEFAULT_TENANT, access=Access.ADMIN, operator=True, name="operator")
_LOOK_EVERY_SECONDS = 0.5
_MOST_REMEMBERED = 50_000
_LONGEST = 8_192  # characters of a credential; tokens have a few hundred
_UNKNOWN = "this key is not known"
_ENDED = "the key that this session was opened with is no longer good: sign in with another"


class Admission:
    """Finds the principal of a credential.

    Args:
        api_keys: what looking up API keys needs.
        tokens: of an identity provider, if there is one.
        admin_key: the operator's key, from the settings.
    """

    def __init__(self, api_keys: ApiKeyServices, *, tokens: Tokens | None = None, admin_key: str | None = None) -> None:
        """Authenticate callers by these API keys, tokens and operator's key, with an empty cache of principals."""
        self._api_keys = api_keys
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
        if len(credential) > _LONGEST:
            raise Unauthorized(_UNKNOWN)
        if self._is_operators(credential):
            return OPERATOR
        if asyncio.get_running_loop().time() - self._looked_at > _LOOK_EVERY_SECONDS:
            if self._watching is None or self._watching.done():
                self._watching = asyncio.create_task(self._watch())
            await asyncio.shield(self._watching)
        seen = hashlib.blake2b(credential.encode("utf-8", "surrogateescape"), digest_size=16).digest()
        look = self._looks.get(seen)
        if look is None or not _holds(look):
            look = self._looks[seen] = asyncio.create_task(self._look(credential))
            look.add_done_callback(partial(self._drop_failed, seen))
        return await asyncio.shield(look)

    def _drop_failed(self, seen: bytes, look: asyncio.Task[Principal]) -> None:
        """Strangers are not remembered: a failure holds on to whatever they sent."""
        if (look.cancelled() or look.exception() is not None) and self._looks.get(seen) is look:
            del self._looks[seen]

    async def bond(self, credential: str) -> Bond:
        """What ties a session to a key: the operator's or an API key. A token cannot be looked up again: it opens none.

        Raises Unauthorized, InboxUnavailable.
        """
        if self._is_operators(credential):
            return Bond(name=OPERATOR.name, mark=await self._mark(credential))
        identity = await identify(credential, self._api_keys)
        if identity is None:
            raise Unauthorized("a token opens no session: use a key" if credential.count(".") == 2 else _UNKNOWN)
        return Bond(name=identity[0].name, mark=await self._mark(identity[1]))

    async def resumed(self, bond: Bond) -> Principal:
        """Whose a session is, as their key stands now.

        Raises Unauthorized once the secret that opened it is no longer good, and InboxUnavailable.
        """
        if bond.name == OPERATOR.name:
            return await self._held(bond, OPERATOR, [self._admin_key.decode()] if self._admin_key else [])
        key = await self._api_keys.keyring.find(bond.name)
        if key is None:
            raise Unauthorized(_ENDED)
        return await self._held(bond, key.principal, list(good_digests(key)))

    async def session_key(self) -> bytes:
        """Derive the key that signs the browser session of whoever signed in with an API key or the operator's key.

        The operator's key goes into it: the server's alone may stand in Redis.
        """
        key = await self._api_keys.server_key.derived("session")
        return hashlib.blake2b(self._admin_key or b"", key=key, digest_size=32).digest()

    async def _held(self, bond: Bond, principal: Principal, secrets: list[str]) -> Principal:
        if not any([hmac.compare_digest(bond.mark, await self._mark(secret)) for secret in secrets]):
            raise Unauthorized(_ENDED)
        return principal

    async def _mark(self, secret: str) -> str:
        key = await self._api_keys.server_key.derived("session-mark")
        return hashlib.blake2b(secret.encode("utf-8", "surrogateescape"), key=key, digest_size=16).hexdigest()

    def _is_operators(self, credential: str) -> bool:
        credential_bytes = credential.encode("utf-8", "surrogateescape")
        return self._admin_key is not None and hmac.compare_digest(credential_bytes, self._admin_key)

    async def _watch(self) -> None:
        """Forget everybody if a key has changed since the last look."""
        asked_at = asyncio.get_running_loop().time()
        changes = await self._api_keys.keyring.changes()
        if changes != self._changes:
            self._looks.clear()
        self._changes, self._looked_at = changes, asked_at

    async def _look(self, credential: str) -> Principal:
        principal = await holder(credential, self._api_keys)
        if principal is not None:
            return principal
        if self._tokens is not None and credential.count(".") == 2:
            return await self._tokens.principal(credential)
        raise Unauthorized(_UNKNOWN)


def _holds(look: asyncio.Task[Principal]) -> bool:
    """Whether the cached principal of a credential (API key or token) is still good, or is being looked up just now."""
    if not look.done():
        return True
    if look.cancelled() or look.exception() is not None:
        return False
    until = look.result().good_until
    return until is None or datetime.now(UTC) < until
