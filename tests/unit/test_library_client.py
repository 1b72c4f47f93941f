"""`AsyncMemoryClient`: what it asks a server, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from scrubjay import AsyncMemoryClient
from scrubjay.client import ApiError
from scrubjay.errors import BadRequest, Forbidden, NotFound, StoreUnavailable
from scrubjay.library.failures import NotErased, StillWaiting, TurnDied
from tests.unit.fake_api import FakeApi, fake_api

AT = "2026-03-26T09:00:00Z"
MEMORY = "0d0c6c2e-0000-4000-8000-000000000000"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as api:
        yield api


@pytest.fixture
async def client(api: FakeApi) -> AsyncIterator[AsyncMemoryClient]:
    async with AsyncMemoryClient(api.url, "key", retries=1, wait_seconds=0.2) as client:
        yield client


def turn(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "t", "status": status, "accepted_at": AT, **more}


async def test_an_add_is_posted_once_more_under_one_key_where_the_server_asks_for_patience(
    api: FakeApi, client: AsyncMemoryClient
) -> None:
    api.plan("POST", "/turns", {"detail": "later", "error": "inbox_unavailable"}, 503, Retry_After="0")
    api.plan("POST", "/turns", {"id": "t", "status": "queued"}, 202)
    api.plan("GET", "/turns/t", turn("running"))
    events = [
        {"event": "NONE", "id": "1", "memory": "I live in Lisbon."},
        {"event": "UPDATE", "id": "2", "memory": "It is red.", "previous": "It is blue."},
    ]
    api.plan("GET", "/turns/t", turn("settled", events=events))
    added = await client.add("It is red.", user_id="ana")
    assert added["results"] == [
        {"id": "2", "memory": "It is red.", "event": "UPDATE", "previous_memory": "It is blue."}
    ]
    posted = [question for question in api.requests if question.method == "POST"]
    assert len({question.headers["Idempotency-Key"] for question in posted}) == 1
    assert len(posted) == 2
    assert posted[0].body["messages"] == [{"role": "user", "content": "It is red."}]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        ("retrying", "the model is away", StillWaiting),
        ("queued", None, StillWaiting),
        ("dead", "bad_answer: no JSON", TurnDied),
    ],
)
async def test_an_add_that_was_not_remembered_is_no_success(
    api: FakeApi, client: AsyncMemoryClient, status: str, error: str | None, kind: type[StillWaiting] | type[TurnDied]
) -> None:
    api.plan("POST", "/turns", {"id": "t", "status": "queued"}, 202)
    api.plan("GET", "/turns/t", turn(status, error=error))
    with pytest.raises(kind, match=error or "waits to be remembered") as raised:
        await client.add("It is red.", user_id="ana")
    assert isinstance(raised.value, (StillWaiting, TurnDied))
    assert raised.value.turn_id == "t"


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("invalid", 422, BadRequest),
        ("forbidden", 403, Forbidden),
        ("store_unavailable", 503, StoreUnavailable),
        ("unheard_of", 500, ApiError),
    ],
)
async def test_a_refusal_of_the_server_s_is_the_error_that_it_would_be_in_process(
    api: FakeApi, client: AsyncMemoryClient, code: str, status: int, kind: type[Exception]
) -> None:
    api.plan("POST", "/search", {"detail": "in its own words", "error": code}, status, Retry_After="0")
    with pytest.raises(kind, match="in its own words"):
        await client.search("where", user_id="ana")


async def test_an_erase_that_left_something_is_no_success(api: FakeApi, client: AsyncMemoryClient) -> None:
    api.plan("DELETE", "/memories", {"erased_at": AT, "watermark": 7, "turns": 0, "memories": 1, "verified": False})
    with pytest.raises(NotErased):
        await client.delete_all(user_id="ana")


async def test_a_reset_forgets_everybody_who_has_memories(api: FakeApi, client: AsyncMemoryClient) -> None:
    body = {"total_memories": 1}
    api.plan("GET", "/entities", [{"id": "ana", "type": "user", **body}, {"id": "bot", "type": "agent", **body}])
    api.plan("GET", "/entities", [])
    api.plan("DELETE", "/memories", {"erased_at": AT, "watermark": 7, "turns": 0, "memories": 1, "verified": True})
    await client.reset()
    assert len(api.requests) == 4, "two lists of one page, and two erases"
    assert [question.path for question in api.requests if question.method == "DELETE"] == [
        "/memories?user_id=ana&exact=true",
        "/memories?agent_id=bot&exact=true",
    ]


async def test_a_reset_of_more_owners_than_pages_reach_lists_them_again_until_nobody_is_new(
    api: FakeApi, client: AsyncMemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.library.remote._OWNERS_AT_ONCE", 2)
    monkeypatch.setattr("scrubjay.library.remote.DEEPEST", 4)
    body = {"type": "user", "total_memories": 1}
    for names in (("a", "b"), ("c", "d"), ("e", "f"), ("g",), ()):
        api.plan("GET", "/entities", [{"id": name, **body} for name in names])
    api.plan("DELETE", "/memories", {"erased_at": AT, "watermark": 7, "turns": 0, "memories": 1, "verified": True})
    await client.reset()
    listed = [question.path for question in api.requests if question.method == "GET"]
    assert listed == [f"/entities?page={page}&page_size=2" for page in (1, 2, 1, 2, 1)]
    erased = [question.path for question in api.requests if question.method == "DELETE"]
    assert erased == [f"/memories?user_id={name}&exact=true" for name in "abcdefg"]


async def test_metadata_is_joined_by_the_server_which_holds_the_owner_s_lane(
    api: FakeApi, client: AsyncMemoryClient
) -> None:
    api.plan("PUT", f"/memories/{MEMORY}", {"detail": "There is none.", "error": "not_found"}, 404)
    with pytest.raises(NotFound):
        await client.update(MEMORY, metadata={"a": 1})
    assert [(question.method, question.body) for question in api.requests] == [("PUT", {"metadata_patch": {"a": 1}})]
