"""A store that refuses: which turn dies of it, which turns wait, and what anybody is told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.model import Scope, Status
from tests.fakes import WordEmbedder
from tests.integration.front import fronts
from tests.integration.service import BOB, Service
from tests.other_qdrant import OtherQdrant, other_qdrant

SENTENCE = "Wrong input: the words of the server itself"
PATH = "/memories?user_id=ana"
ACME = Scope(tenant="default")


@pytest.fixture
async def qdrant(service: Service, qdrant_url: str) -> AsyncIterator[OtherQdrant]:
    """The service's store is a Qdrant that can refuse."""
    async with other_qdrant(qdrant_url) as other:
        client = AsyncQdrantClient(url=other.url, cloud_inference=True, check_compatibility=False)
        service.store = QdrantStore(client, WordEmbedder())
        yield other
        await client.close()


async def test_a_turn_that_alone_is_refused_dies_in_our_words_and_its_neighbours_settle(
    service: Service, qdrant: OtherQdrant
) -> None:
    qdrant.refuses = lambda route, body: (400, SENTENCE) if route.startswith("PUT") and b"poison" in body else None
    turns = [await service.say(text) for text in ("I like tea", "I like poison", "I like cake")]
    for _ in range(4):
        await service.drain()
    statuses = [await service.status(turn) for turn in turns]
    assert [turn.status for turn in statuses] == [Status.SETTLED, Status.DEAD, Status.SETTLED]
    assert statuses[1].error == "store_rejected: Qdrant refused the request (400); the log has its words"
    assert await service.texts() == ["I like tea", "I like cake"]


async def test_while_the_store_refuses_every_write_turns_wait_and_then_all_settle(
    service: Service, qdrant: OtherQdrant
) -> None:
    qdrant.refuses = lambda route, _: (400, SENTENCE) if re.fullmatch("PUT .*/points", route) else None
    turns = [await service.say("I like tea"), await service.say("I like cake", BOB)]
    for scope in (ACME.model_copy(update={"user_id": "ana"}), BOB):
        for _ in range(3):
            assert await service.drain(scope) == 0
    statuses = [await service.status(turn) for turn in turns]
    assert [(turn.status, turn.attempts) for turn in statuses] == [(Status.RETRYING, 0), (Status.RETRYING, 0)]
    assert {turn.error for turn in statuses} == {"Qdrant refuses every write; the log has its words"}
    qdrant.refuses = lambda _, __: None
    assert await service.drain() == await service.drain(BOB) == 1


async def test_a_caller_is_told_which_field_the_store_cannot_serve_and_no_word_of_the_server(
    redis_url: str, qdrant_url: str
) -> None:
    async with other_qdrant(qdrant_url) as other, fronts(1, redis_url, other.url) as (front,):
        other.refuses = lambda _, body: (400, SENTENCE) if b"stars" in body else None
        search = {"query": "tea", "user_id": "ana", "filters": {"metadata": {"stars": 5}}}
        answer = await front.ask("POST", "/search", json=search)
        assert answer.status_code == 422
        assert answer.json() == {
            "detail": "metadata.stars: the store cannot serve this filter", "error": "filter_not_served",
        }  # fmt: skip
        other.refuses = lambda _, __: (400, SENTENCE)
        for method, path in (
            ("POST", "/search"),
            ("GET", "/memories?user_id=ana"),
            ("DELETE", "/memories?user_id=ana"),
        ):
            answer = await front.ask(method, path, json=search if method == "POST" else None)
            assert answer.status_code == 503
            assert "words of the server" not in answer.text
