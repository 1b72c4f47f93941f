"""Sessions of the dashboard on a real Redis: opened with an admin's key, good for our own pages, ended with the key."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from redis.asyncio import Redis

from scrubjay.api.sessions import LONGEST_SECONDS
from scrubjay.model import Bond
from tests.integration.front import ADMIN_KEY, Front, fronts
from tests.integration.test_roles import NEEDS, filled
from tests.support import on_loopback

OURS = {"Sec-Fetch-Site": "same-origin"}
COOKIE = "scrubjay_session"
DISCARD = {"ids": ["none"]}


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


async def sign_in(
    front: Front, key: str, *, headers: dict[str, str] | None = None, base: str = "", **fields: str
) -> httpx.Response:
    """Send the form; the client keeps no cookie of it."""
    sent = OURS if headers is None else headers
    answer = await front.http.post(f"{base}/dashboard/sign-in", data={"key": key, **fields}, headers=sent)
    front.http.cookies.clear()
    return answer


async def session(front: Front, key: str) -> dict[str, str]:
    """The header with which a browser sends the session that a key opens."""
    answer = await sign_in(front, key)
    assert answer.status_code == 303, answer.text
    return {"Cookie": f"{COOKIE}={SimpleCookie(answer.headers['set-cookie'])[COOKIE].value}"}


async def status(front: Front, cookie: dict[str, str], path: str = "/dashboard") -> int:
    return (await front.ask("GET", path, None, headers=cookie)).status_code


async def test_signing_in_gives_a_cookie_that_no_script_no_other_site_and_no_reader_of_it_can_use(front: Front) -> None:
    key = (await front.key("admin"))["key"]
    answer = await sign_in(front, key, to="/dashboard/dead?error=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/dead?error=x")
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "strict", "/", "")
    assert int(cookie["max-age"]) == LONGEST_SECONDS == 12 * 3600
    assert key.rpartition("_")[2] not in answer.headers["set-cookie"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_cookie_that_was_given_by_https_is_never_sent_by_http(front: Front) -> None:
    answer = await sign_in(front, ADMIN_KEY, base="https://scrubjay")
    cookie = SimpleCookie(answer.headers["set-cookie"])[f"__Host-{COOKIE}"]
    assert (cookie["secure"], cookie["httponly"], cookie["domain"]) == (True, True, "")


async def test_a_session_opens_the_pages_and_what_their_buttons_do_and_nothing_else(front: Front) -> None:
    cookie = await session(front, (await front.key("admin"))["key"])
    judged = {f"POST /quarantine/{{memory_id}}/{deed}" for deed in ("release", "discard")}
    opened = {"POST /dead/replay", "POST /dead/discard", "DELETE /turns/{turn_id}", *judged}
    assert opened <= set(NEEDS)
    for route in NEEDS:
        method, path = filled(route)
        body: dict[str, Any] = {"json": {}} if method in ("POST", "PUT") else {}
        answer = await front.ask(method, path, None, headers={**cookie, **OURS}, **body)
        is_open = route in opened or "/dashboard" in route
        assert (answer.status_code != 401) == is_open, (route, answer.text)
        assert answer.status_code != 403, route


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://scrubjay"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://elsewhere"},
        {"Origin": "http://scrubjay.elsewhere"},
        {"Origin": "null"},
    ],
)
async def test_a_page_of_another_site_does_nothing_with_a_session(front: Front, sent: dict[str, str]) -> None:
    cookie = await session(front, ADMIN_KEY)
    answer = await front.ask("POST", "/dead/discard", None, json=DISCARD, headers={**cookie, **sent})
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert (await sign_in(front, ADMIN_KEY, headers=sent)).status_code == 403
    assert (await front.http.post("/dashboard/sign-out", headers={**cookie, **sent})).status_code == 403
    assert await status(front, cookie) == 200


@pytest.mark.parametrize("sent", [OURS, {"Origin": "http://scrubjay"}])
async def test_our_own_page_acts_with_a_session(front: Front, sent: dict[str, str]) -> None:
    cookie = await session(front, ADMIN_KEY)
    answer = await front.ask("POST", "/dead/discard", None, json=DISCARD, headers={**cookie, **sent})
    assert (answer.status_code, answer.json()) == (200, {"count": 0})


async def test_whoever_sends_a_key_is_asked_for_no_origin(front: Front) -> None:
    answer = await front.ask("POST", "/dead/discard", ADMIN_KEY, json=DISCARD, headers={"Origin": "http://elsewhere"})
    assert answer.status_code == 200


async def test_only_the_role_admin_signs_in_and_a_token_does_not(front: Front) -> None:
    for role in ("read", "write"):
        answer = await sign_in(front, (await front.key(role))["key"])
        assert answer.status_code == 403
        assert "needs a key with the role admin" in answer.text
        assert "set-cookie" not in answer.headers
    for wrong, sentence in (("guess", "this key is not known"), ("a.b.c", "a token opens no session")):
        answer = await sign_in(front, wrong)
        assert (answer.status_code, sentence in answer.text) == (401, True)
        assert "set-cookie" not in answer.headers


async def test_revoking_or_rotating_a_key_ends_its_sessions_at_once(front: Front) -> None:
    revoked, rotated = await front.key("admin"), await front.key("admin")
    sessions = [await session(front, key["key"]) for key in (revoked, rotated)]
    assert [await status(front, cookie) for cookie in sessions] == [200, 200]
    await front.ask("DELETE", f"/keys/{revoked['id']}")
    await front.ask("POST", f"/keys/{rotated['id']}/rotate", json={})
    assert [await status(front, cookie) for cookie in sessions] == [401, 401]


async def test_a_session_lasts_as_long_as_the_secret_that_opened_it(front: Front) -> None:
    made = await front.key("admin")
    old = await session(front, made["key"])
    turned = (await front.ask("POST", f"/keys/{made['id']}/rotate", json={"overlap_seconds": 60})).json()
    new = await session(front, turned["key"])
    assert [await status(front, item) for item in (old, new)] == [200, 200]
    key = await front.parts.api_keys.keyring.find(made["id"])
    assert key is not None
    await front.parts.api_keys.keyring.replace(key.model_copy(update={"old_until": key.created_at}))
    assert [await status(front, item) for item in (old, new)] == [401, 200]


async def test_another_admin_key_ends_all_sessions(front: Front, redis_url: str, qdrant_url: str) -> None:
    cookie = await session(front, ADMIN_KEY)
    async with fronts(1, redis_url, qdrant_url, admin_key="another-operators-key") as (other,):
        assert [await status(instance, cookie) for instance in (front, other)] == [200, 401]


async def sealed(front: Front, key: bytes | None = None, age_seconds: float = 0) -> dict[str, str]:
    """The operator's session, made so long ago and signed with another key if one is given."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time() - age_seconds)

    made = URLSafeTimedSerializer(
        key or await front.parts.admission.session_key(), salt="scrubjay", signer=Then,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )  # fmt: skip
    bond: Bond = await front.parts.admission.bond(ADMIN_KEY)
    value = made.dumps([bond.name, bond.mark])
    return {"Cookie": f"{COOKIE}={value if isinstance(value, str) else value.decode()}"}


