"""Qdrant's filter language: from JSON to the engine's conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.errors import BadInput
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    as_bool,
    as_int,
    as_list,
    as_number,
    as_object,
    as_point_ids,
    as_string,
    only,
)

Found = TypeVar("Found")
_BOUNDS = ("lt", "gt", "lte", "gte")
_CLAUSES = ("must", "should", "must_not", "min_should")
_FIELD = ("match", "range", "values_count", "is_empty", "is_null")
MAX_DEPTH = 64


def _boolean(value: bool) -> Any:
    # The bindings read a boolean to match as the integer 0 or 1, which no stored boolean equals. They do read
    # numpy's scalar booleans as booleans and know them by this name, so this is one, without numpy.
    return type("bool_", (), {"__module__": "numpy", "__bool__": lambda _: value})()


_BOOLEANS = {value: _boolean(value) for value in (False, True)}


def read_filter(value: Any, depth: int = 0) -> engine.Filter | None:
    """Read an optional filter.

    Raises `BadInput` for an unknown clause or condition, and for clauses nested more than `MAX_DEPTH` deep.
    """
    if value is None:
        return None
    if depth > MAX_DEPTH:
        raise BadInput(f"the filter is nested more than {MAX_DEPTH} levels deep.")
    body = only(as_object(value, "filter"), _CLAUSES, "a filter")
    return engine.Filter(
        must=_clause(body, "must", depth),
        should=_clause(body, "should", depth),
        must_not=_clause(body, "must_not", depth),
        min_should=_min_should(body.get("min_should"), depth),
    )


def _clause(body: Json, name: str, depth: int) -> list[engine.ConditionType] | None:
    value = body.get(name)
    if value is None:
        return None
    conditions = value if isinstance(value, list) else [value]
    return [read_condition(condition, depth) for condition in conditions]


def _min_should(value: Any, depth: int) -> engine.MinShould | None:
    if value is None:
        return None
    body = only(as_object(value, "min_should"), ("conditions", "min_count"), "min_should")
    conditions = as_list(body.get("conditions"), "min_should.conditions")
    return engine.MinShould(
        [read_condition(condition, depth) for condition in conditions],
        as_int(body.get("min_count"), "min_should.min_count", least=1),
    )


def read_condition(value: Any, depth: int = 0) -> engine.ConditionType:
    """Read one condition of a filter or of a formula."""
    body = as_object(value, "a condition")
    if "key" in body:
        return _field(body)
    for name, read in _CONDITIONS.items():
        if name in body:
            return read(only(body, (name,), "a condition")[name], depth)
    nested = read_filter(body, depth + 1)
    if nested is None or not body:
        raise BadInput("a condition is empty.")
    return nested


def _nested(value: Any, depth: int) -> engine.NestedCondition:
    body = only(as_object(value, "nested"), ("key", "filter"), "nested")
    inner = read_filter(as_object(body.get("filter"), "nested.filter"), depth + 1)
    return engine.NestedCondition(as_string(body.get("key"), "nested.key"), inner or engine.Filter())


def _payload_key(value: Any, what: str) -> str:
    return as_string(only(as_object(value, what), ("key",), what).get("key"), f"{what}.key")


_CONDITIONS: dict[str, Callable[[Any, int], engine.ConditionType]] = {
    "is_empty": lambda value, _: engine.IsEmptyCondition(_payload_key(value, "is_empty")),
    "is_null": lambda value, _: engine.IsNullCondition(_payload_key(value, "is_null")),
    "has_id": lambda value, _: engine.HasIdCondition(set(as_point_ids(value, "has_id"))),
    "has_vector": lambda value, _: engine.HasVectorCondition(as_string(value, "has_vector")),
    "nested": _nested,
}


def _field(body: Json) -> engine.FieldCondition:
    """Read a Qdrant field condition (match, range, values_count, is_empty, is_null) from JSON into the engine's own."""
    only(body, ("key", *_FIELD), "a field condition")
    if all(body.get(name) is None for name in _FIELD):
        raise BadInput("a field condition needs one of " + ", ".join(_FIELD) + ".")
    return engine.FieldCondition(
        as_string(body["key"], "a condition's key"),
        match=_optional(body.get("match"), _match),
        range=_optional(body.get("range"), _range),
        values_count=_optional(body.get("values_count"), _values_count),
        is_empty=_optional(body.get("is_empty"), lambda value: as_bool(value, "is_empty")),
        is_null=_optional(body.get("is_null"), lambda value: as_bool(value, "is_null")),
    )


def _optional(value: Any, read: Callable[[Any], Found]) -> Found | None:
    return None if value is None else read(value)


def _match(value: Any) -> engine.MatchType:
    """Read the `match` of a Qdrant filter's JSON (value, text, any, except ...) into the engine's match condition."""
    body = as_object(value, "match")
    if len(body) != 1:
        raise BadInput("match must have exactly one field.")
    ((name, wanted),) = body.items()
    if name not in _MATCHES:
        raise BadInput(f"match must be one of {', '.join(_MATCHES)}.")
    return _MATCHES[name](wanted)


def _value(value: Any) -> engine.MatchValue:
    if not isinstance(value, str | int) or _too_wide(value):
        raise BadInput("match.value must be a string, a 64-bit integer or a boolean.")
    return engine.MatchValue(_BOOLEANS[value] if isinstance(value, bool) else value)


def _variants(value: Any, what: str) -> list[str] | list[int]:
    """Read the list of a Qdrant filter's `match.any` or `match.except`: only strings or only 64-bit integers."""
    items = as_list(value, what)
    if all(isinstance(item, str) for item in items):
        return items
    if all(isinstance(item, int) and not isinstance(item, bool) and not _too_wide(item) for item in items):
        return items
    raise BadInput(f"{what} must hold only strings or only 64-bit integers.")


def _too_wide(value: str | int) -> bool:
    return isinstance(value, int) and not -(2**63) <= value < 2**63


_MATCHES: dict[str, Callable[[Any], engine.MatchType]] = {
    "value": _value,
    "text": lambda value: engine.MatchText(as_string(value, "match.text")),
    "text_any": lambda value: engine.MatchTextAny(as_string(value, "match.text_any")),
    "phrase": lambda value: engine.MatchPhrase(as_string(value, "match.phrase")),
    "prefix": lambda value: engine.MatchPrefix(as_string(value, "match.prefix")),
    "substring": lambda value: engine.MatchSubstring(as_string(value, "match.substring")),
    "any": lambda value: engine.MatchAny(_variants(value, "match.any")),
    "except": lambda value: engine.MatchExcept(_variants(value, "match.except")),
}


def _range(value: Any) -> engine.RangeType:
    """Read the `range` of a Qdrant filter's JSON into the engine's type: of datetimes where all bounds are strings."""
    body = only(as_object(value, "range"), _BOUNDS, "range")
    bounds = {name: bound for name, bound in body.items() if bound is not None}
    if bounds and all(isinstance(bound, str) for bound in bounds.values()):
        return engine.RangeDateTime(**bounds)
    return engine.RangeFloat(**{name: as_number(bound, f"range.{name}") for name, bound in bounds.items()})


def _values_count(value: Any) -> engine.ValuesCount:
    body = only(as_object(value, "values_count"), _BOUNDS, "values_count")
    return engine.ValuesCount(
        **{name: as_int(bound, f"values_count.{name}") for name, bound in body.items() if bound is not None}
    )
