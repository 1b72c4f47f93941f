"""What a score depends on: the question and the owner's own memories, and nothing that others keep."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.model import Scope
from scrubjay.model.filters import Comparison, On, Op
from tests.contract.test_store import FOREVER, START, lease, query, write
from tests.fakes import WordEmbedder

OTHERS = (
    Scope(tenant="acme", user_id="bob"),
    Scope(tenant="acme", agent_id="ana"),
    Scope(tenant="other", user_id="ana"),
)
TEXTS = ("User plays the oboe", "User likes green tea", "User lives in Berlin")


@pytest.fixture
async def store(qdrant_url: str) -> AsyncIterator[QdrantStore]:
    client = AsyncQdrantClient(url=qdrant_url, cloud_inference=True, check_compatibility=False)
    store = QdrantStore(client, WordEmbedder(f"scores-{uuid.uuid4().hex}"))
    yield store
    await client.delete_collection(store.collection.name)
    await client.close()


@pytest.mark.parametrize("other", OTHERS, ids=str)
async def test_what_others_say_a_hundred_times_changes_no_score(store: QdrantStore, other: Scope) -> None:
    await store.apply(lease(), [write(text, minutes=number) for number, text in enumerate(TEXTS)], FOREVER)
    before = {result.memory.id: result.score for result in await store.search(query("oboe"))}
    notes = [write(f"User plays the oboe {number}", other, number) for number in range(100)]
    await store.apply(lease(scope=other), notes, FOREVER)
    after = {result.memory.id: result.score for result in await store.search(query("oboe"))}
    assert after == pytest.approx(before, abs=1e-6)


async def test_a_filter_or_a_past_moment_leaves_out_memories_and_changes_no_score_of_the_others(
    store: QdrantStore,
) -> None:
    hours = timedelta(hours=1)
    texts = [*TEXTS, *(f"User plays the oboe {number}" for number in range(20))]
    writes = [
        write(text, valid_from=START + number * hours, categories=("music",) if "oboe" in text else ("personal",))
        for number, text in enumerate(texts)
    ]
    await store.apply(lease(), writes, FOREVER)
    whole = {result.memory.id: result.score for result in await store.search(query("oboe", limit=50))}
    music = Comparison(on=On.CATEGORIES, op=Op.EQ, values=("music",))
    for narrowed in (query("oboe", filters=music), query("oboe", as_of=START + 2 * hours)):
        results = await store.search(narrowed)
        assert results
        assert [result.score for result in results] == pytest.approx([whole[result.memory.id] for result in results])
