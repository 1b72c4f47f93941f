"""From a filter to Qdrant's conditions. They only ever stand beside the tenant's clause: see `payload.within`.

A list in the payload meets a match or a range when any of its elements does. `key[]` sees the elements of a list, and
nothing where there is none: so a text is told from a list of texts. A part of a text (`contains`) is `substring` from
Qdrant 1.20 on. Up to 1.19.0 `text` means the same in a field without an index. Others cannot be asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qdrant_client import models

from scrubjay.adapters.qdrant.casefold import FOLDED, fold
from scrubjay.adapters.qdrant.server_versions import Version
from scrubjay.errors import FilterNotServed
from scrubjay.model.filters import AllOf, AnyOf, Comparison, Condition, On, Op, Operand, Span

_KEYS: Mapping[On, str] = {On.TIMESTAMP: "valid_from", On.KEYWORDS: "text", On.MEMORY_IDS: "memory_id"}
# Beyond this a float no longer tells an integer from its neighbours, and Qdrant's ranges are of floats.
_EXACT_AS_FLOAT = 2**53
_OF_PARTS = (Op.CONTAINS, Op.ICONTAINS)


def conditions(condition: Condition | None, version: Version) -> list[models.Condition]:
    """What a filter adds to a query: one condition, or none. Raises FilterNotServed where the server is too old."""
    if condition is None:
        return []
    if version.has_substrings:
        return [compiled(condition)]
    parts = [
        comparison
        for comparison in comparisons(condition)
        if comparison.op in _OF_PARTS and isinstance(comparison.values[0], str)
    ]
    if parts and not version.has_text_by_parts:
        raise FilterNotServed(f"{fields(*parts)}: Qdrant {version.name} cannot test for a part of a text, 1.20 can")
    return [_by_text(compiled(condition))]


def comparisons(condition: Condition) -> list[Comparison]:
    """Every comparison in a filter, at any depth: they tell what this version of the Qdrant server cannot test."""
    if isinstance(condition, Comparison):
        return [condition]
    return [comparison for part in condition.parts for comparison in comparisons(part)]


def characters(condition: Condition | None) -> int:
    """How many characters the texts have together in a filter that is to be compiled to Qdrant's conditions."""
    every = [] if condition is None else comparisons(condition)
    return sum(len(value) for comparison in every for value in comparison.values if isinstance(value, str))


def fields(*conditions: Condition) -> str:
    """The names of the fields, as callers know them, in filters that Qdrant cannot serve: for the error message."""
    paths = [[leaf.on.value, *leaf.path] for condition in conditions for leaf in comparisons(condition)]
    return ", ".join(dict.fromkeys(".".join(path) for path in paths))


def _by_text(condition: models.Condition) -> models.Condition:
    """The same condition for servers that test for a part of a text by `match.text`."""
    if isinstance(condition, models.FieldCondition) and isinstance(condition.match, models.MatchSubstring):
        return condition.model_copy(update={"match": models.MatchText(text=condition.match.substring)})
    if not isinstance(condition, models.Filter):
        return condition
    clauses = {"must": condition.must, "should": condition.should, "must_not": condition.must_not}
    return models.Filter(
        **{name: [_by_text(part) for part in clause] for name, clause in clauses.items() if isinstance(clause, list)}
    )


def compiled(condition: Condition) -> models.Condition:
    """The condition as Qdrant's."""
    if isinstance(condition, Comparison):
        return _COMPARED[condition.op](_key(condition), condition.values)
    parts = [compiled(part) for part in condition.parts]
    if isinstance(condition, AllOf):
        return models.Filter(must=parts)
    return models.Filter(should=parts) if isinstance(condition, AnyOf) else models.Filter(must_not=parts)


def _key(comparison: Comparison) -> str:
    """Translate the field of a filter to the payload key of Qdrant's `FieldCondition`.

    A quoted key is one key, whatever dots and brackets are in it.
    """
    for step in comparison.path:
        if '"' in step or "\\" in step:
            raise ValueError(f"the key {step!r} cannot be quoted")
    return ".".join([_KEYS.get(comparison.on, comparison.on.value), *(f'"{step}"' for step in comparison.path)])


def _field(key: str, **what: Any) -> models.FieldCondition:
    return models.FieldCondition(key=key, **what)


def _unset(key: str) -> models.Condition:
    """Not there, null, or a list without elements."""
    return models.IsEmptyCondition(is_empty=models.PayloadField(key=key))


def _equals(key: str, value: Operand) -> models.Condition:
    if isinstance(value, Span):
        return _field(key, range=models.DatetimeRange(gte=value.first, lte=value.last))
    if isinstance(value, str | bool) or (isinstance(value, int) and abs(value) > _EXACT_AS_FLOAT):
        return _field(key, match=models.MatchValue(value=value))
    return _field(key, range=models.Range(gte=value, lte=value))  # 5 and 5.0 are one number, but no match


def _is_any(key: str, values: Sequence[Operand]) -> models.Condition:
    """Make Qdrant's condition that a payload field equals any of the values: one `MatchAny` holds all the texts."""
    texts = [value for value in values if isinstance(value, str)]
    others = [_equals(key, value) for value in values if not isinstance(value, str)]
    matches = [_field(key, match=models.MatchAny(any=texts))] if texts else []
    return models.Filter(should=[*matches, *others])


def _is_none(key: str, values: Sequence[Operand]) -> models.Condition:
    return models.Filter(must_not=[_unset(key), _is_any(key, values)])


def _is_set(key: str, _: Sequence[Operand]) -> models.Condition:
    return models.Filter(must_not=[_unset(key)])


def _bounded(bound: str, end: str) -> Callable[[str, Sequence[Operand]], models.Condition]:
    """Make Qdrant's range condition for a comparison by order; of a stretch of time it takes the end that counts."""

    def compare(key: str, values: Sequence[Operand]) -> models.Condition:
        (value,) = values
        if isinstance(value, Span):
            return _field(key, range=models.DatetimeRange(**{bound: getattr(value, end)}))
        return _field(key, range=models.Range(**{bound: value}))

    return compare


def _contains(key: str, values: Sequence[Operand]) -> models.Condition:
    """Qdrant's condition for `contains`: a text of which the value is a part, or a list of which it is an element."""
    (value,) = values
    element = _equals(f"{key}[]", value)
    if not isinstance(value, str):
        return element
    part = _field(key, match=models.MatchSubstring(substring=value))
    return models.Filter(should=[models.Filter(must=[part, _unset(f"{key}[]")]), element])


def _contains_whatever_the_case(key: str, values: Sequence[Operand]) -> models.Condition:
    """The same over the folded copy. Without one the text is its own copy, or was stored before there were any."""
    (value,) = values
    low = (fold(str(value)),)
    itself = models.Filter(should=[_contains(key, values), _contains(key, low)])
    copy = f"{FOLDED}.{key}"
    return models.Filter(should=[_contains(copy, low), models.Filter(must=[_unset(copy), itself])])


_COMPARED: Mapping[Op, Callable[[str, Sequence[Operand]], models.Condition]] = {
    Op.EQ: _is_any,
    Op.IN: _is_any,
    Op.NE: _is_none,
    Op.NIN: _is_none,
    Op.GT: _bounded("gt", "last"),
    Op.GTE: _bounded("gte", "first"),
    Op.LT: _bounded("lt", "first"),
    Op.LTE: _bounded("lte", "last"),
    Op.CONTAINS: _contains,
    Op.ICONTAINS: _contains_whatever_the_case,
    Op.IS_SET: _is_set,
}
