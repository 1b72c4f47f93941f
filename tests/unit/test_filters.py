"""The filter grammar: what it takes, what it refuses and with which words, and whose memories a filter asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.adapters.qdrant.filters import compiled
from scrubjay.errors import BadRequest
from scrubjay.model import Scope
from scrubjay.model.filters import AllOf, AnyOf, Comparison, NoneOf, On, Op, Span, owners
from scrubjay.search.filters import narrowed, parse, waiting_owners
from tests.filter_strategies import filters

ANA, BOT = {"user_id": "ana"}, {"agent_id": "bot"}
FOOD = Comparison(on=On.CATEGORIES, op=Op.CONTAINS, values=("food",))
USER_ANA = Comparison(on=On.USER_ID, op=Op.EQ, values=("ana",))
NOBODY = Scope(tenant="acme")


def deep(levels: int) -> dict[str, Any]:
    return ANA if levels == 0 else {"NOT": deep(levels - 1)}


TAKEN: dict[str, tuple[Any, Any]] = {
    "nothing": ({}, None),
    "null": (None, None),
    "a bare value is eq": (ANA, USER_ANA),
    "siblings are all meant": (
        {**ANA, "OR": [{"categories": {"contains": "food"}}, ANA], "NOT": ANA},
        AllOf(parts=(USER_ANA, AnyOf(parts=(FOOD, USER_ANA)), NoneOf(parts=(USER_ANA,)))),
    ),
    "not takes an object, of which not all may hold": (
        {"NOT": {**ANA, "categories": {"contains": "food"}}}, NoneOf(parts=(AllOf(parts=(USER_ANA, FOOD)),)),
    ),
    "not takes a list, of which none may hold": (
        {"NOT": [ANA, {"categories": {"contains": "food"}}]}, NoneOf(parts=(USER_ANA, FOOD)),
    ),
    "a star is set": ({"run_id": "*"}, Comparison(on=On.RUN_ID, op=Op.IS_SET)),
    "a star with blanks is no run": ({"run_id": " * "}, Comparison(on=On.RUN_ID, op=Op.IS_SET)),
    "a list of memories": (
        {"memory_ids": ["m1", "m2"]}, Comparison(on=On.MEMORY_IDS, op=Op.IN, values=("m1", "m2")),
    ),
    "a key of metadata is one key, dots and all": (
        {"metadata": {"a.b[0]": 1}}, Comparison(on=On.METADATA, op=Op.EQ, values=(1,), path=("a.b[0]",)),
    ),
    "an object in metadata leads further in": (
        {"metadata": {"a": {"b": {"gte": 1.5}}}},
        Comparison(on=On.METADATA, op=Op.GTE, values=(1.5,), path=("a", "b")),
    ),
    "a star in metadata may be meant": (
        {"metadata": {"a": {"eq": "*"}}}, Comparison(on=On.METADATA, op=Op.EQ, values=("*",), path=("a",)),
    ),
    "true is not one": (
        {"metadata": {"a": True}}, Comparison(on=On.METADATA, op=Op.EQ, values=(True,), path=("a",)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_a_filter_is_read_as_it_is_meant(name: str) -> None:
    given_, meant = TAKEN[name]
    assert parse(given_) == meant


def test_a_filter_may_be_eight_objects_deep() -> None:
    assert parse(deep(7)) is not None


def test_a_time_is_an_instant_and_a_day_is_the_whole_of_it() -> None:
    nine = datetime(2026, 3, 26, 9, tzinfo=UTC)
    day = Span(first=datetime(2026, 3, 26, tzinfo=UTC), last=datetime(2026, 3, 26, 23, 59, 59, 999999, tzinfo=UTC))
    spans = {
        "2026-03-26T10:00:00+01:00": Span(first=nine, last=nine),
        nine.timestamp(): Span(first=nine, last=nine),
        "2026-03-26": day,
    }
    for text, span in spans.items():
        assert parse({"created_at": text}) == Comparison(on=On.CREATED_AT, op=Op.EQ, values=(span,))


REFUSED: dict[str, tuple[Any, str]] = {
    "no object": ([], "a filter must be an object, not []"),
    "text": ("user_id", 'a filter must be an object, not "user_id"'),
    "an unknown key": ({"colour": 1}, '"colour" is not known here; there are AND, OR, NOT, user_id'),
    "a key in small letters": ({"or": [ANA]}, '"or" is not known here'),
    "the tenant": ({"tenant": "other"}, '"tenant" is not known here'),
    "an unknown key deep inside": ({"AND": [{"OR": [{"NOT": {"shape": 1}}]}]}, '"shape" is not known here'),
    "an unknown operator": ({"user_id": {"like": "a"}}, 'user_id does not take "like"; it takes eq, ne, in, nin'),
    "an operator of another field": ({"user_id": {"gt": "a"}}, 'user_id does not take "gt"'),
    "no operator": ({"user_id": {}}, "user_id takes a value or an object of operators"),
    "an empty AND": ({"AND": []}, "AND must not be empty"),
    "an empty OR": ({"OR": []}, "OR must not be empty"),
    "an empty NOT": ({"NOT": []}, "NOT must not be empty"),
    "NOT of nothing": ({"NOT": {}}, "each part of NOT must not be an empty object"),
    "a part that is empty": ({"OR": [ANA, {}]}, "each part of OR must not be an empty object"),
    "OR of an object": ({"OR": ANA}, "OR takes a list of objects"),
    "NOT of text": ({"NOT": "x"}, "NOT takes an object or a list of objects"),
    "a part that is text": ({"OR": ["x"]}, 'each part of OR must be an object, not "x"'),
    "nine levels": (deep(8), "must not be nested deeper than 8 levels"),
    "nested without end": (deep(400), "must not be nested deeper than 8 levels"),
    "too many conditions": ({"OR": [ANA] * 101}, "there must not be more than 100 conditions"),
    "too many values": ({"memory_ids": ["m"] * 201}, "memory_ids: in takes at most 200 values"),
    "too many values together": ({"OR": [{"user_id": {"in": ["u"] * 200}}] * 6}, "must not have more than 1000 values"),
    "a bare list": ({"user_id": ["a", "b"]}, 'user_id does not take a list; say {"in": […]}'),
    "in without a list": ({"user_id": {"in": "a"}}, 'user_id: in takes a list that is not empty, not "a"'),
    "in of nothing": ({"user_id": {"in": []}}, "user_id: in takes a list that is not empty"),
    "an id that is null": ({"user_id": None}, "user_id: eq must be text, an integer or a UUID: null"),
    "an id that is true": ({"user_id": True}, "user_id: eq must be text, an integer or a UUID: true"),
    "an empty id": ({"user_id": ""}, 'user_id: eq must not be blank: ""'),
    "a blank id": ({"agent_id": {"in": [" \u3000"]}}, "agent_id: in must not be blank"),
    "a star among ids": ({"user_id": {"in": ["a", " *"]}}, 'user_id: in takes an id, not "*"'),
    "anything but a star": ({"user_id": {"ne": "*"}}, '"*" stands alone and means: is set'),
    "an endless id": ({"user_id": "x" * 257}, "user_id: eq must have at most 256 characters"),
    "a NUL": ({"text": "a\x00"}, "text: eq takes text without NUL characters"),
    "half a character": ({"metadata": {"a": "\ud800"}}, "takes text without NUL characters and lone surrogates"),
    "no time": ({"created_at": "yesterday"}, "created_at: eq takes a time such as 2026-03-26T09:00:00Z"),
    "a time without a zone": ({"created_at": {"gte": "2026-03-26T09:00:00"}}, "created_at: gte takes a time"),
    "a day that is none": ({"updated_at": "2026-02-30"}, "updated_at: eq takes a time"),
    "a time that is true": ({"timestamp": True}, "timestamp: eq takes a time"),
    "a time without end": ({"timestamp": float("inf")}, "timestamp: eq takes a time"),
    "a time long after time": ({"timestamp": 10**18}, "timestamp: eq takes a time"),
    "keywords on their own": ({"keywords": "tea"}, "keywords takes one of contains, icontains"),
    "keywords that are empty": ({"keywords": {"contains": ""}}, "keywords: contains takes text that is not empty"),
    "a star for keywords": ({"keywords": "*"}, "keywords takes one of contains, icontains"),
    "categories in order": ({"categories": {"gt": "a"}}, 'categories does not take "gt"'),
    "metadata that is no object": ({"metadata": "x"}, 'metadata takes an object such as {"key": value}, not "x"'),
    "metadata of nothing": ({"metadata": {}}, "metadata takes an object"),
    "metadata in order by text": ({"metadata": {"a": {"gt": "5"}}}, 'metadata.a: gt takes a number, not "5"'),
    "metadata and operators mixed": ({"metadata": {"a": {"gt": 5, "b": 1}}}, 'metadata.a does not take "b"'),
    "metadata that is null": ({"metadata": {"a": None}}, "metadata.a: eq does not take null"),
    "a number that is none": ({"metadata": {"a": float("nan")}}, "metadata.a: eq takes a number that is finite"),
    "a number too wide": ({"metadata": {"a": 2**63}}, "metadata.a: eq takes integers of at most 64 bits"),
    "a list in a list": ({"metadata": {"a": {"in": [[1]]}}}, "metadata.a: in takes text, a number, true or false"),
    "metadata nested too deep": (
        {"metadata": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "metadata must not be nested deeper than 5",
    ),
    "a quote in a key": ({"metadata": {'a"."b': 1}}, "holds a quote or a backslash"),
    "a backslash in a key": ({"metadata": {"a\\": 1}}, "holds a quote or a backslash"),
    "a key as a path": ({"metadata.a": 1}, '"metadata.a" is not known here'),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused_with_the_word_that_is_wrong(name: str) -> None:
    given_, sentence = REFUSED[name]
    with pytest.raises(BadRequest) as refusal:
        parse(given_)
    assert sentence in str(refusal.value)
    assert str(refusal.value).startswith("filters: ")
    assert len(str(refusal.value)) < 200
    str(refusal.value).encode()


OWNED: dict[str, tuple[dict[str, str], Any, dict[str, str] | str]] = {
    "the filter names the user": ({}, ANA, ANA),
    "somewhere in a conjunction": ({}, {"AND": [{"AND": [ANA]}, {"categories": "food"}]}, ANA),
    "one of one": ({}, {"user_id": {"in": ["ana"]}}, ANA),
    "what two lists have in common": (
        {}, {"AND": [{"user_id": {"in": ["ana", "bob"]}}, {"user_id": {"in": ["ana", "eve"]}}]}, ANA,
    ),
    "each names one": (BOT, ANA, {**ANA, **BOT}),
    "both say the same": (ANA, ANA, ANA),
    "one of several": ({}, {"user_id": {"in": ["ana", "bob"]}}, {}),
    "one way or the other": ({}, {"OR": [ANA, BOT]}, {}),
    "one of several that are allowed": (ANA, {"user_id": {"in": ["ana", "bob"]}}, ANA),
    "any run of hers": (ANA, {"run_id": "*"}, ANA),
    "they contradict each other": (ANA, {"user_id": "bob"}, "user_id is one id in the request and another"),
    "it contradicts itself": ({}, {"AND": [ANA, {"user_id": "bob"}]}, "no user_id can be everything"),
    "anybody": ({}, {"user_id": "*"}, "name an owner: user_id, agent_id, run_id or app_id by eq or in"),
    "anybody but her": ({}, {"user_id": {"ne": "ana"}}, "name an owner"),
    "not her": ({}, {"NOT": ANA}, "name an owner"),
    "nobody": ({}, {"categories": "food"}, "name an owner"),
    "she or anybody": ({}, {"OR": [ANA, {"categories": "food"}]}, "name an owner"),
}  # fmt: skip


@pytest.mark.parametrize("name", OWNED)
def test_a_filter_may_name_the_owner_and_somebody_must(name: str) -> None:
    owner_ids, filters_, expected = OWNED[name]
    scope, condition = Scope(tenant="acme", **owner_ids), parse(filters_)
    if isinstance(expected, str):
        with pytest.raises(BadRequest, match=expected):
            narrowed(scope, condition)
    else:
        assert narrowed(scope, condition).ids == expected


def test_what_is_pending_is_looked_for_with_the_owners_that_are_named() -> None:
    several = parse({"AND": [BOT, {"user_id": {"in": ["ana", "bob"]}}]})
    assert [scope.ids for scope in waiting_owners(narrowed(NOBODY, several), several)] == [ANA, {"user_id": "bob"}]
    either = parse({"OR": [ANA, BOT]})
    assert [scope.ids for scope in waiting_owners(narrowed(NOBODY, either), either)] == [BOT, ANA]
    assert [scope.ids for scope in waiting_owners(Scope(tenant="acme", **ANA, **BOT), None)] == [ANA]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["*", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["AND", "OR", "NOT", *On, *Op]) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_whatever_is_sent_is_read_or_refused_with_a_sentence(sent: Any) -> None:
    try:
        condition = parse(sent)
    except BadRequest as refusal:
        str(refusal).encode()
    else:
        assert condition is None or compiled(condition)


@settings(max_examples=200, deadline=None)
@given(filters(["m1", "m2"]))
def test_whatever_the_grammar_allows_is_compiled(sent: Any) -> None:
    condition = parse(sent)
    assert condition is not None
    assert compiled(condition).model_dump_json()
    owners(condition)
