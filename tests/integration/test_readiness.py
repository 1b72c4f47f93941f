"""Readiness over real parts: a provider's outage is told, strangers learn the status alone and cause no call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.cli.diagnosis import problems, read
from scrubjay.ingest.drain import drain
from scrubjay.model import Scope, Thresholds
from tests.integration.front import Front, fronts
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind

USERS = [f"user-{number}" for number in range(6)]


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str, server: ModelServer) -> AsyncIterator[Front]:
    model = {"extractor": "openai", "embedder": "openai", "openai_base_url": server.base_url, "openai_api_key": "key"}
    async with fronts(1, redis_url, qdrant_url, **model) as (made,):
        yield made


async def readiness(front: Front, key: str | None = None, status: int = 200) -> dict[str, Any]:
    answer = await front.ask("GET", "/health/ready", key)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def say_in_vain(front: Front, server: ModelServer) -> None:
    """Turns of many owners, each tried once while every completion is answered 429, with a wish for a minute's rest."""
    rest = {"Retry-After": "60"}
    server.fault(Fault(kind=Kind.STATUS, status=429, headers=rest, message="quota of org-4711 used up"))
    parts = replace(front.parts.drain, batch_wait_seconds=0)
    for user in USERS:
        turn = {"user_id": user, "messages": [{"role": "user", "content": "I live in Berlin and like tea."}]}
        assert (await front.ask("POST", "/turns", json=turn)).status_code == 202
        await drain(Scope(tenant="default", user_id=user).lane, parts)


async def test_an_outage_of_the_model_is_told_by_readiness_the_dashboard_and_the_doctor(
    front: Front, server: ModelServer
) -> None:
    await say_in_vain(front, server)
    report = await readiness(front, "the-operators-own-key")
    assert report["status"] == "degraded"
    parts = report["parts"]
    assert {name for name, part in parts.items() if not part["ok"]} == {"extractor", "lanes", "workers"}
    assert "answered HTTP 429" in parts["extractor"]["reason"]
    assert "org-4711" not in str(report)
    assert "back off" in parts["lanes"]["reason"]
    assert all(part["since"] for part in parts.values() if not part["ok"])
    page = (await front.ask("GET", "/dashboard/parts")).text
    assert "answered HTTP 429" in page
    state = read((await front.ask("GET", "/metrics")).text)
    wrong = "\n".join(problems(report, state, Thresholds()))
    assert "extractor does not work since" in wrong
    assert "of 6 lanes back off" in wrong


async def test_strangers_learn_the_status_alone_and_cause_no_call_of_a_provider(
    front: Front, server: ModelServer
) -> None:
    for _ in range(30):
        report = await readiness(front)
        assert report == {"status": "degraded"}  # no worker runs here
    assert await readiness(front, "of-nobody") == {"status": "degraded"}
    assert server.counts().calls.get("models", 0) == 0
    for _ in range(30):
        assert set(await readiness(front, "the-operators-own-key")) == {"status", "parts", "extractor", "embedder"}
    assert server.counts().calls.get("models", 0) == 2  # one for each of the two


async def test_a_redis_that_takes_no_writes_is_unready_and_the_operator_is_told_why(front: Front, redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    try:
        assert await readiness(front, status=503) == {"status": "unready"}
        report = await readiness(front, "the-operators-own-key", 503)
    finally:
        await redis.config_set("maxmemory", 0)
    assert report["parts"]["redis"]["reason"] == "Redis refused the write: it is out of memory"
    assert report["parts"]["store"]["ok"]
