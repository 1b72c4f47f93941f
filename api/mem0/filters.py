"""Mem0's filters in our grammar: the same but for a few names, and for what its clients send beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrubjay.model.filters import Condition
from scrubjay.search.filters import parse

_GROUPS = ("AND", "OR", "NOT")
_NAMES: Mapping[str, str] = {"keywords_search": "keywords", "session_id": "run_id"}
_LOOKS_INSIDE = ("keywords", "keywords_search")  # a word on its own is looked for


def condition(filters: Any, *beside: tuple[str, Any]) -> Condition | None:
    """Read a filter in Mem0's grammar, and the fields that its clients send beside it, into one condition of ours.

    Args:
        filters: the filter as it was sent.
        beside: fields with what is said of each; None where nothing is.

    Raises BadRequest.
    """
    more = [{field: part} for field, part in beside if part is not None]
    if not more:
        return parse(in_our_words(filters))
    return parse({"AND": [*([in_our_words(filters)] if filters else []), *more]})


def in_our_words(filters: Any) -> Any:
    """Rename the keys of a filter in Mem0's grammar to those of ours; what is no filter stays as it is."""
    if isinstance(filters, Sequence) and not isinstance(filters, str):
        return [in_our_words(part) for part in filters]
    if not isinstance(filters, Mapping):
        return filters
    return {_NAMES.get(key, key): _said(key, value) for key, value in filters.items()}


def _said(key: str, value: Any) -> Any:
    if key in _GROUPS:
        return in_our_words(value)
    return {"icontains": value} if key in _LOOKS_INSIDE and isinstance(value, str) else value


def among(names: Sequence[str] | None) -> Mapping[str, Any] | None:
    """Convert a list beside Mem0's filters, such as `categories`, to an `in` condition; None where it names nothing."""
    return {"in": list(names)} if names else None


def between(first: str | None, last: str | None) -> Mapping[str, Any] | None:
    """Convert `start_date` and `end_date` beside Mem0's filters to `gte` and `lte`; None where neither is named."""
    bounds = {operator: at for operator, at in (("gte", first), ("lte", last)) if at is not None}
    return bounds or None
