"""Every kind of filter selects the same points, with payload indexes and without them."""

from datetime import UTC, datetime

import pytest
from qdrant_client.models import (
    DatetimeRange,
    FieldCondition,
    Filter,
    HasIdCondition,
    HasVectorCondition,
    IsEmptyCondition,
    IsNullCondition,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    MatchTextAny,
    MatchValue,
    MinShould,
    Nested,
    NestedCondition,
    PayloadField,
    Range,
    ValuesCount,
)

from tests.contract.qdrant.data import DIMENSIONS, SIZE, identity, payload, vector
from tests.contract.qdrant.pair import Pair


def _is(key: str, value: str | int | bool) -> FieldCondition:
    return FieldCondition(key=key, match=MatchValue(value=value))


def _any(key: str, *values: str | int) -> FieldCondition:
    return FieldCondition(key=key, match=MatchAny(any=list(values)))


def _except(key: str, *values: str | int) -> FieldCondition:
    return FieldCondition(key=key, match=MatchExcept(**{"except": list(values)}))


def _range(key: str, **bounds: float) -> FieldCondition:
    return FieldCondition(key=key, range=Range(**bounds))


def _when(key: str, **bounds: str | datetime) -> FieldCondition:
    return FieldCondition(key=key, range=DatetimeRange.model_validate(bounds))


def _empty(key: str) -> IsEmptyCondition:
    return IsEmptyCondition(is_empty=PayloadField(key=key))


def _null(key: str) -> IsNullCondition:
    return IsNullCondition(is_null=PayloadField(key=key))


def _nested(key: str, *must: FieldCondition) -> NestedCondition:
    return NestedCondition(nested=Nested(key=key, filter=Filter(must=list(must))))


