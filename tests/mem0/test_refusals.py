"""Refusals reach Mem0's clients as their own exceptions, with a sentence, and never as a list or an empty body."""

from __future__ import annotations

import asyncio
import gc
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from scrubjay.api.app import create_app
from scrubjay.bootstrap import opened
from scrubjay.devstack.sockets import http_get
from scrubjay.settings import Settings
from tests.mem0.clients import KINDS, Kind, Speaker, exceptions, mem0, speaking
from tests.mem0.conftest import OPERATOR, Keys
from tests.mem0.scenes import remembered
from tests.running import Running
from tests.support import free_port, wait_until

NOBODYS = str(uuid.UUID(int=7))


async def refused(speak: Speaker, kind: Any, method: str, *arguments: Any, **options: Any) -> Any:
    """The exception of this kind that a call raises; its message is one sentence, in both fields of the body."""
    with pytest.raises(kind) as raised:
        await speak(method, *arguments, **options)
    assert type(raised.value) is kind
    assert raised.value.details == {"detail": raised.value.message, "error": raised.value.message}
    return raised.value


async def test_an_id_that_is_no_uuid_is_a_validation_error(speak: Speaker) -> None:
    for method, more in (("get", {}), ("history", {}), ("delete", {}), ("update", {"text": "x"})):
        error = await refused(speak, exceptions.ValidationError, method, "id with/slash", **more)
        assert speak.last.line.partition("?")[0].count("id%20with%2Fslash") == 1
        assert (error.message, error.error_code) == ("memory_id should be a valid UUID", "HTTP_400")


async def test_a_memory_that_is_not_there_is_not_found(speak: Speaker) -> None:
    for method, more in (("get", {}), ("history", {}), ("delete", {}), ("update", {"text": "x"})):
        error = await refused(speak, exceptions.MemoryNotFoundError, method, NOBODYS, **more)
        assert (error.message, error.error_code) == ("Memory not found!", "HTTP_404")


async def test_a_batch_with_one_memory_that_is_not_there_changes_none(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    batch = [{"memory_id": kept, "text": "new"}, {"memory_id": NOBODYS, "text": "new"}]
    for method in ("batch_update", "batch_delete"):
        await refused(speak, exceptions.MemoryNotFoundError, method, batch)
        assert (await speak("get", kept))["memory"] == "I live in Lisbon"


async def test_invalid_input_is_a_validation_error_that_names_the_field(speak: Speaker) -> None:
    error = await refused(speak, exceptions.ValidationError, "add", [{"role": "robot", "content": "x"}], user_id="ana")
    assert (error.message.startswith("messages.0.role: "), error.error_code) == (True, "HTTP_400")
    error = await refused(speak, exceptions.ValidationError, "add", "hello")
    assert error.message.startswith("at least one of user_id, agent_id")
    error = await refused(speak, exceptions.ValidationError, "search", "x", filters={"user_id": "ana", "colour": "red"})
    assert error.message.startswith('filters: "colour" is not known here')


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a client that is not made leaves its connection open
@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_that_is_not_known_is_told_so_when_the_client_is_made(kind: Kind, stack: Running) -> None:
    with pytest.raises(ValueError, match="Error: this key is not known") as raised:
        getattr(mem0, kind)(api_key="m0-nobodys", host=stack.url)
    del raised
    gc.collect()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_that_may_only_read_is_an_authentication_error_where_it_writes(
    kind: Kind, stack: Running, keys: Keys
) -> None:
    async with speaking(kind, stack.url, keys("read")) as speak:
        error = await refused(speak, exceptions.AuthenticationError, "add", "hello", user_id="ana")
        assert (error.error_code, error.message) == (
            "HTTP_403", "this needs a key with the role write; yours has the role read",
        )  # fmt: skip
        speak.http.headers["Authorization"] = "Token nobodys"
        assert (await refused(speak, exceptions.AuthenticationError, "get", NOBODYS)).error_code == "HTTP_401"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_that_asks_too_often_is_a_rate_limit_error_that_says_when_to_come_again(
    kind: Kind, stack: Running, keys: Keys
) -> None:
    async with speaking(kind, stack.url, keys(per_minute=2)) as speak:  # one of the two was the ping
        await speak("get_all", filters={"user_id": "ana"})
        error = await refused(speak, exceptions.RateLimitError, "get_all", filters={"user_id": "ana"})
    numbers = {name: int(value) for name, value in error.debug_info.items() if "r" in name and str(value).isdigit()}
    assert 1 <= numbers["retry_after"] <= 60
    assert (numbers["x_ratelimit_limit"], numbers["x_ratelimit_remaining"]) == (2, 0)
    assert numbers["x_ratelimit_reset"] > 1_700_000_000


async def test_a_body_that_is_too_large_is_a_quota_error(speak: Speaker) -> None:
    error = await refused(speak, exceptions.MemoryQuotaExceededError, "add", "x" * 100_000, user_id="ana")
    assert error.message.startswith("the body is larger than 100000 bytes")
    batch = [{"memory_id": NOBODYS, "note": "x" * 100_000}]
    await refused(speak, exceptions.MemoryQuotaExceededError, "batch_delete", batch)


@pytest.mark.parametrize(
    "unsupported",
    [
        {"immutable": True},
        {"structured_data_schema": {"type": "object"}},
        {"timezone": "Europe/Lisbon"},
        {"memory_type": "procedural_memory"},
    ],
)
async def test_what_is_not_built_and_would_change_the_result_is_refused_by_name(
    speak: Speaker, unsupported: dict[str, Any]
) -> None:
    error = await refused(speak, exceptions.MemoryError, "add", "I live in Lisbon", user_id="nobody", **unsupported)
    assert (error.error_code, error.message.split()[0]) == ("HTTP_501", *unsupported)
    assert (await speak("get_all", filters={"user_id": "nobody"}))["count"] == 0


async def test_a_picture_is_refused_and_not_left_out(speak: Speaker) -> None:
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}
    error = await refused(speak, exceptions.MemoryError, "add", [picture], user_id="nobody")
    assert error.message == "messages of the type image_url are not offered here: send what they say as text"


