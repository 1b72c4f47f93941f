"""Filters through the whole stack: in a search, in a list, at another time, and in the place of the owner's id."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from scrubjay.client import ApiError, ScrubjayClient
from tests.support import wait_until

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MEMORIES: dict[str, dict[str, Any]] = {
    "Anna drinks green TEA": {"topic": "drink", "stars": 5, "a.b": "x"},
    "Anna drinks coffee": {"topic": "drink", "stars": 2},
    "Anna cycles to work": {"topic": "sport", "a": {"b": "x"}},
}


async def add_memories(client: ScrubjayClient, user: str) -> None:
    """Three memories of a user, each with its metadata."""
    for text, metadata in MEMORIES.items():
        message = {"role": "user", "content": text}
        await client.add_turn([message], user_id=user, metadata=metadata, timestamp=MARCH, infer=False)

    async def known() -> bool:
        return (await client.memories(user_id=user)).count == len(MEMORIES)

    await wait_until(known, what="what was told being remembered")


async def test_filters_narrow_a_search_and_a_list_down_and_may_name_the_owner(client: ScrubjayClient) -> None:
    anna, other = f"anna-{uuid.uuid4().hex}", f"other-{uuid.uuid4().hex}"
    await add_memories(client, anna)
    await add_memories(client, other)
    tea, coffee, cycles = MEMORIES
    cases: dict[tuple[str, ...], dict[str, Any]] = {
        (tea, coffee): {"metadata": {"topic": "drink"}},
        (tea,): {"metadata": {"topic": "drink", "stars": {"gt": 2}}},
        (coffee, cycles): {"NOT": {"keywords": {"icontains": "tea"}}},
        (tea, cycles): {"OR": [{"metadata": {"a.b": "x"}}, {"metadata": {"a": {"b": "x"}}}]},
        (): {"created_at": {"lt": "2020-01-01"}},
    }
    for expected, condition in cases.items():
        whole = {"AND": [{"user_id": anna}, condition]}
        searched = await client.search("drinks", filters=whole, limit=50)
        assert {memory.memory for memory in searched.results} == set(expected)
        listed = await client.memories(filters=whole)
        assert ({memory.memory for memory in listed.results}, listed.count) == (set(expected), len(expected))
        beside = await client.search("drinks", user_id=anna, filters=condition, as_of=datetime.now(UTC))
        assert {memory.memory for memory in beside.results} == set(expected)
    both = await client.search("tea", filters={"user_id": {"in": [anna, other]}}, limit=50)
    assert {memory.user_id for memory in both.results} == {anna, other}
    page = await client.memories(filters={"user_id": {"in": [anna, other]}}, page_size=4)
    assert (page.count, len(page.results)) == (6, 4)
    assert page.next is not None
    assert "filters=" in page.next
    with pytest.raises(ApiError, match="name an owner"):
        await client.search("tea", filters={"user_id": "*"})
    before = await client.search("tea", filters={"user_id": anna}, as_of=datetime(2026, 2, 1, tzinfo=UTC))
    assert before.results == ()
