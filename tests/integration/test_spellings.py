"""Every surface reaches an owner by every spelling of the id; what is stored in another one can still be erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from scrubjay.ingest.drain import drain
from scrubjay.model import Message, Page, Role, Scope, Submission
from tests.integration.front import Front, fronts

JOSE, DECOMPOSED = "jos\u00e9", "jose\u0301"
SPELLING = f" \u3000{DECOMPOSED} "
SAID = [{"role": "user", "content": "I keep bees"}]


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


async def drained(front: Front, **ids: str) -> None:
    await drain(Scope(tenant="default", **ids).lane, front.parts.drain)


async def remembered(front: Front, **ids: Any) -> None:
    answer = await front.ask("POST", "/turns", json={**ids, "messages": SAID, "infer": False})
    assert answer.status_code == 202, answer.text


async def texts(front: Front, **ids: str) -> list[str]:
    return [memory.text for memory in (await front.parts.store.page(Scope(tenant="default", **ids), Page())).items]


FORGETTING = {
    "our own": ("DELETE", f"/memories?user_id={quote(SPELLING)}"),
    "an entity": ("DELETE", f"/entities/user/{quote(SPELLING)}"),
    "Mem0's": ("DELETE", f"/v1/memories/?user_id={quote(SPELLING)}"),
    "Mem0's filters": ("DELETE", f"/v1/memories/?filters={quote(repr({'user_id': SPELLING}))}"),
    "Mem0's entity": ("DELETE", f"/v2/entities/user/{quote(SPELLING)}/"),
}


async def test_who_is_forgotten_by_another_spelling_is_gone(front: Front) -> None:
    for surface, (method, path) in FORGETTING.items():
        await remembered(front, user_id=SPELLING)
        await drained(front, user_id=JOSE)
        assert await texts(front, user_id=JOSE) == ["I keep bees"]
        answer = await front.ask(method, path)
        assert answer.status_code == 200, answer.text
        assert await texts(front, user_id=JOSE) == [], surface


async def test_who_is_looked_for_by_another_spelling_is_there(front: Front) -> None:
    await remembered(front, user_id=SPELLING, run_id=7)
    await drained(front, user_id=JOSE)
    query = {"query": "bees", "user_id": SPELLING}
    requests = [
        ("POST", "/search", query),
        ("POST", "/search", {"query": "bees", "filters": {"AND": [{"user_id": SPELLING}, {"run_id": 7}]}}),
        ("POST", "/search", {"query": "bees", "filters": {"AND": [{"user_id": SPELLING}, {"run_id": 7.0}]}}),
        ("GET", f"/memories?user_id={quote(SPELLING)}&run_id=7", None),
        ("GET", f"/turns?user_id={quote(SPELLING)}", None),
        ("POST", "/v3/memories/search/", query),
        ("POST", "/v3/memories/", {"filters": {"user_id": SPELLING}}),
        ("POST", "/v3/memories/", {"filters": {"run_id": 7.0}}),
    ]
    for method, path, body in requests:
        answer = await front.ask(method, path, json=body)
        assert len(answer.json()["results"]) == 1, (path, answer.text)
    entity = await front.ask("GET", f"/v2/entities/user/{quote(SPELLING)}/")
    assert entity.json()["name"] == JOSE
    exported = await front.ask("GET", f"/export?user_id={quote(SPELLING)}")
    assert len(exported.text.splitlines()) == 4


async def test_a_key_is_limited_to_one_user_whatever_the_spelling(front: Front) -> None:
    key = await front.key("write", user_id=SPELLING)
    assert key["user_id"] == JOSE
    for spelling, status in ((SPELLING, 202), (DECOMPOSED, 202), ("Jose", 403)):
        answer = await front.ask("POST", "/turns", key["key"], json={"user_id": spelling, "messages": SAID})
        assert answer.status_code == status, answer.text


async def test_a_key_that_is_stored_with_another_spelling_is_good_for_its_user(front: Front, redis: Redis) -> None:
    made = await front.key("write", user_id="joseXX")
    row: Any = await redis.hget("sj:api_keys", made["id"])
    assert row.count(b"joseXX") == 1
    await redis.hset("sj:api_keys", made["id"], row.replace(b"joseXX", f"{DECOMPOSED} ".encode()))
    for name, status in ((f"{DECOMPOSED} ", 202), (JOSE, 202), ("Jose", 403)):
        body = {"user_id": name, "messages": SAID, "infer": False}
        answer = await front.ask("POST", "/turns", made["key"], json=body)
        assert answer.status_code == status, answer.text
    await drained(front, user_id=JOSE)
    assert len((await front.ask("GET", "/memories", made["key"])).json()["results"]) == 2
    for exact, name, status in (("true", f"{DECOMPOSED} ", 200), ("true", "Jose", 403), ("false", DECOMPOSED, 200)):
        query = {"user_id": name, "exact": exact}
        assert (await front.ask("DELETE", "/memories", made["key"], params=query)).status_code == status
    assert await texts(front, user_id=JOSE) == []


async def test_an_id_that_a_query_names_twice_is_refused(front: Front) -> None:
    await remembered(front, user_id="bob")
    await drained(front, user_id="bob")
    for method, path in (
        ("DELETE", "/memories"), ("DELETE", "/v1/memories/"), ("GET", "/memories"), ("GET", "/turns"),
        ("GET", "/export"),
    ):  # fmt: skip
        for again in ("user_id=alice&user_id=bob", "user_id=bob&user_id=bob"):
            answer = await front.ask(method, f"{path}?{again}")
            assert (answer.status_code, "more than once" in answer.json()["detail"]) == (400, True), (path, answer.text)
    assert await texts(front, user_id="bob") == ["I keep bees"]


async def test_an_import_brings_owners_in_by_the_one_spelling(front: Front) -> None:
    arrival = {"memory": "Jose keeps bees", "user_id": SPELLING, "run_id": 7}
    answer = await front.ask("POST", "/import", json={"memories": [arrival]})
    assert answer.json()["imported"] == 1, answer.text
    assert await texts(front, user_id=JOSE, run_id="7") == ["Jose keeps bees"]


BLANK: list[tuple[str, str, Any]] = [
    ("POST", "/turns", {"user_id": "\u3000", "messages": SAID}),
    ("POST", "/search", {"query": "q", "user_id": " "}),
    ("POST", "/chat", {"user_id": " ", "message": "Hello"}),
    ("POST", "/keys", {"role": "read", "user_id": " "}),
    ("GET", "/memories?user_id=%20", None),
    ("GET", "/turns?user_id=%20", None),
    ("DELETE", "/memories?user_id=%20", None),
    ("POST", "/v3/memories/add/", {"user_id": " ", "messages": SAID}),
    ("DELETE", "/v1/memories/?user_id=%20", None),
    ("POST", "/v3/memories/", {"filters": {"user_id": " "}}),
]


async def test_a_blank_id_is_refused_everywhere_with_the_name_of_its_field(front: Front) -> None:
    for method, path, body in BLANK:
        answer = await front.ask(method, path, json=body)
        assert answer.status_code in (400, 422), (path, answer.text)
        assert "user_id" in answer.json()["detail"], path
        assert "must not be blank" in answer.json()["detail"], path


async def test_what_is_stored_in_another_spelling_is_listed_and_erased_exactly(front: Front) -> None:
    for user in (SPELLING, JOSE):
        scope = Scope(tenant="default", user_id=user)  # past every surface
        message = Message(role=Role.USER, content="I keep bees")
        await front.parts.intake.accept(Submission(scope=scope, messages=(message,), infer=False))
        await drained(front, user_id=user)
    assert {entity["id"] for entity in (await front.ask("GET", "/entities")).json()} == {SPELLING, JOSE}
    answer = await front.ask("DELETE", "/memories", params={"user_id": SPELLING, "exact": "true"})
    assert (answer.json()["memories"], answer.json()["verified"]) == (1, True)
    assert (await texts(front, user_id=SPELLING), len(await texts(front, user_id=JOSE))) == ([], 1)
    again = await front.ask("DELETE", "/memories", params={"user_id": SPELLING})
    assert (again.json()["memories"], await texts(front, user_id=JOSE)) == (1, [])
    for wrong in ("*", "", "."):
        assert (await front.ask("DELETE", "/memories", params={"user_id": wrong, "exact": "true"})).status_code >= 400
