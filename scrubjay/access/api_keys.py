"""API keys: given out once, kept as a keyed hash, turned over, taken back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scrubjay.errors import BadRequest, NotFound
from scrubjay.model import Access, ApiKey, PerMinute, Principal, Tenant, Value
from scrubjay.ports import Keyring, ServerKey

PREFIX = "sj"
_PURPOSE = "api-keys"
_ID_BYTES, _SECRET_BYTES = 6, 32
_UNKNOWN = "there is no key with this id"


@dataclass(frozen=True, kw_only=True)
class ApiKeyServices:
    """What API keys need.

    Args:
        keyring: where they are kept.
        server_key: what they are hashed with.
    """

    keyring: Keyring
    server_key: ServerKey


class NewKey(Value):
    """A key as it is asked for; the fields are those of `ApiKey`."""

    tenant: Tenant
    access: Access
    label: str = ""
    user_id: str | None = None
    per_minute: PerMinute | None = None


class Issued(Value):
    """A key as it is told once: nobody can read its text afterwards."""

    key: ApiKey
    text: str


async def issue(new_key: NewKey, services: ApiKeyServices) -> Issued:
    """Make a key. Raises BadRequest for an admin's key that is limited to one user, and InboxUnavailable."""
    if new_key.access is Access.ADMIN and new_key.user_id is not None:
        raise BadRequest("an admin's key cannot be limited to one user: give it the role read or write")
    key_id = secrets.token_hex(_ID_BYTES)
    text, digest = await _fresh(key_id, services.server_key)
    key = ApiKey(id=key_id, created_at=datetime.now(UTC), digest=digest, **dict(new_key))
    await services.keyring.add(key)
    return Issued(key=key, text=text)


async def rotate(caller: Principal, key_id: str, overlap_seconds: float, services: ApiKeyServices) -> Issued:
    """Give a key another secret; the old one is good for the overlap. Raises NotFound, InboxUnavailable."""
    before = await _managed(caller, key_id, services.keyring)
    text, digest = await _fresh(key_id, services.server_key)
    until = datetime.now(UTC) + timedelta(seconds=overlap_seconds)
    old = {"old_digest": before.digest, "old_until": until} if overlap_seconds else {}
    key = before.model_copy(update={"digest": digest, "old_digest": None, "old_until": None, **old})
    if not await services.keyring.replace(key):
        raise NotFound(_UNKNOWN)
    return Issued(key=key, text=text)


async def revoke(caller: Principal, key_id: str, services: ApiKeyServices) -> None:
    """Take a key back, for every process within a second. Raises NotFound, InboxUnavailable."""
    await _managed(caller, key_id, services.keyring)
    if not await services.keyring.remove(key_id):
        raise NotFound(_UNKNOWN)


async def holder(text: str, services: ApiKeyServices) -> Principal | None:
    """Who asks with a key; None for one that is not good. One look-up, whatever the number of keys.

    Keys are random, so a fast keyed hash (BLAKE2b, RFC 7693) keeps them as well as a slow one. Raises InboxUnavailable.
    """
    identity = await identify(text, services)
    return identity[0] if identity else None


async def identify(text: str, services: ApiKeyServices) -> tuple[Principal, str] | None:
    """Whose key a text is, and the digest of its secret; None for one that is not good. Raises as `holder`."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret or not key_id.isalnum():
        return None
    key = await services.keyring.find(key_id)
    if key is None:
        return None
    digest = await _digest(secret, services.server_key)
    for good, until in good_digests(key).items():
        if hmac.compare_digest(digest, good):
            return key.principal.model_copy(update={"good_until": until}), digest
    return None


def good_digests(key: ApiKey) -> dict[str, datetime | None]:
    """Of the secrets that open a key now, and until when: its own, and for the overlap the one of before."""
    good: dict[str, datetime | None] = {key.digest: None}
    if key.old_digest is not None and key.old_until is not None and datetime.now(UTC) < key.old_until:
        good[key.old_digest] = key.old_until
    return good


async def _fresh(key_id: str, server_key: ServerKey) -> tuple[str, str]:
    """A key's text, and the digest of its secret part."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return f"{PREFIX}_{key_id}_{secret}", await _digest(secret, server_key)


async def _digest(secret: str, server_key: ServerKey) -> str:
    return hashlib.blake2b(secret.encode(), key=await server_key.derived(_PURPOSE), digest_size=32).hexdigest()


async def _managed(caller: Principal, key_id: str, keyring: Keyring) -> ApiKey:
    """A key that the caller may change: one of their tenant, for an operator any."""
    api_key = await keyring.find(key_id)
    if api_key is None or not (caller.operator or api_key.tenant == caller.tenant):
        raise NotFound(_UNKNOWN)
    return api_key
