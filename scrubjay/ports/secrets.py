"""The port to what only this server knows."""

from __future__ import annotations

from typing import Protocol

from scrubjay.model import Scope, Value


class ServerKey(Protocol):
    """The server's key, one and the same for every process. It never leaves: only what is derived from it is used."""

    async def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose; those of another purpose tell nothing about them.

        Args:
            purpose: at most 16 ASCII characters.

        Raises InboxUnavailable while the key is in Redis, was not read yet, and Redis is away.
        """


class PublicKey(Value):
    """What anybody can check signatures with: Ed25519, as PEM and as the 32 bytes in base64."""

    key_id: str
    algorithm: str = "Ed25519"
    pem: str
    raw: str


class ReceiptSigner(Protocol):
    """Signs receipts, and says whom they are about without naming them. Raises InboxUnavailable as `ServerKey` does."""

    async def owner(self, scope: Scope) -> str:
        """What stands for a scope in its receipts: the same each time, and nobody else can make it."""

    async def key(self) -> PublicKey:
        """The key that signatures are checked with."""

    async def sign(self, document: bytes) -> str:
        """The signature, in base64."""

    async def has_signed(self, document: bytes, key_id: str, signature: str) -> bool:
        """Whether that is our signature of just this document."""