async def test_a_session_ends_after_twelve_hours_and_nobody_else_can_make_one(front: Front) -> None:
    assert await status(front, await sealed(front)) == 200
    assert await status(front, await sealed(front, age_seconds=LONGEST_SECONDS + 2)) == 401
    all_that_redis_tells = await front.parts.api_keys.server_key.derived("session")
    for other in (b"x" * 32, all_that_redis_tells):
        assert await status(front, await sealed(front, key=other)) == 401
    for value in ("", "x", "a.b.c", '["operator",""]'):
        assert await status(front, {"Cookie": f"{COOKIE}={value}"}) == 401


async def test_signing_out_takes_the_cookie_away(front: Front) -> None:
    answer = await front.http.post("/dashboard/sign-out", headers={**await session(front, ADMIN_KEY), **OURS})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/sign-in")
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (cookie.value, cookie["max-age"]) == ("", "0")


async def test_an_address_may_try_ten_keys_a_minute_and_another_one_is_not_held_up(front: Front) -> None:
    tried = [await sign_in(front, f"guess-{number}") for number in range(11)]
    assert [answer.status_code for answer in tried] == [401] * 10 + [429]
    assert 1 <= int(tried[-1].headers["retry-after"]) <= 6
    assert (await sign_in(front, ADMIN_KEY)).status_code == 429
    other = httpx.ASGITransport(on_loopback(front.app), client=("2001:db8::1", 5))
    async with httpx.AsyncClient(transport=other, base_url="http://scrubjay") as http:
        answer = await http.post("/dashboard/sign-in", data={"key": ADMIN_KEY}, headers=OURS)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "to", ["//elsewhere", "https://elsewhere", "/dashboard\\elsewhere", "/dashboardx", "/keys", ""]
)
async def test_signing_in_leads_to_no_other_site(front: Front, to: str) -> None:
    assert (await sign_in(front, ADMIN_KEY, to=to)).headers["location"] == "/dashboard"


async def test_only_the_form_of_signing_in_is_read_as_a_form(front: Front) -> None:
    as_json = await front.http.post("/dashboard/sign-in", json={"key": ADMIN_KEY}, headers=OURS)
    assert as_json.status_code == 415
    assert (await front.ask("POST", "/dead/discard", data={"all": "true"})).status_code == 415
    assert (await sign_in(front, "x" * 20_000)).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "scrubjay", "app.localhost"])
async def test_without_keys_this_machine_and_its_own_pages_may_call(without_keys: Front, host: str) -> None:
    for sent in ({}, OURS, {"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "none"}):
        answer = await without_keys.http.post("/dead/discard", json=DISCARD, headers={"Host": host, **sent})
        assert answer.status_code == 200, sent


@pytest.mark.parametrize(
    "sent",
    [
        {"Host": "rebound.elsewhere.example"},
        {"Host": "127.0.0.1.elsewhere.example:8000", "Sec-Fetch-Site": "same-origin"},
        {"Host": "127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
        {"Host": "127.0.0.1:8000", "Origin": "http://elsewhere"},
    ],
)
async def test_without_keys_a_page_of_another_site_may_not(without_keys: Front, sent: dict[str, str]) -> None:
    answer = await without_keys.http.post("/dead/discard", json=DISCARD, headers=sent)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.fixture
async def without_keys(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url, auth="off", admin_key=None) as (made,):
        yield made
