"""How much fits through the door: what is more is refused in one sentence, before any part is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from scrubjay.api.app import create_app
from scrubjay.model import After
from scrubjay.settings import Settings

SAID = {"role": "user", "content": "I live in Berlin"}
OWNED = {"user_id": "ana"}


def turn(**changes: Any) -> dict[str, Any]:
    return {**OWNED, "messages": [SAID], **changes}


def search(**changes: Any) -> dict[str, Any]:
    return {**OWNED, "query": "where?", **changes}


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


TOO_MUCH = {
    "messages of a turn": ("/turns", turn(messages=[SAID] * 201), "messages: List should have at most 200 items"),
    "text of a message": (
        "/turns",
        turn(messages=[{"role": "user", "content": "x" * 200_001}]),
        "messages.0.content: String should have at most 200000 characters",
    ),
    "keys of metadata": (
        "/turns",
        turn(metadata={str(number): 1 for number in range(51)}),
        "metadata: must not have more than 50 keys",
    ),
    "levels of metadata": ("/turns", turn(metadata=nested(6)), "metadata: must not be nested deeper than 5 levels"),
    "bytes of metadata": (
        "/turns",
        turn(metadata={"note": "x" * 16_384}),
        "metadata: must not be larger than 16384 bytes as JSON; it has 16395",
    ),
    "bytes of metadata that is not ASCII": (
        "/turns",
        turn(metadata={"note": "é" * 8_192}),
        "metadata: must not be larger than 16384 bytes as JSON; it has 16395",
    ),
    "text of an id": ("/turns", turn(run_id="x" * 257), "run_id: must have at most 256 characters"),
    "text of a query": ("/search", search(query="x" * 8_001), "query: String should have at most 8000 characters"),
    "results of a search": ("/search", search(limit=101), "limit: Input should be less than or equal to 100"),
    "a wait of a search": ("/search", search(wait_ms=30_001), "wait_ms: Input should be less than or equal to 30000"),
    "text of a key's label": ("/keys", {"label": "x" * 101}, "label: String should have at most 100 characters"),
}
JUST_ENOUGH = turn(
    messages=[SAID] * 199 + [{"role": "user", "content": "x" * 200_000}],
    metadata={"deep": nested(4), "note": "x" * 16_280, **{str(number): 1 for number in range(4)}},
)
RECEIPT = {
    "id": "x", "tenant": "default", "erased_at": "2026-01-01T00:00:00Z", "watermark": 7, "owner": "x",
    "scope": ["user_id"], "turns": 1,
    "memories": 1, "verified": True, "counts": {}, "left": {}, "key_id": "x",
}  # fmt: skip
STRICT = {
    "a number that is text": ("/search", search(limit="5"), "limit: Input should be a valid integer"),
    "a number that is true": ("/search", search(threshold=True), "threshold: Input should be a valid number"),
    "a truth that is text": ("/turns", turn(infer="no"), "infer: Input should be a valid boolean"),
    "a truth that is a number": ("/dead/discard", {"all": 1}, "all: Input should be a valid boolean"),
    "a time that is a number as text": ("/turns", turn(timestamp="1700000000"), "timestamp: must be a time such as"),
    "a receipt's number that is true": (
        "/receipts/verify",
        {"receipt": {**RECEIPT, "turns": True}},
        "receipt: turns: Input should be a valid integer",
    ),
    "a receipt's truth that is a number": (
        "/receipts/verify",
        {"receipt": {**RECEIPT, "verified": 1}},
        "receipt: verified: Input should be a valid boolean",
    ),
    "a NUL in a label": ("/keys", {"label": "a\x00"}, "label: must not contain NUL characters"),
}


@cache
def partless() -> FastAPI:
    app = create_app(Settings(auth="off", max_body_bytes=1_000_000))
    app.state.parts = SimpleNamespace()
    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """The API without any part: a request that got past the door would fail."""
    transport = httpx.ASGITransport(partless(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.parametrize("name", [*TOO_MUCH, *STRICT])
async def test_too_much_or_the_wrong_kind_is_refused_with_a_sentence(http: httpx.AsyncClient, name: str) -> None:
    path, body, sentence = {**TOO_MUCH, **STRICT}[name]
    answer = await http.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith(sentence)


async def test_just_enough_is_not_refused_at_the_door(http: httpx.AsyncClient) -> None:
    assert (await http.post("/turns", json=JUST_ENOUGH)).status_code == 500  # there is nothing behind the door


async def test_a_whole_number_may_be_written_with_a_point(http: httpx.AsyncClient) -> None:
    assert (await http.post("/search", json=search(limit=5.0))).status_code == 500


@pytest.mark.parametrize("query", ["page=0", "page=1000001", "page_size=0", "page_size=201"])
async def test_a_page_lies_within_its_bounds(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/memories?user_id=ana&{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{query.split('=')[0]}: Input should be ")


LISTS = ("/memories?user_id=ana&", "/turns?", "/turns/gated?", "/dead?", "/quarantine?", "/receipts?", "/keys?")
OTHER_LISTS = ("/entities?", "/v1/events/?", "/v1/entities/?", "/v1/memories/?user_id=ana&")


@pytest.mark.parametrize("path", LISTS + OTHER_LISTS)
async def test_a_page_beyond_ten_thousand_items_is_refused_with_what_to_do_instead(
    http: httpx.AsyncClient, path: str
) -> None:
    for query in ("page=51&page_size=200", "page=1000000&page_size=1"):
        answer = await http.get(f"{path}{query}")
        assert answer.status_code == 400, answer.text
        assert "beyond the first 10000 items" in answer.text
        assert "cursor" in answer.text


@pytest.mark.parametrize("path", LISTS)
async def test_a_cursor_is_taken_as_it_stands_and_not_beside_a_page(http: httpx.AsyncClient, path: str) -> None:
    for cursor in ("", "x", "%00", "bm8gc3RhbXA", "99999999999999999999999999999", "ÄÖ"):
        answer = await http.get(f"{path}cursor={cursor}")
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_request"), cursor
    answer = await http.get(f"{path}page=2&cursor={After(stamp=1, name='x').cursor}")
    assert "exclude each other" in answer.json()["detail"]


async def test_a_body_of_more_bytes_than_the_setting_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/turns", content=b" " * 1_000_001, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert answer.json()["detail"].startswith("the body is larger than 1000000 bytes")


NO_JSON = {
    "a byte order mark": '\ufeff{"x": 1}'.encode(),
    "UTF-16": '{"x": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"x": 1}'.encode("utf-16-le"),
    "UTF-32": '{"x": 1}'.encode("utf-32-be"),
    "half of a pair": rb'{"x": "\ud800"}',
    "half of a pair as bytes": b'{"x": "\xed\xa0\x80"}',
    "bytes that are no UTF-8": b'{"x": "\xc0\xaf"}',
    "brackets without end": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", NO_JSON)
async def test_every_route_with_a_body_takes_json_in_utf_8_and_nothing_else(http: httpx.AsyncClient, kind: str) -> None:
    document, headers = partless().openapi(), {"Content-Type": "application/json"}
    routes = [(method, path) for path, methods in document["paths"].items() for method in methods]
    with_body = [(method, path) for method, path in routes if "requestBody" in document["paths"][path][method]]
    assert len(with_body) > 5
    for method, path in with_body:
        answer = await http.request(method, path, content=NO_JSON[kind], headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_request"), path
        assert answer.json()["detail"].startswith("the body is not valid JSON: "), path
