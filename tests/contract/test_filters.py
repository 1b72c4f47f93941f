"""A filter finds in the real engine what it means: for made-up filters, against a plain reading of the same JSON."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from qdrant_client import AsyncQdrantClient, QdrantClient
from qdrant_client.models import PointStruct

from scrubjay.adapters.qdrant.filters import compiled
from scrubjay.adapters.qdrant.payload import to_payload
from scrubjay.adapters.qdrant.selectors import current
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.model import Lane, Lease, Memory, Page, Scope, Write
from scrubjay.model.clock import to_us
from scrubjay.ports import Query
from scrubjay.search.filters import parse
from tests.contract.filter_reference import meets
from tests.fakes import WordEmbedder, word_vector
from tests.filter_strategies import filters

FOREVER = float("inf")
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HERE, THERE = Scope(tenant="acme"), Scope(tenant="other")
_SCOPES = [
    {"user_id": "ana"}, {"user_id": "bob", "agent_id": "bot"}, {"user_id": "Ana", "run_id": "r1"}, {"agent_id": "bot"},
    {"agent_id": "helper", "run_id": "r2"}, {"user_id": "ana", "agent_id": "helper", "run_id": "r2"}, {"run_id": "r1"},
]  # fmt: skip
_TEXTS = [
    "User likes green Tea", "User drinks tea_100%", "Wohnt in der Straße", "STRASSE", "Это мой Дом", "東京に住んでいる",
    "caf\u00e9 o'clock", "caf\u0065\u0301", "tea",
]  # fmt: skip
_CATEGORIES = [(), ("food",), ("Food", "work"), ("travel",), ("пища", "food"), ("foodie",)]
_METADATA: list[dict[str, Any]] = [
    {}, {"k": "red"}, {"k": "Red"}, {"k": ["red", "RED herring"]}, {"k": []}, {"k": None}, {"k": 5}, {"k": 5.0},
    {"k": [5, "5", True]}, {"k": True}, {"k": False}, {"k": "true"}, {"k": -1}, {"k": 2.5}, {"k": 0}, {"k": ""},
    {"k": 2**53 + 1}, {"k": "*"}, {"k": [None, "red"]}, {"k": {"k": "red"}}, {"a.b": "red"}, {"a": {"b": "red"}},
    {"a": {"b": ["Red", 2.5]}}, {"a": "red"}, {"a": [{"b": "red"}]}, {"deep": {"er": {"est": "RED herring"}}},
    {"tags": ["tea", "Tea"]}, {"tags": "Tea time"}, {"user_id": "red"}, {"tenant": "red", "k[]": "Red"},
    {"k[]": ["red"]}, {"": "red"}, {"ключ": "Дом"}, {"with space": "red", "k": "RED herring"}, {"tags": ["Straße", 5]},
    {"deep": {"er": {"est": [5, 2.5]}}}, {"deep": {"er": "red"}}, {"k": "_"}, {"k": [True]}, {"tags": ["e\u0301"]},
]  # fmt: skip


def seeds(scope: Scope) -> list[Memory]:
    """A memory for each of the metadata, of changing owners, with changing texts, categories and times."""
    made = []
    for number, metadata in enumerate(_METADATA):
        at = START + timedelta(hours=12 * (number % 17), microseconds=number % 2)
        owner = {**_SCOPES[number % len(_SCOPES)], "tenant": scope.tenant}
        made.append(
            Memory(
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{scope.tenant} {number}")), scope=Scope(**owner),
                text=_TEXTS[number % len(_TEXTS)], categories=_CATEGORIES[number % len(_CATEGORIES)],
                metadata=metadata, created_at=at, updated_at=at + timedelta(hours=number % 5),
                valid_from=START + timedelta(days=number % 7, hours=2), position=to_us(at) * 1000 + number,
            )
        )  # fmt: skip
    return made


def older(memory: Memory) -> Write:
    """What a memory said before: of another kind, and until the memory itself began to hold."""
    changes = {"metadata": {"k": "Red"}, "text": "User likes black TEA", "categories": ("food",), "current": False}
    times = {"valid_from": memory.valid_from - timedelta(days=1), "valid_to": memory.valid_from}
    changed = memory.model_copy(update={**changes, **times})
    return Write(
        point_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"older {memory.id}")), memory=changed, vector=word_vector("tea")
    )


MEMORIES = seeds(HERE)
OLDER = [older(memory) for memory in MEMORIES[8:20]]
FILTERS = filters([memory.id for memory in MEMORIES[:8]])


@dataclass
class Library:
    """The memories in a store of the engine, and in qdrant-client's own in-memory mode."""

    runner: asyncio.Runner
    store: QdrantStore
    local: QdrantClient

    def found(self, condition: Any, scope: Scope = HERE) -> set[str]:
        """The ids that the store finds for a filter in JSON; the count must say the same."""
        listed = self.runner.run(self.store.page(scope, Page(size=200), parse(condition)))
        count, page = listed.count, listed.items
        assert count == len(page)
        return {memory.id for memory in page}

    def searched(self, condition: Any, **more: Any) -> set[str]:
        """The same by a search."""
        query = Query(scope=HERE, text="tea", vector=word_vector("tea"), limit=100, filters=parse(condition), **more)
        return {hit.memory.id for hit in self.runner.run(self.store.search(query))}

    def locally(self, condition: Any) -> set[str]:
        """The ids among the memories here that the in-memory mode finds for the compiled filter."""
        parsed = parse(condition)
        assert parsed is not None
        points, _ = self.local.scroll("memories", current(HERE, compiled(parsed)), limit=200)
        return {str(point.id) for point in points}


