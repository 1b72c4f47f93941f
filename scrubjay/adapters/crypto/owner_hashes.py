"""Names and documents that tell nothing of a person to whoever reads Redis without the server's key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from scrubjay.errors import Unreadable
from scrubjay.model import Scope
from scrubjay.ports import ServerKey

_BYTES = 16


def canonical(scope: Scope) -> str:
    """Serialize a scope to the string that is hashed (keyed BLAKE2b) to the owner's pseudonym.

    Lengths make the ids unambiguous, whatever they hold.
    """
    ids = "".join(f"{field}={len(name)}:{name};" for field, name in scope.ids.items())
    return f"{scope.tenant}:{ids}"


class Pseudonyms:
    """Keyed hashes in the place of what names an owner, and sealed documents where the name is needed again.

    Args:
        server_key: what they are made with. Every call raises InboxUnavailable as long as it cannot be read.
    """

    def __init__(self, server_key: ServerKey) -> None:
        self._server_key = server_key
        self._keys: dict[str, bytes] = {}

    async def owner(self, scope: Scope) -> str:
        """What stands for a scope in a receipt."""
        return await self._hash("receipt", canonical(scope).encode())

    async def epoch(self, scope: Scope) -> str:
        """What stands for a scope in the name of its epoch; another than in its receipts."""
        return await self._hash("epoch", canonical(scope).encode())

    async def idempotency(self, key: str) -> str:
        """What stands for a client's idempotency key."""
        return await self._hash("idempotency", key.encode())

    async def body(self, body: bytes) -> str:
        """What an idempotency key remembers of the body that it came with."""
        return await self._hash("body", body)

    async def sealed(self, document: bytes) -> str:
        """Encrypt a document with Fernet, under a key derived from the server key: `opened` alone can read it."""
        return (await self._fernet()).encrypt(document).decode()

    async def opened(self, sealed: str) -> bytes:
        """What was sealed. Raises Unreadable where that was done with another server key."""
        try:
            return (await self._fernet()).decrypt(sealed)
        except InvalidToken as error:
            raise Unreadable("this was sealed with another SCRUBJAY_SERVER_KEY") from error

    async def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(await self._key("removals")))

    async def _hash(self, kind: str, text: bytes) -> str:
        key = await self._key("owner")
        return hashlib.blake2b(text, key=key, person=kind.encode(), digest_size=_BYTES).hexdigest()

    async def _key(self, purpose: str) -> bytes:
        if purpose not in self._keys:
            self._keys[purpose] = await self._server_key.derived(purpose)
        return self._keys[purpose]
