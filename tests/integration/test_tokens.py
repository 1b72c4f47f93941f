"""Tokens of an identity provider: the tenant, the role and the one user stand in them; a wrong one opens nothing."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode
from redis.asyncio import Redis

from tests.integration.front import Front, fronts
from tests.unit.fake_api import FakeApi, fake_api

KEYS = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("first", "second", "forged")}
CURVE = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {"aud": "scrubjay", "iss": "https://id.example", "sub": "u-1", "tenant": "acme"}


def published(*names: str) -> dict[str, Any]:
    """A provider's keys, as it publishes them."""
    keys = [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS[name].public_key())) for name in names]
    curve = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(CURVE.public_key()))
    jwks = [{**key, "kid": name, "alg": "RS256"} for key, name in zip(keys, names, strict=True)]
    return {"keys": [*jwks, {**curve, "kid": "curve"}]}


def token(name: str = "first", signed_by: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
    payload = {**CLAIMS, "exp": int(time.time()) + 300, **claims}
    payload = {claim: value for claim, value in payload.items() if value is not None}
    return jwt.encode(payload, signed_by or KEYS[name], algorithm=algorithm, headers={"kid": name})


@pytest.fixture
def provider() -> Iterator[FakeApi]:
    with fake_api() as running:
        running.plan("GET", "/jwks", published("first"))
        yield running


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str, provider: FakeApi) -> AsyncIterator[Front]:
    settings = {"jwks_url": f"{provider.url}/jwks", "jwt_audience": "scrubjay", "jwt_issuer": "https://id.example"}
    async with fronts(1, redis_url, qdrant_url, **settings) as (made,):
        yield made


async def status(front: Front, credential: str, path: str = "/turns") -> int:
    return (await front.ask("GET", path, credential)).status_code


async def test_a_token_opens_its_tenant_with_its_role_for_its_user(front: Front) -> None:
    messages = [{"role": "user", "content": "hello"}]
    write = token(role="write", user_id="alice")
    assert (
        await front.ask("POST", "/turns", write, json={"user_id": "alice", "messages": messages})
    ).status_code == 202
    assert (await front.ask("POST", "/turns", write, json={"user_id": "bob", "messages": messages})).status_code == 403
    assert (await front.ask("GET", "/turns", token())).json()["count"] == 1
    assert (await front.ask("GET", "/turns", token(tenant="globex"))).json()["count"] == 0
    assert (
        await front.ask("POST", "/turns", token(), json={"user_id": "alice", "messages": messages})
    ).status_code == 403
    assert await status(front, token(role="admin"), "/dead") == 200
    assert await status(front, token(role="write"), "/dead") == 403
    assert await status(front, token("curve", CURVE, "ES256")) == 200


def signed(claims: str, algorithm: str, sign: Callable[[bytes], bytes]) -> str:
    """A token as somebody makes it who has no private key."""
    head = base64url_encode(json.dumps({"alg": algorithm, "kid": "first"}).encode()).decode()
    return f"{head}.{claims}.{base64url_encode(sign(f'{head}.{claims}'.encode())).decode()}"


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": 1},
    "for somebody else": {"aud": "other"},
    "issued by somebody else": {"iss": "https://evil.example"},
    "not yet good": {"nbf": 4_000_000_000},
    "without an end": {"exp": None},
    "without an audience": {"aud": None},
    "without a tenant": {"tenant": None},
    "of a tenant that cannot be": {"tenant": "a:b"},
    "of a tenant that is no text": {"tenant": ["acme"]},
    "of a role that is none": {"role": "root"},
    "of an admin who is one user": {"role": "admin", "user_id": "alice"},
    "of all users by a star": {"user_id": "*"},
    "of a user that is no id": {"user_id": ["alice"]},
    "of a user that is blank": {"user_id": " "},
    "signed by somebody else": {"signed_by": KEYS["forged"]},
    "with a key that is not published": {"name": "forged"},
}


async def test_a_wrong_token_is_refused_with_its_reason(front: Front) -> None:
    reasons = set()
    for kind, claims in WRONG.items():
        answer = await front.ask("GET", "/turns", token(**claims))
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized"), kind
        reasons.add(answer.json()["detail"])
    assert len(reasons) > len(WRONG) / 2


async def test_a_token_signed_with_the_public_key_as_a_password_or_not_at_all_is_refused(front: Front) -> None:
    public = KEYS["first"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    claims = token().split(".")[1]
    for forged in (
        signed(claims, "HS256", lambda text: hmac.digest(public, text, "sha256")),
        signed(claims, "none", lambda _: b""),
        "a.b.c",
        "..",
        token() + "x",
    ):
        assert await status(front, forged) == 401, forged


async def test_new_keys_of_the_provider_are_fetched_and_old_ones_are_good_while_it_is_away(
    front: Front, provider: FakeApi
) -> None:
    provider.plan("GET", "/jwks", published("first", "second"))
    provider.plan("GET", "/jwks", "gone", 500)
    assert await status(front, token()) == 200
    tokens: Any = front.parts.admission._tokens
    assert await status(front, token("second")) == 401  # it has just asked, and does not ask for each unknown key
    tokens._fetched_at -= 20
    assert await status(front, token("second", sub="later")) == 200
    tokens._fetched_at -= 1_000
    assert await status(front, token("second", sub="much later")) == 200


async def test_while_the_provider_was_never_reached_the_answer_is_to_come_back(
    redis: Redis, redis_url: str, qdrant_url: str, provider: FakeApi
) -> None:
    settings = {"jwks_url": f"{provider.url}/nothing", "jwt_audience": "scrubjay"}
    async with fronts(1, redis_url, qdrant_url, **settings) as (front,):
        answer = await front.ask("GET", "/turns", token())
        assert (answer.status_code, answer.json()["error"]) == (503, "identity_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