@pytest.fixture(scope="module")
def library(qdrant_url: str) -> Iterator[Library]:
    with asyncio.Runner() as runner:
        client = AsyncQdrantClient(url=qdrant_url, cloud_inference=True, check_compatibility=False)
        store, local = QdrantStore(client, WordEmbedder(f"test-{uuid.uuid4().hex}")), QdrantClient(":memory:")
        lease = Lease(lane=Lane(tenant="acme", kind="user", name="ana"), token=1, taken_at=START)
        writes = [
            Write(point_id=memory.id, memory=memory, vector=word_vector(memory.text))
            for memory in (*MEMORIES, *seeds(THERE))
        ]
        runner.run(store.apply(lease, [*writes, *OLDER], FOREVER))
        there = [memory.id for memory in seeds(THERE)]  # as an older Scrubjay stored them
        runner.run(client.delete_payload(store.collection.name, ["folded"], points=[*there], wait=True))
        local.create_collection("memories", vectors_config={})
        here = [write for write in writes if write.memory.scope.tenant == HERE.tenant]
        local.upsert(
            "memories", [PointStruct(id=write.point_id, vector={}, payload=to_payload(write, 1)) for write in here]
        )
        yield Library(runner, store, local)
        runner.run(client.delete_collection(store.collection.name))
        runner.run(client.close())
        local.close()


def meant(condition: Any) -> set[str]:
    return {memory.id for memory in MEMORIES if meets(memory, condition)}


@settings(max_examples=200, deadline=None)
@given(condition=FILTERS)
def test_a_filter_finds_what_it_means_in_the_engine_and_in_qdrants_own_in_memory_mode(
    library: Library, condition: Any
) -> None:
    expected = meant(condition)
    assert library.found(condition) == expected
    assert library.locally(condition) == expected


