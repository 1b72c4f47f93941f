"""API keys on a real Redis: shown once, kept hashed, good for one tenant and role, taken back everywhere at once."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import AsyncIterator
from time import monotonic

import pytest
from redis.asyncio import Redis

from scrubjay.errors import Unauthorized
from tests.chaos.scan import all_of_redis
from tests.integration.front import ADMIN_KEY, Front, fronts
from tests.keys_found import faults
from tests.redis_keys import keys
from tests.support import wait_until

ALICE = {"user_id": "alice"}


@pytest.fixture
async def two(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[list[Front]]:
    async with fronts(2, redis_url, qdrant_url) as made:
        yield made


@pytest.fixture
def front(two: list[Front]) -> Front:
    return two[0]


async def status(front: Front, key: str | None, path: str = "/turns") -> int:
    return (await front.ask("GET", path, key)).status_code


async def test_a_key_is_shown_once_and_nothing_that_is_kept_contains_it(front: Front, redis: Redis) -> None:
    made = await front.key("read", label="support bot")
    assert await status(front, made["key"]) == 200
    secret = made["key"].rpartition("_")[2]
    listed = (await front.ask("GET", "/keys")).json()
    assert [(result["id"], result["role"], result["label"]) for result in listed["results"]] == [
        (made["id"], "read", "support bot")
    ]
    assert secret not in str(listed)
    values = await all_of_redis(redis)
    assert keys.api_keys in values
    assert [name for name, text in values.items() if secret in name or secret in text] == []
    assert await faults(redis) == []


WRONG = ["", "x", "sj_", "sj__", "sj_abc", "sj_000000000000_guess", "sj_*_x", "a.b.c", "é", "x" * 10_000, "Bearer"]


async def test_a_key_that_is_not_known_is_told_so_in_one_sentence(front: Front) -> None:
    for wrong in WRONG:
        answer = await front.http.get("/turns", headers=[(b"X-API-Key", wrong.encode("latin-1"))])
        assert answer.status_code == 401, wrong
        assert answer.json() == {"detail": "this key is not known", "error": "unauthorized"}
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_wrong_keys_are_not_remembered(front: Front) -> None:
    """Whoever has no key must not be able to fill the server's memory with what they send."""

    async def guess(number: int) -> None:
        with pytest.raises(Unauthorized):
            await front.parts.admission.principal(f"{number:04}" + "x" * 8_000)

    await guess(0)
    tracemalloc.start()
    for number in range(1, 201):
        await guess(number)
    gc.collect()
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held_bytes < 400_000


async def test_another_secret_of_the_same_key_does_not_open(front: Front) -> None:
    made = await front.key()
    assert await status(front, made["key"][:-1] + ("a" if made["key"][-1] != "a" else "b")) == 401
    assert await status(front, made["key"] + "a") == 401


async def test_a_revoked_key_is_locked_out_of_every_process_within_a_second(two: list[Front]) -> None:
    made = await two[0].key()
    for front in two:
        assert await status(front, made["key"]) == 200
    started = monotonic()
    assert (await two[0].ask("DELETE", f"/keys/{made['id']}")).json() == {"id": made["id"], "status": "revoked"}

    async def locked_out() -> bool:
        return [await status(front, made["key"]) for front in two] == [401, 401]

    await wait_until(locked_out, deadline_seconds=2, what="both processes knowing it")
    assert monotonic() - started < 1
    assert (await two[1].ask("DELETE", f"/keys/{made['id']}")).status_code == 404


async def test_a_rotated_key_opens_with_its_new_secret_and_with_the_old_one_for_the_overlap_only(front: Front) -> None:
    made = await front.key()
    kept = (await front.ask("POST", f"/keys/{made['id']}/rotate", json={"overlap_seconds": 60})).json()
    assert kept["id"] == made["id"]
    assert [await status(front, key["key"]) for key in (made, kept)] == [200, 200]
    last = (await front.ask("POST", f"/keys/{made['id']}/rotate", json={})).json()

    async def only_the_last() -> bool:
        return [await status(front, key["key"]) for key in (made, kept, last)] == [401, 401, 200]

    await wait_until(only_the_last, deadline_seconds=2, what="the old secrets being forgotten")


async def test_rotating_does_not_bring_a_revoked_key_back(front: Front) -> None:
    made = await front.key()
    key = await front.parts.api_keys.keyring.find(made["id"])
    assert key is not None
    assert await front.parts.api_keys.keyring.remove(key.id)
    assert not await front.parts.api_keys.keyring.replace(key)
    assert await front.parts.api_keys.keyring.find(made["id"]) is None


async def test_an_admin_gives_and_sees_keys_of_their_own_tenant_only(front: Front) -> None:
    theirs = await front.key("admin", tenant="acme")
    other = await front.key("admin", tenant="globex")
    made = await front.key("read", by=theirs["key"])
    assert made["tenant"] == "acme"
    refused = await front.ask("POST", "/keys", theirs["key"], json={"tenant": "globex"})
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    listed = (await front.ask("GET", "/keys", theirs["key"])).json()["results"]
    assert {key["id"] for key in listed} == {theirs["id"], made["id"]}
    assert (await front.ask("GET", "/keys?tenant=globex", theirs["key"])).status_code == 403
    assert (await front.ask("DELETE", f"/keys/{other['id']}", theirs["key"])).status_code == 404
    assert (await front.ask("POST", f"/keys/{other['id']}/rotate", theirs["key"], json={})).status_code == 404
    assert {result["tenant"] for result in (await front.ask("GET", "/keys")).json()["results"]} == {"acme", "globex"}
    assert (await front.ask("GET", "/keys?tenant=globex")).json()["count"] == 1


