"""Filters at the door: whatever they say, nobody sees more than their key reaches, and what is pending is counted."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.ingest.drain import drain
from scrubjay.model import Lane
from tests.integration.front import ADMIN_KEY, Front, fronts


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


@pytest.fixture
def ana() -> str:
    return f"ana-{uuid.uuid4().hex}"


@pytest.fixture
def bob() -> str:
    return f"bob-{uuid.uuid4().hex}"


async def say(front: Front, user: str, text: str, **more: Any) -> None:
    body = {"user_id": user, "messages": [{"role": "user", "content": text}], "infer": False, **more}
    assert (await front.ask("POST", "/turns", json=body)).status_code == 202


async def settle(front: Front, *users: str) -> None:
    for user in users:
        await drain(Lane(tenant="default", kind="user", name=user), front.parts.drain)


async def search(front: Front, key: str, filters: Any, **more: Any) -> tuple[int, Any]:
    """The status, and the texts that are found, or else the refusal."""
    answer = await front.ask("POST", "/search", key, json={"query": "tea", "filters": filters, "limit": 50, **more})
    body = answer.json()
    return answer.status_code, body["detail"] if answer.is_error else sorted(
        result["memory"] for result in body["results"]
    )


async def test_a_key_that_is_limited_to_a_user_is_not_widened_by_a_filter(front: Front, ana: str, bob: str) -> None:
    await say(front, ana, "Ana likes tea", agent_id="bot")
    await say(front, bob, "Bob likes tea", agent_id="bot")
    await settle(front, ana, bob)
    key = (await front.key("read", user_id=ana))["key"]
    hers = (200, ["Ana likes tea"])
    within: tuple[dict[str, Any], ...] = (
        {"user_id": ana}, {"user_id": {"in": [ana, bob]}}, {"agent_id": "bot"}, {"user_id": "*"},
        {"keywords": {"contains": "likes"}}, {"OR": [{"user_id": bob}, {"NOT": {"user_id": bob}}]},
        {"NOT": {"metadata": {"tenant": "default"}}},
    )  # fmt: skip
    for filters in within:
        assert await search(front, key, filters) == hers, filters
    assert await search(front, key, {"OR": [{"user_id": bob}]}) == (200, [])
    beyond: tuple[dict[str, Any], ...] = ({"user_id": bob}, {"AND": [{"user_id": {"in": [bob, "eve"]}}]})
    for filters in beyond:
        status, detail = await search(front, key, filters)
        assert (status, detail) == (403, "this key is limited to one user, and user_id names another")
    everybody = await search(front, ADMIN_KEY, {"user_id": {"in": [ana, bob]}})
    assert everybody == (200, ["Ana likes tea", "Bob likes tea"])


async def test_what_is_pending_is_counted_for_the_owners_that_the_filter_names(
    front: Front, ana: str, bob: str
) -> None:
    for user, count in ((ana, 2), (bob, 1)):
        for number in range(count):
            await say(front, user, f"{user} says {number}")
    for filters, pending in (
        ({"user_id": ana}, 2), ({"user_id": {"in": [ana, bob]}}, 3), ({"OR": [{"user_id": ana}, {"user_id": bob}]}, 3),
        ({"AND": [{"user_id": bob}, {"run_id": "*"}]}, 1),
    ):  # fmt: skip
        answer = await front.ask("POST", "/search", json={"query": "tea", "filters": filters})
        assert answer.json() == {"results": [], "pending": pending}, filters
