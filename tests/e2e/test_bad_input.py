"""Bad input gets its 4xx with one clear sentence, and nothing is stored, changed or lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.running import Running

JSON = {"Content-Type": "application/json"}
HELLO = {"role": "user", "content": "I live in Berlin"}


@dataclass(frozen=True)
class Case:
    """What is sent, and how it must be refused."""

    name: str
    status: int
    sentence: str
    body: Any = None
    path: str = "/turns"
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))

    def __str__(self) -> str:
        return self.name


def turn(**changes: Any) -> dict[str, Any]:
    return {"user_id": "bad", "messages": [HELLO], **changes}


def said(content: Any) -> dict[str, Any]:
    return turn(messages=[{"role": "user", "content": content}])


ID = str(uuid.UUID(int=7))
CASES = [
    Case("no messages", 422, "messages: is needed", {"user_id": "bad"}),
    Case("empty messages", 422, "messages: List should have at least 1 item", turn(messages=[])),
    Case("messages that are no list", 422, "messages: Input should be a valid array", turn(messages="hello")),
    Case("only blank messages", 422, "at least one message must have content", said("  ")),
    Case("a message without content", 422, "messages.0.content: is needed", turn(messages=[{"role": "user"}])),
    Case("content that is no text", 422, "messages.0.content: Input should be a valid string", said(7)),
    Case("an unknown role", 422, "messages.0.role: Input should be 'system', 'user', 'assistant' or 'tool'",
         turn(messages=[{"role": "robot", "content": "x"}])),
    Case("no id at all", 422, "at least one of user_id, agent_id, run_id and app_id is needed", {"messages": [HELLO]}),
    Case("an empty id", 422, "user_id: must not be blank", turn(user_id="")),
    Case("a blank id", 422, "user_id: must not be blank", turn(user_id=" \u3000")),
    Case("an id that is true", 422, "user_id: must be text, an integer or a UUID", turn(user_id=True)),
    Case("an endless id", 422, "user_id: must have at most 256 characters", turn(user_id="x" * 300)),
    Case("an unknown field", 422, "mesages: is not a field of this request", turn(mesages=[])),
    Case("an unknown field in a message", 422, "messages.0.rolle: is not a field",
         turn(messages=[{**HELLO, "rolle": "user"}])),
    Case("a body of 10 MB", 413, "the body is larger than", said("x" * 10_000_000)),
    Case("a NUL in the text", 422, "messages.0.content: must not contain NUL", said("a\x00b")),
    Case("a NUL in an id", 422, "user_id: must not contain NUL", turn(user_id="a\x00b")),
    Case("a NUL in metadata", 422, "metadata: must not contain NUL", turn(metadata={"k": ["a\x00"]})),
    Case("a lone surrogate", 400, "the body is not valid JSON",
         b'{"user_id":"bad","messages":[{"role":"user","content":"a\\ud83d"}]}'),
    Case("a lone surrogate in an id", 400, "the body is not valid JSON",
         b'{"user_id":"\\udc00","messages":[{"role":"user","content":"a"}]}'),
    Case("broken UTF-8", 400, "the body is not valid JSON",
         b'{"user_id":"bad","messages":[{"role":"user","content":"\xff\xfe"}]}'),
    Case("not JSON", 400, "the body is not valid JSON", b"{hello"),
    Case("an empty body", 400, "the body is not valid JSON", b""),
    Case("a list for a body", 422, "the body must be a JSON object", []),
    Case("another content type", 415, "send Content-Type: application/json", b"user_id=bad",
         headers={"Content-Type": "application/x-www-form-urlencoded"}),
    Case("no content type", 415, "send Content-Type: application/json", b"{}", headers={}),
    Case("a timestamp that is none", 422, "timestamp: Input should be a valid datetime", turn(timestamp="yesterday")),
    Case("a timestamp without a zone", 422, "timestamp: Input should have timezone info",
         turn(timestamp="2026-03-26T09:00:00")),
    Case("a timestamp that does not exist in UTC", 422, "timestamp: must lie between the years 1 and 9999",
         turn(timestamp="0001-01-01T00:00:00+05:00")),
    Case("a timestamp that is a truth value", 422, "timestamp: must be a time such as", turn(timestamp=True)),
    Case("metadata that is no object", 422, "metadata: Input should be an object", turn(metadata=[1])),
    Case("a number in metadata that is none", 422, "metadata: must not contain NaN",
         b'{"user_id":"bad","messages":[{"role":"user","content":"a"}],"metadata":{"k":NaN}}'),
    Case("metadata nested without end", 422, "metadata: must not be nested deeper",
         turn(metadata={"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}})),
    Case("an endless idempotency key", 400, "Idempotency-Key must have 1 to 256 characters", turn(),
         headers={**JSON, "Idempotency-Key": "k" * 300}),
    Case("a search without a query", 422, "query: is needed", {"user_id": "bad"}, "/search"),
    Case("a search with an empty query", 422, "query: String should have at least 1", {"user_id": "bad", "query": ""},
         "/search"),
    Case("a search of nobody", 422, "at least one of user_id", {"query": "x"}, "/search"),
    Case("a search for too many", 422, "Input should be less than or equal to 100",
         {"user_id": "bad", "query": "x", "limit": 1000}, "/search"),
    Case("a threshold above one", 422, "threshold: Input should be less than or equal to 1",
         {"user_id": "bad", "query": "x", "threshold": 7}, "/search"),
    Case("everybody", 400, "user_id: must be the id of one owner", turn(user_id="*")),
    Case("a search of everybody by a filter", 400, "filters: name an owner",
         {"query": "x", "filters": {"user_id": "*"}}, "/search"),
    Case("an unknown filter", 400, 'filters: "colour" is not known here',
         {"user_id": "bad", "query": "x", "filters": {"colour": 1}}, "/search"),
    Case("a filter that is none", 400, "filters: a filter must be an object, not 7",
         {"user_id": "bad", "query": "x", "filters": 7}, "/search"),
    Case("a filter that is no JSON", 400, "filters: the parameter is not valid JSON",
         path="/memories?user_id=bad&filters={", method="GET"),
    Case("a filter that contradicts the request", 400, "user_id is one id in the request and another in its filters",
         path='/memories?user_id=bad&filters={"user_id":"good"}', method="GET"),
    Case("page 0", 422, "page: Input should be greater than or equal to 1", path="/memories?user_id=bad&page=0",
         method="GET"),
    Case("a page of 201", 422, "page_size: Input should be less than or equal to 200",
         path="/memories?user_id=bad&page_size=201", method="GET"),
    Case("a page that is no number", 422, "page: Input should be a valid integer", path="/turns?page=two",
         method="GET"),
    Case("an unknown status", 422, "status: Input should be 'queued'", path="/turns?status=lost", method="GET"),
    Case("a list of nobody", 400, "name an owner", path="/memories", method="GET"),
    Case("forgetting nobody", 400, "name an owner", path="/memories", method="DELETE"),
    Case("an unknown turn", 404, "there is no turn with this id", path="/turns/nope", method="GET"),
    Case("an unknown memory", 404, "there is no memory with this id", path=f"/memories/{ID}", method="GET"),
    Case("the history of an unknown memory", 404, "there is no memory", path=f"/memories/{ID}/history", method="GET"),
    Case("changing an unknown memory", 404, "there is no memory", {"text": "x"}, f"/memories/{ID}", "PUT"),
    Case("deleting an unknown memory", 404, "there is no memory", path=f"/memories/{ID}", method="DELETE"),
    Case("a memory id that is none", 422, "memory_id: Input should be a valid UUID", path="/memories/7",
         method="GET"),
    Case("a memory's empty text", 422, "text: String should have at least 1", {"text": ""}, f"/memories/{ID}", "PUT"),
    Case("a memory's blank text", 422, "text: must not be blank", {"text": "  "}, f"/memories/{ID}", "PUT"),
    Case("dead letters by nothing", 422, "say which dead turns", {}, "/dead/replay"),
    Case("dead letters, all and some", 422, "give either all", {"all": True, "error": "x"}, "/dead/discard"),
    Case("dead letters by a time without a zone", 422, "accepted_after: ", {"accepted_after": "2026-03-01T00:00:00"},
         "/dead/replay"),
    Case("chat without a model", 501, "no language model is configured", {"user_id": "bad", "message": "hi"}, "/chat"),
    Case("an unknown route", 404, "Not Found", path="/nowhere", method="GET"),
    Case("a method that is not served", 405, "Method Not Allowed", path="/turns", method="PATCH"),
]  # fmt: skip


@pytest.fixture(scope="module")
def http(stack: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30) as client:
        yield client


def state(http: httpx.Client) -> tuple[int, int]:
    """How many turns there are, and how many memories of the owner that all cases name."""
    turns = http.get("/turns", params={"page_size": 1}).json()["count"]
    return turns, http.get("/memories", params={"user_id": "bad"}).json()["count"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_refused_with_a_sentence_and_changes_nothing(http: httpx.Client, case: Case) -> None:
    before = state(http)
    content = case.body if isinstance(case.body, bytes) else json.dumps(case.body) if case.body is not None else None
    answer = http.request(case.method, case.path, content=content, headers=case.headers if content is not None else {})
    assert answer.status_code == case.status, answer.text
    body = answer.json()
    assert set(body) == {"detail", "error"}
    assert case.sentence in body["detail"]
    assert "\n" not in body["detail"]
    assert len(body["detail"]) < 200
    assert state(http) == before


def test_a_large_body_without_a_length_is_refused_too(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"user_id":"bad","messages":[{"role":"user","content":"'
        for _ in range(200):
            yield b"x" * 10_000
        yield b'"}]}'

    before = state(http)
    answer = http.post("/turns", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert state(http) == before


def test_a_body_without_a_length_is_let_in_when_it_is_small(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"user_id":"chunked","messages":[{"role":'
        yield b'"user","content":"I live in Berlin"}]}'

    assert http.post("/turns", content=chunks(), headers=JSON).status_code == 202


def test_a_reused_idempotency_key_with_another_body_is_a_conflict(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = http.post("/turns", json=turn(user_id="idem"), headers=headers)
    again = http.post("/turns", json=turn(user_id="idem"), headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    before = http.get("/turns", params={"user_id": "idem"}).json()["count"]
    other = http.post("/turns", json=turn(user_id="idem", metadata={"k": 1}), headers=headers)
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")
    assert "used before with another body" in other.json()["detail"]
    assert http.get("/turns", params={"user_id": "idem"}).json()["count"] == before == 1