USER, RED = _is("user", "u1"), _is("tags", "red")
MIDDAY = datetime(2024, 6, 7, 10, 0, 0, 6, tzinfo=UTC)
FILTERS = {
    "keyword": Filter(must=[USER]),
    "keyword that nobody has": Filter(must=[_is("user", "nobody")]),
    "key that nobody has": Filter(must=[_is("no.such.key", "x")]),
    "integer": Filter(must=[_is("count", 7)]),
    "boolean": Filter(must=[_is("current", True)]),
    "boolean false": Filter(must=[_is("current", False)]),
    "integer given as text": Filter(must=[_is("count", "7")]),
    "uuid": Filter(must=[_is("ref", payload(3)["ref"])]),
    "array holds a value": Filter(must=[RED]),
    "nested key": Filter(must=[_is("metadata.k", 2)]),
    "deeply nested key": Filter(must=[_is("metadata.lang.code", "ja")]),
    "any element of a nested array": Filter(must=[_is("metadata.list[]", -5)]),
    "an element by its place": Filter(must=[_is("metadata.list[1]", -5)]),
    "key of objects in an array": Filter(must=[_is("items[].name", "n1")]),
    "quoted key with a space": Filter(must=[_is('"weird key"."with space"', 1)]),
    "an element of a list": Filter(must=[_is("tags[]", "red")]),
    "an element of what is no list": Filter(must=[_is("city[]", "東京")]),
    "a part of an element": Filter(must=[FieldCondition(key="tags", match=MatchSubstring(substring="ree"))]),
    "empty: no list": Filter(must=[_empty("city[]")]),
    "empty: a list without elements": Filter(must=[_empty("tags[]")]),
    "an unknown key of dots and brackets": Filter(must=[_empty('metadata."k.lang[0]"')]),
    "a quoted key": Filter(must=[_is('metadata."lang"."code"', "ja")]),
    "an empty key": Filter(must=[_empty('metadata.""')]),
    "equal as a number": Filter(must=[_range("metadata.k", gte=2, lte=2)]),
    "chinese, japanese, cyrillic": Filter(must=[_is("ключ.鍵", "値2")]),
    "value in chinese script": Filter(must=[_is("city", "東京")]),
    "value from right to left": Filter(must=[_is("city", "القاهرة")]),
    "emoji in the value": Filter(must=[_is("city", "🏝️ Oahu")]),
    "combining mark is not the composed letter": Filter(must=[_is("city", "e\u0301vora")]),
    "composed letter": Filter(must=[_is("city", "évora")]),
    "any of": Filter(must=[_any("user", "u1", "u3")]),
    "any of integers": Filter(must=[_any("count", 2, 3, 6, 99)]),
    "any of none": Filter(must=[_any("user")]),
    "any of over an array": Filter(must=[_any("tags", "green", "blue")]),
    "except": Filter(must=[_except("user", "u1", "u3")]),
    "except over integers": Filter(must=[_except("count", 2, 3)]),
    "except over an array": Filter(must=[_except("tags", "red")]),
    "text: all words": Filter(must=[FieldCondition(key="text", match=MatchText(text="heron walks"))]),
    "text: a word is missing": Filter(must=[FieldCondition(key="text", match=MatchText(text="heron flies"))]),
    "text: any word": Filter(must=[FieldCondition(key="text", match=MatchTextAny(text_any="flies 3th"))]),
    "text: phrase": Filter(must=[FieldCondition(key="text", match=MatchPhrase(phrase="number 17"))]),
    "prefix": Filter(must=[FieldCondition(key="city", match=MatchPrefix(prefix="é"))]),
    "substring": Filter(must=[FieldCondition(key="city", match=MatchSubstring(substring="vora"))]),
    "greater than": Filter(must=[_range("price", gt=4.5)]),
    "at least": Filter(must=[_range("price", gte=4.5)]),
    "less than": Filter(must=[_range("price", lt=-1)]),
    "at most": Filter(must=[_range("price", lte=-1)]),
    "between": Filter(must=[_range("count", gte=6, lt=15)]),
    "between, of an empty interval": Filter(must=[_range("count", gt=9, lt=9)]),
    "range over an array": Filter(must=[_range("metadata.list", gte=40)]),
    "range over text finds nothing": Filter(must=[_range("user", gte=0)]),
    "since": Filter(must=[_when("at", gte="2024-06-01T00:00:00Z")]),
    "before": Filter(must=[_when("at", lt="2024-06-01T00:00:00Z")]),
    "to the microsecond": Filter(must=[_when("at", gte=MIDDAY, lte=MIDDAY)]),
    "in another time zone": Filter(must=[_when("at", gt="2024-06-07T12:00:00.000005+02:00")]),
    "a day without a time": Filter(must=[_when("at", gte="2024-03-01", lt="2024-05-01")]),
    "empty: absent or null": Filter(must=[_empty("count")]),
    "empty: array without items": Filter(must=[_empty("tags")]),
    "empty: unknown key": Filter(must=[_empty("no.such.key")]),
    "not empty": Filter(must_not=[_empty("tags")]),
    "null": Filter(must=[_null("count")]),
    "not null": Filter(must_not=[_null("count")]),
    "number of values": Filter(must=[FieldCondition(key="tags", values_count=ValuesCount(gte=2))]),
    "number of values below": Filter(must=[FieldCondition(key="items", values_count=ValuesCount(lt=1))]),
    "ids of both kinds": Filter(must=[HasIdCondition(has_id=[identity(1), identity(2), 4711])]),
    "no ids": Filter(must=[HasIdCondition(has_id=[])]),
    "all but these ids": Filter(must_not=[HasIdCondition(has_id=[identity(1), identity(2)])]),
    "has a vector": Filter(must=[HasVectorCondition(has_vector="words")]),
    "objects of an array, one by one": Filter(must=[_nested("items", _is("name", "n0"), _is("amount", 2))]),
    "objects of an array, in a range": Filter(must=[_nested("items", _range("amount", gte=3))]),
    "empty filter": Filter(),
    "empty clauses": Filter(must=[], must_not=[]),
    "one condition instead of a list": Filter(must=USER),
    "and": Filter(must=[USER, RED, _is("current", True)]),
    "or": Filter(should=[USER, RED]),
    "neither": Filter(must_not=[USER, RED]),
    "and, or, not": Filter(must=[RED], should=[USER, _is("user", "u2")], must_not=[_is("current", False)]),
    "filter in a filter": Filter(must=[Filter(should=[USER, Filter(must=[RED, _is("metadata.k", 3)])])]),
    "not (a and b)": Filter(must_not=[Filter(must=[RED, _is("current", True)])]),
    "two of three": Filter(min_should=MinShould(conditions=[USER, RED, _is("current", True)], min_count=2)),
    "one of two": Filter(min_should=MinShould(conditions=[USER, RED], min_count=1)),
    "an owner's current memories": Filter(
        must=[USER, _is("current", True), _when("at", lte="2024-09-01T00:00:00Z"), _is("metadata.k", 2)]
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_selects_the_same_points(library: Pair, name: str) -> None:
    chosen = FILTERS[name]
    library.agree(lambda client, where: client.scroll(where, scroll_filter=chosen, limit=SIZE))
    library.agree(lambda client, where: client.count(where, count_filter=chosen, exact=True))
    library.agree_on_ranking(
        lambda client, where: (
            client.query_points(where, vector(5, DIMENSIONS), using="dense", query_filter=chosen, limit=SIZE).points
        )
    )


def test_the_table_holds_filters_that_select_something_and_not_everything(library: Pair) -> None:
    sizes = [library.served.count(library.name, count_filter=chosen).count for chosen in FILTERS.values()]
    assert sum(0 < size < SIZE for size in sizes) > len(FILTERS) * 0.75
