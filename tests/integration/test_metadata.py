"""Metadata of a memory is replaced, or joined by more: under the owner's lease, so that of two callers none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.integration.front import Front, fronts


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


async def test_two_patches_of_metadata_at_once_both_hold_and_metadata_replaces(front: Front) -> None:
    arrival = {"memory": "Ana keeps bees", "user_id": "ana", "metadata": {"kept": 1, "changed": 1}}
    answer = await front.ask("POST", "/import", json={"memories": [arrival]})
    path = f"/memories/{answer.json()['results'][0]['id']}"
    patches = [{"changed": 2}, {"a": None}, {"b": {"c": [1]}}]
    answers = await asyncio.gather(*(front.ask("PUT", path, json={"metadata_patch": patch}) for patch in patches))
    assert [response.status_code for response in answers] == [200] * 3, [response.text for response in answers]
    assert (await front.ask("GET", path)).json()["metadata"] == {"kept": 1, "changed": 2, "a": None, "b": {"c": [1]}}
    assert (await front.ask("PUT", path, json={"metadata": {"new": 1}})).json()["metadata"] == {"new": 1}
    both = await front.ask("PUT", path, json={"metadata": {}, "metadata_patch": {}})
    assert (both.status_code, "send one of them" in both.json()["detail"]) == (422, True)
    large = await front.ask("PUT", path, json={"metadata_patch": {f"key {number}": 1 for number in range(50)}})
    assert large.status_code == 400
    assert "with what is there already it must not have more than 50 keys" in large.json()["detail"]
