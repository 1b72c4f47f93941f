"""Schemas that callers hand in have a budget, and so has the check of a document; both leave the event loop alone."""

from __future__ import annotations

import asyncio
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scrubjay.errors import BadRequest, Transient
from scrubjay.llm import json_schema
from scrubjay.llm.json_schema import DEEPEST, MOST_PARTS, check_document, checked_schema

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def doubling(levels: int, keyword: str = "allOf") -> dict[str, Any]:
    """A short schema that is two to the power of its levels when it is written out."""
    names = [f"a{number}" for number in range(levels + 1)]
    parts = {name: {keyword: [{"$ref": f"#/$defs/{after}"}] * 2} for name, after in pairwise(names)}
    return {"type": "object", "$ref": "#/$defs/a0", "$defs": {**parts, names[-1]: {"type": "object"}}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "object", "$ref": "#"}, "leads back to itself"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}}, "leads back to itself"),
        ({"properties": {"a": {"items": {"$ref": "#/properties/a"}}}}, "leads back to itself"),
        ({"$ref": "#/$defs/a%7e0", "$defs": {"a~": {"items": {"$ref": "#/$defs"}}}}, "leads back to itself"),
        (doubling(12), f"must not have more than {MOST_PARTS} parts"),
        (doubling(12, "anyOf"), f"must not have more than {MOST_PARTS} parts"),
        (doubling(60), f"must not be deeper than {DEEPEST} levels"),
        (nested(DEEPEST), f"must not be deeper than {DEEPEST} levels"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "it is not valid JSON"),
        ('{"title": "\ud800"}', "it is not valid JSON"),
        ({"$ref": "https://example.com/schema.json"}, "leads out of it"),
        ({"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}}, "leads out of it"),
        ({"$ref": "#/$defs/b", "$defs": {"a": {}}}, "leads nowhere"),
        ({"$ref": "#/allOf/7", "allOf": [{}]}, "leads nowhere"),
        ({"properties": {"a": {"$dynamicRef": "#a"}}}, "$dynamicRef is not taken"),
        ({"properties": {"a": {"$id": "b", "items": {"$ref": "#/c"}}}}, "$id is not taken"),
        ({"properties": {"a": {"patternProperties": {"(a+)+$": {}}}}}, "pattern and patternProperties are not taken"),
        ({"properties": {"a": {"$schema": DRAFT, "uniqueItems": True}}}, "$schema is not taken below the top"),
        ({"enum": [{"$schema": DRAFT}], "properties": {"a": {"$ref": "#/enum/0"}}}, "$schema is not taken below"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "$schema must be"),
        ({"$schema": "urn:nothing"}, "$schema must be"),
        ({"properties": {"a": {"contains": True, "unevaluatedItems": False}}}, "unevaluatedItems is not taken"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties is not taken"),
        ({"x": {"type": 5}, "$ref": "#/x"}, "leads to what is no schema"),
        ({"properties": {"a": {"$ref": "#/default"}}, "default": {"type": "foo"}}, "leads to what is no schema"),
        ({"x": [1, 2], "$ref": "#/x"}, "leads to what is no schema"),
        ({"x": "abc", "$ref": "#/x"}, "leads to what is no schema"),
        ({"x": {"multipleOf": 0}, "$ref": "#/x"}, "leads to what is no schema"),
        ({"x": {"$ref": 5}, "$ref": "#/x"}, "leads to what is no schema"),
        ({"x": {"$schema": 5}, "$ref": "#/x"}, "leads to what is no schema"),
        ({"enum": [{"y": {"type": 5}}], "properties": {"a": {"$ref": "#/enum/0/y"}}}, "leads to what is no schema"),
    ],
)
async def test_a_schema_beyond_its_budget_is_refused(schema: Any, sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await checked_schema(schema)
    assert sentence in str(refused.value)


async def test_a_schema_may_refer_to_a_part_of_it_many_times_and_name_a_property_as_it_likes() -> None:
    text = {"type": "string"}
    schema: dict[str, Any] = {
        "$defs": {"text": text},
        "properties": {"pattern": text, "$id": text},
        "required": ["pattern"],
    }
    schema["properties"] |= {f"a{number}": {"$ref": "#/$defs/text"} for number in range(200)}
    assert await checked_schema(schema) == schema
    await check_document(schema, {"pattern": "a", "a7": "b"})
    with pytest.raises(ValueError, match=r"at \$\.a7 \(type\)"):
        await check_document(schema, {"pattern": "a", "a7": 7})


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": DRAFT, "$id": "http://a/b", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": True}},
        {"properties": {"patternProperties": {"type": "object"}, "unevaluatedItems": {}, "$schema": {}, "$ref": {}}},
        {"properties": {"a": {"enum": [{"$ref": "x", "$id": "y"}, 1]}, "b": {"const": {"$ref": "#", "pattern": "c"}}}},
        {"examples": [{"$ref": "#", "$schema": "a"}], "default": {"$ref": "#", "patternProperties": {}}},
    ],
)
async def test_a_keyword_is_one_only_where_a_schema_stands(schema: dict[str, Any]) -> None:
    assert await checked_schema(schema) == schema
    await check_document(schema, {"a": 1})


