"""The memory store on the Qdrant engine server: versions, fencing, search, paging, erasing; no way past the tenant."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.qdrant.writes import document
from scrubjay.errors import LeaseLost, StoreUnavailable
from scrubjay.model import After, Event, Lease, Memory, Page, Scope, Slice, Write, scoring
from scrubjay.model.clock import to_us
from scrubjay.ports import Near, Query
from tests.fakes import WordEmbedder, word_vector

FOREVER = float("inf")
START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ANA = Scope(tenant="acme", user_id="ana")


def write(text: str, scope: Scope = ANA, minutes: int = 0, **changes: Any) -> Write:
    at = START + timedelta(minutes=minutes)
    memory = Memory(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{scope}{text}")), scope=scope, text=text, categories=("personal",),
        metadata={"tenant": "evil", "k": {"deep": [1, "二"]}}, created_at=at, updated_at=at, valid_from=at,
        turn_ids=("turn-1",), quote=text, order=to_us(at), position=to_us(at),
    ).model_copy(update=changes)  # fmt: skip
    return Write(point_id=memory.id, memory=memory, vector=word_vector(text))


def lease(token: int = 1, scope: Scope = ANA) -> Lease:
    return Lease(lane=scope.lane, token=token, taken_at=START)


def query(text: str, scope: Scope = ANA, **more: Any) -> Query:
    return Query(scope=scope, text=text, vector=word_vector(text), **more)


@pytest.fixture
async def store(qdrant_url: str) -> AsyncIterator[QdrantStore]:
    client = AsyncQdrantClient(url=qdrant_url, cloud_inference=True, check_compatibility=False)
    opened = QdrantStore(client, WordEmbedder(f"test-{uuid.uuid4().hex}"))
    yield opened
    await client.delete_collection(opened.collection.name)
    await client.close()


async def test_what_was_written_is_read_back_whole(store: QdrantStore) -> None:
    written = write("User lives in Berlin 🦆", valid_to=START + timedelta(days=1), superseded_by="x", model="m")
    await store.apply(lease(), [written], FOREVER)
    assert await store.get(Scope(tenant="acme"), written.memory.id) == written.memory


async def test_applying_the_same_writes_again_changes_nothing(store: QdrantStore) -> None:
    writes = [write("User lives in Berlin"), write("User likes tea", minutes=1)]
    for _ in range(3):
        await store.apply(lease(), writes, FOREVER)
    listed = await store.page(ANA, Page())
    count, memories = listed.count, listed.items
    assert (count, [memory.text for memory in memories]) == (2, ["User likes tea", "User lives in Berlin"])


async def test_a_point_written_under_a_newer_token_is_left_as_it_is(store: QdrantStore) -> None:
    old, new = write("User lives in Berlin"), write("User lives in Berlin", event=Event.UPDATE, version=2)
    await store.apply(lease(token=20), [new], FOREVER)
    await store.apply(lease(token=10), [old], FOREVER)
    memory = await store.get(Scope(tenant="acme"), new.memory.id)
    assert memory is not None
    assert memory.version == 2


async def test_a_search_finds_by_words_and_by_meaning_and_scores_between_0_and_1(store: QdrantStore) -> None:
    texts = ["User lives in Berlin", "User likes green tea", "User works at a clinic", "User has a dog called Bo"]
    await store.apply(lease(), [write(text, minutes=number) for number, text in enumerate(texts)], FOREVER)
    hits = await store.search(query("green tea", limit=2))
    assert len(hits) == 2
    assert hits[0].memory.text == "User likes green tea"
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert hits[0].score > hits[1].score
    assert await store.search(query("green tea", threshold=1.0)) == []


def by_the_rule(cosine: float, bm25: float) -> float:
    """The score by the formula that Qdrant is given, worked out here."""
    lexical = (1 - scoring.DENSE_SHARE) * bm25 / (bm25 + scoring.BM25_HALF)
    return min(1.0, max(0.0, scoring.DENSE_SHARE * cosine + lexical))


async def test_a_score_is_the_rule_of_ranking_and_does_not_depend_on_what_else_is_known(store: QdrantStore) -> None:
    await store.apply(lease(), [write("User likes green tea")], FOREVER)
    (alone,) = await store.search(query("green tea"))
    (near,) = await store.neighbours(ANA.lane, [Near(scope=ANA, vector=word_vector("green tea"))], 1)
    assert alone.score > by_the_rule(near[0].score, 0) > 0
    await store.apply(lease(), [write(f"User note {number}", minutes=number) for number in range(20)], FOREVER)
    first = (await store.search(query("green tea")))[0]
    client, document_of_tea = store.collection.client, document("green tea")
    bm25 = await client.query_points(store.collection.name, query=document_of_tea, using="bm25", limit=1)
    assert first.score == pytest.approx(by_the_rule(near[0].score, bm25.points[0].score), abs=1e-4)
    assert all(hit.score <= scoring.DENSE_SHARE for hit in await store.search(query("quantum chromodynamics")))


async def test_an_owner_sees_only_its_own_even_with_the_same_words(store: QdrantStore) -> None:
    others = [
        Scope(tenant="acme", user_id="bob"), Scope(tenant="other", user_id="ana"), Scope(tenant="acme", agent_id="ana"),
    ]  # fmt: skip
    for scope in (ANA, *others):
        await store.apply(lease(scope=scope), [write("User lives in Berlin", scope)], FOREVER)
    for scope in (ANA, *others):
        assert [hit.memory.scope for hit in await store.search(query("Berlin", scope))] == [scope]
        assert [memory.scope for memory in (await store.page(scope, Page())).items] == [scope]
        assert [
            [near.memory.scope for near in nearest]
            for nearest in await store.neighbours(scope.lane, [Near(scope=ANA, vector=word_vector("x"))], 9)
        ] == [[scope]]


async def test_a_memory_of_another_tenant_does_not_exist(store: QdrantStore) -> None:
    written = write("User lives in Berlin")
    await store.apply(lease(), [written], FOREVER)
    assert await store.get(Scope(tenant="other"), written.memory.id) is None
    assert await store.history(Scope(tenant="other"), written.memory.id) == []
    assert await store.delete(Scope(tenant="other"), written.memory.id) == 0
    assert await store.get(Scope(tenant="acme"), written.memory.id) is not None


async def test_a_superseded_version_leaves_the_search_and_stays_in_history_and_as_of(store: QdrantStore) -> None:
    later = START + timedelta(days=10)
    now = write("User lives in Lisbon", event=Event.UPDATE, version=2, valid_from=later)
    past = write("User lives in Berlin", id=now.memory.id, current=False, valid_to=later)
    past = past.model_copy(update={"point_id": str(uuid.uuid4())})
    await store.apply(lease(), [past, now], FOREVER)
    assert [hit.memory.text for hit in await store.search(query("User lives in"))] == ["User lives in Lisbon"]
    assert [memory.text for memory in await store.history(Scope(tenant="acme"), now.memory.id)] == [
        "User lives in Berlin",
        "User lives in Lisbon",
    ]
    for days, expected in ((-1, []), (5, ["User lives in Berlin"]), (11, ["User lives in Lisbon"])):
        hits = await store.search(query("lives", as_of=START + timedelta(days=days)))
        assert [hit.memory.text for hit in hits] == expected
    assert await store.delete(Scope(tenant="acme"), now.memory.id) == 2
    assert await store.history(Scope(tenant="acme"), now.memory.id) == []


async def test_paging_walks_through_everything_once_newest_first(store: QdrantStore) -> None:
    writes = [write(f"User note {number}", position=number) for number in range(23)]
    await store.apply(lease(), writes, FOREVER)
    walked: list[Memory] = []
    for number in range(1, 6):
        listed = await store.page(ANA, Page(number=number, size=5))
        count, memories = listed.count, listed.items
        assert count == 23
        walked += memories
    assert len({memory.id for memory in walked}) == 23
    assert [memory.text for memory in walked] == [f"User note {number}" for number in range(22, -1, -1)]


@pytest.mark.parametrize("size", [1, 5])
async def test_a_list_read_by_cursors_is_whole_though_memories_stand_at_one_place(
    store: QdrantStore, size: int
) -> None:
    last = to_us(START + timedelta(minutes=9))
    close = [write(f"User said {number}", minutes=9, position=last + number) for number in range(5)]
    writes = [write(f"User note {number}", minutes=(number + 3) // 7) for number in range(12)] + close
    await store.apply(lease(), writes, FOREVER)
    listed = await store.page(ANA, Page(size=size))
    walked = [memory.id for memory in listed.items]
    while listed.after is not None:
        assert listed.count == 17
        listed = await store.page(ANA, Page(size=size, after=After.parse(listed.after.cursor)))
        walked += [memory.id for memory in listed.items]
    assert sorted(walked) == sorted(write.memory.id for write in writes)
    assert walked[:5] == [write.memory.id for write in reversed(close)]


async def test_an_erase_removes_what_was_made_until_then_and_nothing_else(store: QdrantStore) -> None:
    bob = Scope(tenant="acme", user_id="bob")
    await store.apply(lease(), [write("one"), write("two", minutes=1), write("three", minutes=2)], FOREVER)
    await store.apply(lease(scope=bob), [write("one", bob)], FOREVER)
    until = to_us(START + timedelta(minutes=1))
    assert await store.erase(ANA, until) == 2
    assert await store.left(ANA, until) == 0
    assert [memory.text for memory in (await store.page(ANA, Page())).items] == ["three"]
    assert (await store.page(bob, Page())).count == 1


async def test_nothing_is_written_on_a_look_that_is_too_old(store: QdrantStore) -> None:
    with pytest.raises(LeaseLost):
        await store.apply(lease(), [write("one")], asyncio.get_running_loop().time() - 1)
    assert (await store.page(ANA, Page())).count == 0


async def test_an_empty_store_answers_with_nothing(store: QdrantStore) -> None:
    await store.apply(lease(), [], FOREVER)
    assert await store.search(query("anything")) == []
    assert await store.page(ANA, Page()) == Slice(0, [])
    assert await store.neighbours(ANA.lane, [], 5) == []


async def test_a_store_that_is_away_says_so_as_something_to_try_again() -> None:
    client = AsyncQdrantClient(url="http://127.0.0.1:9", check_compatibility=False)
    with pytest.raises(StoreUnavailable):
        await QdrantStore(client, WordEmbedder()).ping()
    await client.close()


async def test_a_collection_that_was_lost_is_made_again(store: QdrantStore) -> None:
    await store.apply(lease(), [write("one")], FOREVER)
    await store.collection.client.delete_collection(store.collection.name)
    with pytest.raises(StoreUnavailable):
        await store.page(ANA, Page())
    await store.apply(lease(), [write("two")], FOREVER)
    assert (await store.page(ANA, Page())).count == 1
    await store.collection.client.delete_collection(store.collection.name)
    with pytest.raises(StoreUnavailable):
        await store.apply(lease(), [write("three")], FOREVER)
    await store.apply(lease(), [write("three")], FOREVER)
    assert (await store.page(ANA, Page())).count == 1