async def serves(server: uvicorn.Server, app: FastAPI, settings: Settings) -> None:
    """Serve until told not to. The app does not open its parts itself: that would settle the tests' own heap."""
    async with opened(settings) as app.state.parts:
        await server.serve()


@pytest.fixture(scope="module")
def alone() -> Iterator[str]:
    """The API without any of its parts."""
    gone = free_port()
    where = {"redis_url": f"redis://127.0.0.1:{gone}/0", "qdrant_url": f"http://127.0.0.1:{gone}"}
    settings = Settings.model_validate({"auth": "keys", "admin_key": OPERATOR, **where})
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), ws="none", lifespan="off", log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(serves(server, app, settings)))
    thread.start()
    yield f"http://127.0.0.1:{server.config.port}"
    server.should_exit = True
    thread.join()


async def is_there(url: str) -> bool:
    return (await http_get("127.0.0.1", httpx.URL(url).port or 0, "/health/live"))[0] == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_a_part_that_is_down_is_a_network_error_and_so_is_a_server_that_is(kind: Kind, alone: str) -> None:
    await wait_until(lambda: is_there(alone), what="the API")
    async with speaking(kind, alone, OPERATOR) as speak:
        for method, arguments in (("add", {"messages": "x", "user_id": "ana"}), ("get", {"memory_id": NOBODYS})):
            assert (await refused(speak, exceptions.NetworkError, method, **arguments)).error_code == "HTTP_503"
        speak.http.base_url = httpx.URL(f"http://127.0.0.1:{free_port()}")
        with pytest.raises(exceptions.NetworkError) as raised:
            await speak("get", NOBODYS)
        assert raised.value.error_code == "NET_CONNECT"


async def test_no_refusal_of_this_surface_is_anything_but_json_with_one_sentence_in_both_fields(
    http: httpx.AsyncClient,
) -> None:
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/v1/nothing/", {}),
        ("PATCH", "/v3/memories/add/", {"json": {}}),
        ("POST", "/v3/memories/add/", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/v3/memories/add/", {"content": b"x"}),
        ("POST", "/v3/memories/search/", {"json": []}),
        ("POST", "/v3/memories/?page=0", {"json": {"filters": {"user_id": "ana"}}}),
        ("DELETE", "/v1/batch/", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("GET", f"/v1/event/{NOBODYS}/", {}),
    ]
    for method, path, more in calls:
        answer = await http.request(method, path, **more)
        assert answer.headers["content-type"] == "application/json", (method, path)
        assert answer.status_code in (400, 404, 405, 415), (method, path, answer.text)
        body = answer.json()
        assert body.keys() == {"detail", "error"}
        assert body["detail"] == body["error"] != ""
    assert body["detail"] == "Event not found or you don't have permission to access it."


@pytest.mark.parametrize("path", ["/v1/event/%ff/", "/v2/entities/user/%ff/", "/v1/memories/%ff/"])
async def test_an_address_that_is_not_utf_8_is_refused_and_not_looked_up(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, "UTF-8" in answer.json()["detail"]) == (400, True), answer.text


@pytest.mark.parametrize("filters", ['{"userid": "*"}', '{"user_id": "*", "userid": "*"}', "{1: '*'}"])
async def test_everybody_of_a_kind_that_there_is_not_is_refused_and_not_reported_as_forgotten(
    http: httpx.AsyncClient, filters: str
) -> None:
    answer = await http.delete("/v1/memories/", params={"filters": filters})
    assert answer.status_code == 400, answer.text
    assert "user_id, agent_id" in answer.json()["detail"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", ["", "."])
async def test_deleting_a_memory_without_an_id_is_not_taken_for_all_of_a_keys_user(
    kind: Kind, nothing: str, stack: Running, keys: Keys, tenant: str
) -> None:
    async with speaking(kind, stack.url, keys("write", tenant=tenant, user_id="ana")) as speak:
        kept = await remembered(speak, "ana")
        for method, arguments in (("delete", {"memory_id": nothing}), ("delete_all", {})):
            with pytest.raises(exceptions.MemoryError):
                await speak(method, **arguments)
            assert (await speak("get", kept))["id"] == kept
