"""The HTTP client: what it sends, when it tries again, how it fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from scrubjay.client import ApiError, ScrubjayClient, ServerUnreachable
from scrubjay.client.views import ChatEnd, ChatStart, Delta
from tests.support import free_port
from tests.unit.fake_api import FakeApi, fake_api

HELLO = [{"role": "user", "content": "hello"}]
QUEUED = {"id": "t1", "status": "queued"}
BUSY = {"detail": "Redis is away.", "error": "inbox_unavailable"}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


async def test_a_turn_is_sent_with_its_owner_its_time_and_an_idempotency_key(api: FakeApi) -> None:
    api.plan("POST", "/turns", QUEUED, 202)
    async with ScrubjayClient(api.url, "secret") as client:
        queued = await client.add_turn(HELLO, user_id="alice", timestamp=datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert queued.id == "t1"
    [question] = api.requests
    assert question.body == {
        "messages": HELLO,
        "timestamp": "2026-03-01T09:00:00+00:00",
        "infer": True,
        "user_id": "alice",
    }
    assert question.headers["Authorization"] == "Bearer secret"
    assert len(question.headers["Idempotency-Key"]) == 36


async def test_a_turn_that_was_turned_away_is_sent_again_under_the_same_key(api: FakeApi) -> None:
    api.plan("POST", "/turns", BUSY, 503, Retry_After="0")
    api.plan("POST", "/turns", QUEUED, 202)
    async with ScrubjayClient(api.url) as client:
        await client.add_turn(HELLO, user_id="alice")
    first, second = api.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


async def test_a_call_that_is_not_safe_to_repeat_is_made_once(api: FakeApi) -> None:
    api.plan("POST", "/chat", BUSY, 503, Retry_After="0")
    async with ScrubjayClient(api.url) as client:
        with pytest.raises(ApiError, match="Redis is away"):
            await client.chats.reply("alice", "hello")
    assert len(api.requests) == 1


def events(*items: tuple[str, str]) -> str:
    return "".join(f"event: {name}\ndata: {data}\n\n" for name, data in items)


MEMORIES, DELTA = ("memories", '{"memories_used": ["She skis."]}'), ("delta", '{"text": "Hi\u2028there"}')
DONE = ("done", '{"reply": "Hi\u2028there", "memories_used": ["She skis."], "turn_id": "t1"}')


async def test_a_chat_that_streams_is_read_to_its_end_past_what_is_not_known(api: FakeApi) -> None:
    api.plan("POST", "/chat", ": ping\n\n" + events(MEMORIES, ("mood", "{}"), DELTA, DONE))
    async with ScrubjayClient(api.url) as client:
        items = [item async for item in client.chats.stream("ana", "hello", run_id="r1")]
    assert items == [
        ChatStart(memories_used=("She skis.",)),
        Delta(text="Hi\u2028there"),
        ChatEnd(reply="Hi\u2028there", memories_used=("She skis.",), turn_id="t1"),
    ]
    assert api.requests[0].body == {"user_id": "ana", "run_id": "r1", "message": "hello", "stream": True}


async def test_a_chat_that_stops_before_its_end_is_no_answer(api: FakeApi) -> None:
    api.plan("POST", "/chat", events(MEMORIES, DELTA))
    api.plan(
        "POST", "/chat", events(MEMORIES, ("error", '{"detail": "The model is away.", "error": "model_unavailable"}'))
    )
    async with ScrubjayClient(api.url) as client:
        with pytest.raises(ServerUnreachable, match="broke off"):
            [item async for item in client.chats.stream("ana", "hello")]
        with pytest.raises(ApiError, match="The model is away"):
            [item async for item in client.chats.stream("ana", "hello")]


async def test_patience_ends_and_the_servers_own_sentence_is_raised(api: FakeApi) -> None:
    api.plan("GET", "/turns/t1", BUSY, 503, Retry_After="0")
    async with ScrubjayClient(api.url, retries=2) as client:
        with pytest.raises(ApiError, match="Redis is away") as caught:
            await client.turn("t1")
    assert (caught.value.code, caught.value.status, len(api.requests)) == ("inbox_unavailable", 503, 3)


async def test_a_call_that_may_not_be_made_twice_is_made_again_where_it_was_refused_as_one_too_many(
    api: FakeApi,
) -> None:
    often = {"detail": "this key may make 60 requests a minute; wait before the next", "error": "rate_limited"}
    api.plan("POST", "/dead/replay", often, 429, Retry_After="0.01")
    api.plan("POST", "/dead/replay", {"count": 1})
    async with ScrubjayClient(api.url) as client:
        assert (await client.dead_letters.replay(["t1"])).count == 1
    assert len(api.requests) == 2


async def test_nobody_is_asked_again_before_the_time_that_a_refusal_names(api: FakeApi) -> None:
    often = {"detail": "this key may make 1 requests a minute; wait before the next", "error": "rate_limited"}
    api.plan("GET", "/turns/t1", often, 429, Retry_After="60")
    async with ScrubjayClient(api.url) as client:
        with pytest.raises(ApiError, match="wait before the next") as caught:
            await client.turn("t1")
    assert (caught.value.retry_after_seconds, len(api.requests)) == (60, 1)


async def test_who_has_patience_waits_as_long_as_a_refusal_says(api: FakeApi) -> None:
    for _ in range(2):
        api.plan("POST", "/dead/replay", {"detail": "wait", "error": "rate_limited"}, 429, Retry_After="0.3")
    api.plan("POST", "/dead/replay", {"count": 1})
    async with ScrubjayClient(api.url, patience_seconds=0.2) as client:
        with pytest.raises(ApiError, match="wait"):
            await client.dead_letters.replay(["t1"])
    begun = asyncio.get_running_loop().time()
    async with ScrubjayClient(api.url, patience_seconds=0.4) as client:
        assert (await client.dead_letters.replay(["t1"])).count == 1
    assert asyncio.get_running_loop().time() - begun >= 0.29


async def test_an_error_page_that_is_not_ours_is_told_by_its_status(api: FakeApi) -> None:
    api.plan("GET", "/turns/t1", "<html>", 500)
    async with ScrubjayClient(api.url) as client:
        with pytest.raises(ApiError, match="status 500"):
            await client.turn("t1")


async def test_nobody_listening_is_told_as_such() -> None:
    async with ScrubjayClient(f"http://127.0.0.1:{free_port()}", retries=0) as client:
        with pytest.raises(ServerUnreachable, match="Nobody answers"):
            await client.turn("t1")


async def test_an_id_with_a_slash_stays_one_segment_of_the_path(api: FakeApi) -> None:
    async with ScrubjayClient(api.url) as client:
        with pytest.raises(ApiError):
            await client.memory("a/b c")
    assert api.requests[0].path == "/memories/a%2Fb%20c"


async def test_a_search_sends_only_what_was_given(api: FakeApi) -> None:
    api.plan("POST", "/search", {"results": [], "pending": 2})
    async with ScrubjayClient(api.url) as client:
        answer = await client.search("which stack?", user_id="alice", limit=3, wait_for="t1", wait_ms=500)
    assert answer.pending == 2
    assert api.requests[0].body == {
        "query": "which stack?", "limit": 3, "wait_for": "t1", "wait_ms": 500, "user_id": "alice",
    }  # fmt: skip


async def test_filters_go_into_the_body_of_a_search_and_as_json_into_the_query_of_a_list(api: FakeApi) -> None:
    api.plan("POST", "/search", {"results": [], "pending": 0})
    api.plan("GET", "/memories", {"count": 0, "next": None, "previous": None, "results": []})
    body = {"user_id": "alice", "categories": {"in": ["food", "дом"]}}
    async with ScrubjayClient(api.url) as client:
        await client.search("tea", filters=body)
        await client.memories(filters=body)
    assert api.requests[0].body == {"query": "tea", "filters": body, "limit": 5}
    query = parse_qs(urlsplit(api.requests[1].path).query)
    assert json.loads(query.pop("filters")[0]) == body
    assert query == {"page": ["1"], "page_size": ["100"]}


async def test_an_id_of_dots_stays_an_id_and_does_not_lead_to_another_address(api: FakeApi) -> None:
    for name in (".", ".."):
        async with ScrubjayClient(api.url) as client:
            with pytest.raises(ApiError):
                await client.delete(name)
    assert [question.path for question in api.requests] == ["/memories/%2E", "/memories/%2E%2E"]