async def test_a_tenants_metrics_tell_of_no_other_tenant(front: Front) -> None:
    tenants = {name: (await front.key("admin", tenant=name))["key"] for name in ("acme", "globex")}
    for key in tenants.values():
        body = {**ALICE, "messages": [{"role": "user", "content": "hello"}]}
        assert (await front.ask("POST", "/turns", key, json=body)).status_code == 202
    metrics = (await front.ask("GET", "/metrics", tenants["acme"])).text
    assert 'tenant="acme"' in metrics
    assert "globex" not in metrics
    assert "scrubjay_backlog" not in metrics
    assert 'tenant="globex"' in (await front.ask("GET", "/metrics")).text


async def test_a_key_of_one_user_reaches_nothing_of_another(front: Front) -> None:
    made = await front.key("write", user_id="alice")
    messages = [{"role": "user", "content": "I live in Berlin"}]
    theirs = (await front.ask("POST", "/turns", made["key"], json={**ALICE, "messages": messages})).json()["id"]
    bob = (await front.ask("POST", "/turns", json={"user_id": "bob", "messages": messages})).json()["id"]
    assert await status(front, made["key"], f"/turns/{theirs}") == 200
    assert await status(front, made["key"], f"/turns/{bob}") == 404
    assert (await front.ask("GET", "/turns", made["key"])).json()["count"] == 1
    for method, path, body in [
        ("POST", "/turns", {"user_id": "bob", "messages": messages}),
        ("POST", "/search", {"user_id": "bob", "query": "where"}),
        ("GET", "/memories?user_id=bob", None),
        ("GET", "/turns?user_id=bob", None),
        ("DELETE", "/memories?user_id=bob", None),
    ]:
        answer = await front.ask(method, path, made["key"], json=body)
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), path
    forced = await front.ask("POST", "/turns", made["key"], json={"agent_id": "bot", "messages": messages})
    assert (await front.ask("GET", f"/turns/{forced.json()['id']}")).json()["user_id"] == "alice"
    refused = await front.ask("POST", "/keys", json={"role": "admin", "user_id": "alice"})
    assert (refused.status_code, refused.json()["error"]) == (400, "bad_request")


async def test_keys_of_two_users_may_send_the_same_idempotency_key(front: Front) -> None:
    """Neither learns what the other has sent, nor takes its keys away from it."""
    turns = list[str]()
    for user in ("alice", "bob", "alice"):
        made = await front.key("write", user_id=user)
        body = {"user_id": user, "messages": [{"role": "user", "content": "hello"}]}
        answer = await front.ask("POST", "/turns", made["key"], json=body, headers={"Idempotency-Key": "message-1"})
        assert answer.status_code == 202
        turns.append(answer.json()["id"])
    assert turns[0] == turns[2] != turns[1]


async def test_no_header_names_another_tenant(front: Front) -> None:
    made = await front.key("write", tenant="acme")
    body = {**ALICE, "messages": [{"role": "user", "content": "hello"}], "metadata": {"tenant": "default"}}
    for name in ("X-Tenant", "X-Tenant-Id", "X-Forwarded-User", "tenant"):
        headers = {name: "default"}
        assert (await front.ask("POST", "/turns", made["key"], json=body, headers=headers)).status_code == 202
    assert (await front.ask("GET", "/turns?tenant=default", made["key"])).json()["count"] == 4
    assert (await front.ask("GET", "/turns", ADMIN_KEY)).json()["count"] == 0


async def test_a_key_with_a_limit_is_told_how_it_stands_and_when_to_come_back(two: list[Front]) -> None:
    made = await two[0].key(per_minute=5)
    answers = [await two[number % 2].ask("GET", "/turns", made["key"]) for number in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["x-ratelimit-limit"] for answer in answers] == ["5"] * 7
    assert answers[0].headers["x-ratelimit-remaining"] == "4"
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    assert answers[-1].json()["error"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 12
    assert "x-ratelimit-limit" not in (await two[0].ask("GET", "/turns")).headers


async def test_a_key_without_a_limit_of_its_own_has_the_servers_and_the_operator_none(front: Front) -> None:
    made = await front.key("write")
    for method, path, body in (
        ("GET", "/turns", None),
        ("POST", "/search", {"user_id": "alice", "query": "where"}),
        ("POST", "/turns", {**ALICE, "messages": [{"role": "user", "content": "hello"}]}),
    ):
        answer = await front.ask(method, path, made["key"], json=body)
        assert answer.headers["x-ratelimit-limit"] == "6000", path
    assert int(answer.headers["x-ratelimit-remaining"]) < 6000
    assert "x-ratelimit-limit" not in (await front.ask("GET", "/turns", ADMIN_KEY)).headers


async def test_processes_together_let_no_more_through_than_the_limit(two: list[Front]) -> None:
    made = await two[0].key(per_minute=600)
    started = monotonic()
    answers = [(await two[number % 2].ask("GET", "/turns?page_size=1", made["key"])) for number in range(700)]
    passed = sum(answer.status_code == 200 for answer in answers)
    meanwhile = (monotonic() - started) * 600 / 60
    assert 590 <= passed <= 600 + meanwhile + 1
