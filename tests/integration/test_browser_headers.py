"""The fence around every answer: nobody keeps it, frames it, or reads it from a page of another site."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from scrubjay.api.middleware.security_headers import SECURITY_HEADERS
from tests.integration.front import ADMIN_KEY, Front, fronts
from tests.integration.test_roles import HEALTH, NEEDS, SIGN_IN, filled
from tests.support import on_loopback

HEADERS = {name.decode(): value.decode() for name, value in SECURITY_HEADERS}
ELSEWHERE = {"Origin": "https://elsewhere.example"}
PREFLIGHT = {**ELSEWHERE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


async def every_answer(front: Front, key: str | None) -> dict[str, httpx.Response]:
    """What every route answers, and what is answered where there is none."""
    requests = [filled(route) for route in sorted({*NEEDS, *HEALTH, *SIGN_IN})] + [
        ("GET", "/nothing"),
        ("GET", "/docs"),
    ]
    answers = {}
    for method, path in requests:
        body: dict[str, Any] = {"json": {}} if method in ("POST", "PUT") else {}
        answers[f"{method} {path}"] = await front.ask(method, path, key, headers=ELSEWHERE, **body)
    return answers


@pytest.mark.parametrize("key", [None, ADMIN_KEY])
async def test_every_answer_of_every_route_is_fenced_in_and_kept_by_nobody(front: Front, key: str | None) -> None:
    for route, answer in (await every_answer(front, key)).items():
        pages = "text/html" in answer.headers.get("content-type", "")
        loose = {"content-security-policy", "referrer-policy"} if pages else set()
        headers = {name: answer.headers.get(name) for name in HEADERS}
        assert {name: value for name, value in headers.items() if name not in loose} == {
            name: value for name, value in HEADERS.items() if name not in loose
        }, route
        assert "frame-ancestors 'none'" in (headers["content-security-policy"] or "")
        assert [name for name in answer.headers if name.startswith("access-control-")] == [], route
        assert [len(answer.headers.get_list(name)) for name in HEADERS] == [1] * len(HEADERS), route


async def test_a_script_of_another_site_is_let_in_nowhere(front: Front) -> None:
    for path in ("/turns", "/search", "/memories", "/keys", "/dead/replay", "/dashboard"):
        answer = await front.http.options(path, headers=PREFLIGHT)
        assert answer.status_code == 405, path
        assert set(answer.json()) == {"detail", "error"}
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "BREW"])
async def test_a_method_that_a_path_does_not_take_is_refused_like_anything_else(front: Front, method: str) -> None:
    answer = await front.ask(method, "/search")
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_an_unforeseen_error_is_fenced_in_and_tells_nothing_of_itself(front: Front) -> None:
    async def broken() -> None:
        raise RuntimeError("alice lives in Porto")

    app: FastAPI = front.app
    app.add_api_route("/broken", broken)
    over = httpx.ASGITransport(on_loopback(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=over, base_url="http://scrubjay") as http:
        answer = await http.get("/broken")
    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    assert "alice" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_a_forged_host_is_told_to_nobody_but_who_sent_it(front: Front) -> None:
    turn = {"user_id": "alice", "messages": [{"role": "user", "content": "hello"}]}
    for _ in range(2):
        assert (await front.ask("POST", "/turns", json=turn)).status_code == 202
    forged = await front.ask("GET", "/turns?page_size=1", headers={"Host": "elsewhere.example"})
    assert forged.json()["next"].startswith("http://elsewhere.example/turns?")
    assert forged.headers["cache-control"] == "no-store"  # so no cache on the way hands it to others
    assert (await front.ask("GET", "/turns?page_size=1")).json()["next"].startswith("http://scrubjay/turns?")


async def test_no_page_names_anything_of_another_site(front: Front) -> None:
    pages = [path for method, path in map(filled, {*NEEDS, *SIGN_IN}) if method == "GET" and "dashboard" in path]
    for path in [*pages, "/dashboard/static/dashboard.css", "/dashboard/static/dashboard.js"]:
        text = (await front.ask("GET", path)).text
        groups = re.findall(r"""(?:src|href|action)=["']([^"']+)|url\(([^)]+)\)|import .*["'](.+)["']""", text)
        assert [
            address for group in groups for address in group if address and not address.startswith(("/", "#"))
        ] == [], path
        assert re.findall(r"<script(?![^>]+src=)|<style| on\w+=| style=", text) == [], path


async def test_the_pages_that_would_load_scripts_from_elsewhere_are_off_and_the_document_is_there(front: Front) -> None:
    responses = [await front.ask("GET", path, None) for path in ("/docs", "/redoc", "/openapi.json")]
    assert [answer.status_code for answer in responses] == [404, 404, 200]