CONDITIONS: dict[str, Any] = {
    "siblings": {"user_id": "ana", "OR": [{"categories": "food"}, {"categories": "travel"}], "NOT": {"run_id": "*"}},
    "is set": {"run_id": "*"},
    "ne passes over what is not set": {"metadata": {"k": {"ne": "red"}}},
    "nin passes over what is not set": {"agent_id": {"nin": ["bot"]}},
    "not finds what is not set": {"NOT": {"metadata": {"k": "red"}}},
    "one number, whole or not": {"metadata": {"k": 5}},
    "an integer that no float can hold": {"metadata": {"k": 2**53 + 1}},
    "less": {"metadata": {"k": {"lt": 5}}},
    "at most": {"metadata": {"k": {"lte": 0}}},
    "more": {"metadata": {"k": {"gt": 2.5}}},
    "at least": {"metadata": {"k": {"gte": 5}}},
    "before an instant": {"created_at": {"lt": "2026-01-05T12:00:00Z"}},
    "until an instant": {"created_at": {"lte": "2026-01-05T12:00:00Z"}},
    "true is not one": {"metadata": {"k": True}},
    "a list by an element": {"metadata": {"k": "RED herring"}},
    "a part of a text, an element of a list": {"metadata": {"tags": {"contains": "Tea"}}},
    "whatever the case": {"metadata": {"tags": {"icontains": "TEA"}}},
    "whatever the case, in german": {"keywords": {"icontains": "strasse"}},
    "whatever the case, in russian": {"text": {"icontains": "дом"}},
    "however the accent is written": {"keywords": {"icontains": "CAFE\u0301"}},
    "a category whatever the case": {"categories": {"icontains": "FOOD"}},
    "a whole day": {"created_at": "2026-01-05"},
    "after a day": {"created_at": {"gt": "2026-01-05"}},
    "until the end of a day": {"timestamp": {"lte": "2026-01-03", "gte": "2026-01-02"}},
    "a key with a dot": {"metadata": {"a.b": "red"}},
    "a key within a key": {"metadata": {"a": {"b": "red"}}},
    "a key that looks like one of ours": {"metadata": {"tenant": "red"}},
    "brackets in a key": {"metadata": {"k[]": "Red"}},
    "memories by id": {"memory_ids": [MEMORIES[0].id, MEMORIES[5].id]},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_filters_of_the_manual_find_some_and_not_all_by_list_and_by_search(library: Library, name: str) -> None:
    expected = meant(CONDITIONS[name])
    assert 0 < len(expected) < len(MEMORIES)
    assert library.found(CONDITIONS[name]) == expected
    assert library.searched(CONDITIONS[name]) == expected


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_filter_holds_of_the_versions_of_a_moment_as_well(library: Library, name: str) -> None:
    moment = START + timedelta(days=3)
    versions = [*MEMORIES, *(version.memory for version in OLDER)]
    valid = [
        version
        for version in versions
        if version.valid_from <= moment and (version.valid_to is None or version.valid_to > moment)
    ]
    expected = {version.id for version in valid if meets(version, CONDITIONS[name])}
    assert library.searched(CONDITIONS[name], as_of=moment) == expected


@settings(max_examples=60, deadline=None)
@given(condition=FILTERS)
def test_no_filter_leads_out_of_the_scope(library: Library, condition: Any) -> None:
    hers = Scope(tenant="acme", user_id="ana")
    assert library.found({"OR": [condition, {"NOT": condition}]}) == {memory.id for memory in MEMORIES}
    assert library.found({"NOT": condition}, hers) == {
        memory.id for memory in MEMORIES if memory.scope.user_id == "ana" and not meets(memory, condition)
    }


@pytest.mark.parametrize("term", ["Tea", "TEA", "tea", "Дом"])
def test_what_was_stored_before_there_were_folded_copies_is_found_as_written_or_in_small_letters(
    library: Library, term: str
) -> None:
    readings = [{"contains": term}, {"contains": term.casefold()}]
    for expected, field in [
        (meant_there(readings, "text"), "text"),
        (meant_there(readings, "categories"), "categories"),
    ]:
        assert library.found({field: {"icontains": term}}, THERE) == expected


def meant_there(readings: list[dict[str, str]], field: str) -> set[str]:
    return {memory.id for memory in seeds(THERE) if meets(memory, {"OR": [{field: reading} for reading in readings]})}
