"""The short form of `make abuse`: every expensive request once, and what lies beyond each bound is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.abuse.catalogue import CATALOGUE, operations
from tests.abuse.load import abuse
from tests.abuse.mem0 import MEM0
from tests.abuse.world import SHORT, World, furnish, key_header, opened
from tests.running import Running, setting

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANA = {"user_id": "ana"}
LONG, TEA = "a" * 200_001, [{"role": "user", "content": "tea"}]
# Commands of Redis, those in scripts as well, that one request may take: what reads does not grow with what is there.
MOST_OF_A_READ, MOST_COMMANDS = 80, 4_000
# Commands that workers and the sweep make whatever is asked.
NOT_THE_API_S = {"cmdstat_brpop", "cmdstat_info", "cmdstat_ping"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(keyed: Running) -> AsyncIterator[World]:
    """A little of everything on a running stack without a model."""
    async with httpx.AsyncClient(base_url=keyed.url, trust_env=False, timeout=60) as http:
        made = await opened(http, SHORT)
        await furnish(made)
        yield made


async def test_there_is_an_expensive_request_for_every_route_of_the_document(world: World) -> None:
    document = (await world.http.get("/openapi.json")).json()
    assert sorted(operations(document)) == sorted(CATALOGUE)


async def commands(redis: Redis) -> int:
    """How many commands there were, but for those that come without a request."""
    stats = await redis.info("commandstats")
    return sum(int(stats["calls"]) for name, stats in stats.items() if name not in NOT_THE_API_S)


async def test_an_expensive_request_takes_a_bounded_number_of_commands_and_is_no_error(
    world: World, keyed: Running
) -> None:
    async with Redis.from_url(setting(keyed, "SCRUBJAY_REDIS_URL")) as redis:
        for label, make in {**CATALOGUE, **MEM0}.items():
            before = await commands(redis)
            tally = await abuse(world, {label: make}, times=1, connections=1, tick=lambda: None)
            (status,) = tally.statuses[label]
            assert 200 <= status < 500 or status == 501, tally.refusals  # no model is configured
            most = MOST_OF_A_READ if label.startswith("GET ") or "/search" in label else MOST_COMMANDS
            assert await commands(redis) - before <= most, label


BEYOND: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "a page of turns": ("GET", "/turns", {"params": {"page_size": 201}}, 422),
    "a page of memories": ("GET", "/memories", {"params": {**ANA, "page_size": 201}}, 422),
    "top_k of memories": ("GET", "/memories", {"params": {**ANA, "top_k": 1_001}}, 422),
    "a page of entities": ("GET", "/entities", {"params": {"page_size": 1_001}}, 422),
    "a page of dead letters": ("GET", "/dead", {"params": {"page_size": 201}}, 422),
    "a page of receipts": ("GET", "/receipts", {"params": {"page_size": 201}}, 422),
    "a page of keys": ("GET", "/keys", {"params": {"page_size": 201}}, 422),
    "what is found": ("POST", "/search", {"json": {**ANA, "query": "tea", "limit": 101}}, 422),
    "a query": ("POST", "/search", {"json": {**ANA, "query": "a" * 8_001}}, 422),
    "waiting": ("POST", "/search", {"json": {**ANA, "query": "tea", "wait_for": "t", "wait_ms": 30_001}}, 422),
    "conditions": ("POST", "/search", {"json": {"query": "tea", "filters": {"OR": [ANA] * 101}}}, 400),
    "values": ("POST", "/search", {"json": {"query": "tea", "filters": {"user_id": {"in": ["a"] * 201}}}}, 400),
    "a message": ("POST", "/turns", {"json": {**ANA, "messages": [{"role": "user", "content": LONG}]}}, 422),
    "messages": ("POST", "/turns", {"json": {**ANA, "messages": TEA * 201}}, 422),
    "a body": ("POST", "/turns", {"json": {**ANA, "messages": TEA, "metadata": {"a": "a" * 1_000_000}}}, 413),
    "an import": ("POST", "/import", {"json": {"memories": [{**ANA, "memory": "tea"}] * 501}}, 422),
    "a batch": ("PUT", "/v1/batch/", {"json": {"memories": [{"memory_id": "a", "text": "tea"}] * 1_001}}, 400),
    "ids of dead letters": ("POST", "/dead/discard", {"json": {"ids": ["a"] * 1_001}}, 422),
    "letters to be tried": ("POST", "/dead/replay", {"json": {"all": True, "dry_run": True, "limit": 101}}, 422),
}


@pytest.mark.parametrize("what", BEYOND)
async def test_what_lies_beyond_a_bound_is_refused(world: World, what: str) -> None:
    method, path, more, status = BEYOND[what]
    answer = await world.http.request(method, path, headers=key_header(world.keys["admin"]), **more)
    assert answer.status_code == status, answer.text
