"""Odd and large content comes back as it went in."""

import json
from typing import Any
from uuid import UUID

import pytest
from qdrant_client.models import (
    Distance,
    FieldCondition,
    Filter,
    FilterSelector,
    Fusion,
    FusionQuery,
    MatchValue,
    PayloadSchemaType,
    PointStruct,
    Prefetch,
    VectorParams,
)

from tests.contract.qdrant.data import DIMENSIONS, point, sparse, vector
from tests.contract.qdrant.pair import Pair

DENSE = {"dense": vector(1, DIMENSIONS)}
PAYLOADS: dict[str, Any] = {
    "chinese": "记忆是一种能力。",
    "japanese": "昨日、猫が逃げました。",
    "korean": "커피를 좋아합니다",
    "thai without spaces": "ฉันชอบกาแฟ",
    "arabic": "أحب القهوة في الصباح",
    "hebrew with points": "שָׁלוֹם",
    "both directions": "hotel فندق 3 ‏nights‏",
    "combining marks": "Z̵̛a̷l̸g̶o̴ e\u0301 é",
    "a family and a flag": "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "outside the basic plane": "\U0001d518\U0001d52b 𠜎",
    "control characters": "tab\there\nnul\x00bell\x07",
    "quotes and braces": '"; DROP TABLE {"a": [1]} \\u0041 %s {}',
    "invisible characters": "zero\u200bwidth\ufeff\u2028line",
    "empty text": "",
    "blank text": "   ",
    "true": True,
    "null": None,
    "zero": 0,
    "minus one": -1,
    "largest integer": 2**63 - 1,
    "smallest integer": -(2**63),
    "unsigned integer": 2**64 - 1,
    "float that is whole": 2.0,
    "small float": 5e-324,
    "large float": 1.7976931348623157e308,
    "empty array": [],
    "empty object": {},
    "array of everything": [None, True, 1, 1.5, "x", [], {}, [[["deep"]]]],
    "numbers as keys": {"1": "one", "-1": "minus"},
    "a key with dots and brackets": {"a.b[0].c": 1, "": "no name", "[]": 2},
    "keys in other scripts": {"ключ": 1, "鍵": 2, "مفتاح": 3, "🔑": 4, "e\u0301": 5, "é": 6},
    "deep nesting": json.loads("[" * 60 + "]" * 60),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_comes_back_as_it_went_in(empty: Pair, name: str) -> None:
    value = PAYLOADS[name]
    empty.change(lambda c, n: c.upsert(n, [PointStruct(id=1, vector=DENSE, payload={"value": value, name: 1})]))
    empty.agree_on_everything()
    assert empty.served.retrieve(empty.name, [1])[0].payload == {"value": value, name: 1}


@pytest.mark.parametrize("text", [value for value in PAYLOADS.values() if isinstance(value, str)], ids=ascii)
def test_any_text_can_be_found_by_its_exact_value(empty: Pair, text: str) -> None:
    empty.change(
        lambda c, n: c.upsert(
            n, [PointStruct(id=1, vector=DENSE, payload={"t": text}), PointStruct(id=2, vector=DENSE)]
        )
    )
    only = Filter(must=[FieldCondition(key="t", match=MatchValue(value=text))])
    assert [point.id for point in empty.agree(lambda c, n: c.scroll(n, only))[0]] == [1]
    empty.served.create_payload_index(empty.name, "t", PayloadSchemaType.KEYWORD)
    assert empty.agree(lambda c, n: c.count(n, only)).count == 1


@pytest.mark.parametrize(
    "identity",
    [
        0,
        1,
        2**63,
        2**64 - 1,
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6BA7B8109DAD11D180B400C04FD430C8",
        str(UUID(int=0)),
    ],
)
def test_ids_are_integers_of_64_bits_or_uuids_in_any_spelling(empty: Pair, identity: int | str) -> None:
    empty.change(lambda c, n: c.upsert(n, [PointStruct(id=identity, vector=DENSE)]))
    expected = str(UUID(identity)) if isinstance(identity, str) else identity
    assert [point.id for point in empty.agree(lambda c, n: c.scroll(n))[0]] == [expected]
    assert len(empty.agree(lambda c, n: c.retrieve(n, [identity]))) == 1
    empty.change(lambda c, n: c.delete(n, [identity]))
    assert empty.agree(lambda c, n: c.count(n)).count == 0


def test_an_empty_collection_answers_every_question_with_nothing(empty: Pair) -> None:
    everything = FilterSelector(filter=Filter())
    assert empty.agree(lambda c, n: c.scroll(n)) == ([], None)
    assert empty.agree(lambda c, n: c.count(n)).count == 0
    assert empty.agree(lambda c, n: c.retrieve(n, [1])) == []
    assert empty.agree_on_ranking(lambda c, n: c.query_points(n, DENSE["dense"], using="dense").points) == []
    both = [Prefetch(query=DENSE["dense"], using="dense"), Prefetch(query=sparse(1), using="words")]
    rrf, dbsf = (FusionQuery(fusion=fusion) for fusion in (Fusion.RRF, Fusion.DBSF))
    assert empty.agree_on_ranking(lambda c, n: c.query_points(n, prefetch=both, query=rrf).points) == []
    assert empty.agree_on_ranking(lambda c, n: c.query_points(n, prefetch=both, query=dbsf).points) == []
    empty.change(lambda c, n: c.delete(n, everything))
    empty.change(lambda c, n: c.set_payload(n, {"a": 1}, points=Filter()))
    assert empty.agree(lambda c, n: c.count(n)).count == 0


def test_two_thousand_points_go_in_at_once(empty: Pair) -> None:
    empty.change(lambda c, n: c.upsert(n, [point(number) for number in range(2_000)]))
    assert empty.agree(lambda c, n: c.count(n)).count == 2_000
    empty.agree(lambda c, n: c.scroll(n, limit=2_000, with_payload=["user", "text"]))
    empty.agree_on_ranking(lambda c, n: c.query_points(n, DENSE["dense"], using="dense", limit=50).points)


@pytest.mark.parametrize(
    "payload",
    [
        {"text": "a" * 1_000_000},
        {"text": "記憶" * 170_000},
        {"list": [{"n": number, "t": "x" * 80} for number in range(2_000)]},
        {f"key {number}": number for number in range(10_000)},
    ],
    ids=["1 MB of text", "1 MB of japanese", "200 KB of objects", "10,000 keys"],
)
def test_a_huge_payload_comes_back_whole(empty: Pair, payload: dict[str, Any]) -> None:
    empty.change(lambda c, n: c.upsert(n, [PointStruct(id=1, vector=DENSE, payload=payload)]))
    empty.agree_on_everything()
    assert empty.served.retrieve(empty.name, [1])[0].payload == payload


def test_a_collection_may_have_one_vector_without_a_name(empty: Pair) -> None:
    name = empty.name + "-unnamed"
    pair = Pair(empty.served, empty.memory, name)
    pair.change(lambda c, n: c.create_collection(n, VectorParams(size=3, distance=Distance.COSINE)))
    pair.change(lambda c, n: c.upsert(n, [PointStruct(id=i, vector=vector(i, 3)) for i in range(9)]))
    pair.agree_on_everything()
    pair.agree_on_ranking(lambda c, n: c.query_points(n, vector(50, 3), limit=4, with_vectors=True).points)
    assert pair.served.get_collection(name).config.params.vectors == VectorParams(size=3, distance=Distance.COSINE)
    pair.change(lambda c, n: c.delete_collection(n))


@pytest.mark.parametrize("name", ["plain", "with space", "記憶", "ذاكرة", "🗂️", "a.b", "x" * 255, "~tilde%2F"])
def test_a_collection_may_have_any_name(empty: Pair, name: str) -> None:
    pair = Pair(empty.served, empty.memory, name)
    pair.change(lambda c, n: c.create_collection(n, VectorParams(size=1, distance=Distance.DOT)))
    assert name in {collection.name for collection in pair.served.get_collections().collections}
    pair.change(lambda c, n: c.upsert(n, [PointStruct(id=1, vector=[1.0])]))
    pair.agree_on_everything()
    assert pair.agree(lambda c, n: (c.collection_exists(n), c.delete_collection(n), c.collection_exists(n))) == (
        True,
        True,
        False,
    )
