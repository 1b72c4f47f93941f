"""Tokens of an identity provider: JSON Web Tokens (RFC 7519), checked with the keys that it publishes (RFC 7517)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import structlog
from pydantic import TypeAdapter, ValidationError

from scrubjay.errors import IdentityUnavailable, Unauthorized
from scrubjay.model import Access, Principal
from scrubjay.ports import ServerKey
from scrubjay.validation import Id

log = structlog.get_logger(__name__)

# Signed with a private key: whoever can check such a token cannot make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LEEWAY_SECONDS = 30
_KEPT_SECONDS = 300.0
_SOONEST_SECONDS = 10.0  # an unknown key id asks the provider again, but not more often
_FETCH_SECONDS = 5.0
_USER: TypeAdapter[str | None] = TypeAdapter(Id | None)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """An identity provider, and which claims of its tokens say what.

    Args:
        jwks_url: where it publishes its keys.
        audience: for whom its tokens must be.
        issuer: as it calls itself; None: not checked.
        tenant_claim: the tenant; a token without it is refused.
        user_claim: the one user that it is limited to; without it all of the tenant.
        role_claim: read, write or admin; without it read.
    """

    jwks_url: str
    audience: str
    issuer: str | None = None
    tenant_claim: str = "tenant"
    user_claim: str = "user_id"
    role_claim: str = "role"


class JwtTokens:
    """The port `Tokens`.

    Args:
        provider: whose tokens.
        server_key: hashes whom a token is for, as the name under which requests are counted.
    """

    def __init__(self, provider: Provider, server_key: ServerKey) -> None:
        self._provider = provider
        self._server_key = server_key
        self._http = httpx.AsyncClient(timeout=_FETCH_SECONDS, follow_redirects=False)
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def principal(self, token: str) -> Principal:
        """Whom a token names. Raises Unauthorized, IdentityUnavailable."""
        try:
            key = await self._key_of(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[name for name in ALGORITHMS if key.algorithm_name in (None, name)],
                audience=self._provider.audience,
                issuer=self._provider.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthorized(f"this token is not good: {_reason(error)}") from None
        return await self._principal_of(claims)

    async def _principal_of(self, claims: Mapping[str, Any]) -> Principal:
        of = self._provider
        user = self._user(claims)
        role = claims.get(of.role_claim, Access.READ.value)
        if role not in tuple(Access) or (user is not None and role == Access.ADMIN):
            raise Unauthorized(f"this token's claim {of.role_claim} must be read or write, or admin without a user")
        seed = f"{claims.get('iss')}\0{claims.get(of.tenant_claim)}\0{claims.get('sub') or user}"
        key = await self._server_key.derived("rates")
        name = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), key=key, digest_size=12).hexdigest()
        try:
            return Principal(
                tenant=claims.get(of.tenant_claim, ""),
                access=Access(role),
                user_id=user,
                name=f"token-{name}",
                good_until=datetime.fromtimestamp(int(claims["exp"]) + _LEEWAY_SECONDS, UTC),
            )
        except (ValidationError, ValueError, OverflowError):
            sentence = f"this token's claim {of.tenant_claim} must be a tenant: 1 to 64 letters, digits, - and _"
            raise Unauthorized(sentence) from None

    def _user(self, claims: Mapping[str, Any]) -> str | None:
        claim = self._provider.user_claim
        try:
            return _USER.validate_python(claims.get(claim))
        except ValidationError:
            raise Unauthorized(f"this token's claim {claim} must be a user's id") from None

    async def _key_of(self, token: str) -> jwt.PyJWK:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = self._keys.get(key_id)
        age = asyncio.get_running_loop().time() - self._fetched_at
        if age > _KEPT_SECONDS or (key is None and age > _SOONEST_SECONDS):
            await self._fetch(self._fetched_at)
            key = self._keys.get(key_id)
        if key is None:
            raise Unauthorized("this token is signed with a key that its provider does not publish")
        return key

    async def _fetch(self, fetched_at: float) -> None:
        """Get the provider's keys; while it is away, those that it published last are still good."""
        async with self._lock:
            if self._fetched_at != fetched_at:  # another request has just fetched them
                return
            try:
                answer = (await self._http.get(self._provider.jwks_url)).raise_for_status()
                published = jwt.PyJWKSet.from_dict(answer.json())
            except (httpx.HTTPError, jwt.PyJWTError, ValueError, AttributeError) as error:
                log.warning("identity_unavailable", kind=type(error).__name__)
                if not self._keys:
                    raise IdentityUnavailable("the identity provider's keys cannot be had; try again shortly") from None
            else:
                self._keys = {key.key_id: key for key in published.keys}
            self._fetched_at = asyncio.get_running_loop().time()


_REASONS: Mapping[type[jwt.InvalidTokenError], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "its time has not come yet",
    jwt.InvalidAudienceError: "it is for somebody else",
    jwt.InvalidIssuerError: "somebody else has issued it",
    jwt.MissingRequiredClaimError: "it needs the claims exp and aud",
    jwt.InvalidSignatureError: "its signature is wrong",
    jwt.InvalidAlgorithmError: "it is signed in a way that is not accepted",
}


def _reason(error: jwt.InvalidTokenError) -> str:
    return next((reason for kind, reason in _REASONS.items() if isinstance(error, kind)), "it cannot be read")
