"""The signer: receipts signed with a key that is derived from the server's."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.model import Scope
from scrubjay.ports import PublicKey, ServerKey

_ID_DIGITS = 16


class ServerReceiptSigner:
    """The port `ReceiptSigner`, with Ed25519.

    Args:
        server_key: what the signing key is derived from.
        pseudonyms: what stands for an owner.
    """

    def __init__(self, server_key: ServerKey, pseudonyms: Pseudonyms) -> None:
        self._server_key = server_key
        self._pseudonyms = pseudonyms

    async def owner(self, scope: Scope) -> str:
        """What stands for a scope in its receipts."""
        return await self._pseudonyms.owner(scope)

    async def key(self) -> PublicKey:
        """The key that signatures are checked with."""
        public = (await self._private()).public_key()
        raw = public.public_bytes_raw()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        key_id = hashlib.sha256(raw).hexdigest()[:_ID_DIGITS]
        return PublicKey(key_id=key_id, pem=pem, raw=base64.b64encode(raw).decode())

    async def sign(self, document: bytes) -> str:
        """The signature, in base64."""
        return base64.b64encode((await self._private()).sign(document)).decode()

    async def has_signed(self, document: bytes, key_id: str, signature: str) -> bool:
        """Whether that is our signature of just this document."""
        if key_id != (await self.key()).key_id:
            return False
        try:
            (await self._private()).public_key().verify(base64.b64decode(signature, validate=True), document)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    async def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(await self._server_key.derived("receipt"))