async def test_a_document_that_the_validator_cannot_calculate_with_is_refused() -> None:
    schema = {"properties": {"a": {"multipleOf": 1.5}}}
    await checked_schema(schema)
    with pytest.raises(BadRequest, match="could not be checked against the schema"):
        await check_document(schema, {"a": 10**400})


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({"$schema": DRAFT, "properties": {"a": {"items": {"enum": list(range(900))}}}}, {"a": [899] * 900}),
        (
            {"$defs": {"u": {"uniqueItems": True}}, "allOf": [{"properties": {"a": {"$ref": "#/$defs/u"}}}] * 300},
            {"a": [[0] * 40_000]},
        ),
        (
            {
                "$defs": {"c": {"const": [[0] * 200]}},
                "properties": {"a": {"items": {"not": {"anyOf": [{"$ref": "#/$defs/c"}] * 30}}}},
            },
            {"a": [[[0] * 199 + [1]]] * 400},
        ),
        ({"properties": {"a": {"items": {"enum": list(range(900))}}}}, {"a": [899] * 900}),
        ({"anyOf": [{"type": "string"}] * 700}, {"a": ["b" * 100] * 2_000}),
        ({"allOf": [{"properties": {"a": {"contains": {"const": 899}}}}] * 300}, {"a": list(range(400, 900))}),
        ({"allOf": [{"additionalProperties": {}}] * 300}, {f"a{number}": 1 for number in range(1_000)}),
    ],
)
async def test_a_check_that_takes_too_many_steps_is_given_up(schema: Any, document: Any) -> None:
    await checked_schema(schema)
    with pytest.raises((BadRequest, ValueError)) as refused:
        await check_document(schema, document)
    assert "takes more than" in str(refused.value)


class Watched(dict[str, Any]):
    """Notes in which thread somebody looks whether it has a key."""

    threads: set[int]

    def __contains__(self, key: object) -> bool:
        self.threads.add(threading.get_ident())
        return super().__contains__(key)


async def test_a_document_is_checked_aside_of_the_event_loop() -> None:
    document = Watched(a=1)
    document.threads = set()
    await check_document({"properties": {"a": {}}}, document)
    assert document.threads
    assert threading.get_ident() not in document.threads


async def test_who_only_waits_for_the_thread_may_come_again_and_whose_schema_keeps_it_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_schema, "_DEADLINE_SECONDS", 0.2)
    begun, ends = threading.Event(), threading.Event()

    class Slow(dict[str, Any]):
        def __contains__(self, key: object) -> bool:
            begun.set()
            return ends.wait(60)

    try:
        slow = asyncio.create_task(check_document({"properties": {"a": {}}}, Slow(a=1)))
        assert await asyncio.to_thread(begun.wait, 60)
        with pytest.raises((BadRequest, Transient)) as waited:
            await checked_schema({"type": "object"})
        assert getattr(waited.value, "retry_after_seconds", None)
        with pytest.raises(BadRequest, match="could not be checked within"):
            await slow
    finally:
        ends.set()
    monkeypatch.undo()
    assert await checked_schema({"type": "object"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
PARTS = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": ["integer", "array"]}, {"$ref": "#/$defs/a"}, {"uniqueItems": True}])
    | VALUES.map(lambda value: {"const": value}),
    lambda inner: st.fixed_dictionaries(
        {}, optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2), "items": inner, "not": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2), "oneOf": st.lists(inner, min_size=1, max_size=2),
            "required": st.just(["a"]),
        },
    ),
    max_leaves=5,
)  # fmt: skip


@given(PARTS, st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2))
@settings(max_examples=100, deadline=None)
async def test_counting_changes_no_verdict(part: dict[str, Any], document: dict[str, Any]) -> None:
    schema = {**part, "type": "object", "$defs": {"a": {"maxLength": 0}}}
    try:
        await check_document(schema, document)
        is_valid = True
    except ValueError:
        is_valid = False
    assert is_valid == Draft202012Validator(schema).is_valid(document)
