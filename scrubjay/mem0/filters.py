"""Mem0's filters in our grammar: the same but for a few names, and for the fields that its clients send beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_GROUPS = ("AND", "OR", "NOT")
_NAMES: Mapping[str, str] = {"keywords_search": "keywords", "session_id": "run_id"}
_TEXT_FIELDS = ("keywords", "keywords_search")  # a text on its own is looked for in small and large letters


def translated(filters: Any) -> Any:
    """Rename the keys of a filter in Mem0's grammar to those of ours; a value that is no filter stays as it is.

    Unknown keys stay too, and are refused where the filter is parsed.
    """
    if isinstance(filters, Sequence) and not isinstance(filters, str):
        return [translated(part) for part in filters]
    if not isinstance(filters, Mapping):
        return filters
    return {_NAMES.get(key, key): _condition(key, value) for key, value in filters.items()}


def joined(filters: Any, fields: Mapping[str, Any]) -> Any:
    """One filter in our grammar from Mem0's filter and the fields that its clients send beside it.

    Args:
        filters: the filter as it was sent.
        fields: by name, each with its condition in our grammar; None where there is none.
    """
    more = [{name: condition} for name, condition in fields.items() if condition is not None]
    if not more:
        return translated(filters)
    return {"AND": [*([translated(filters)] if filters else []), *more]}


def is_in(values: Sequence[str] | None) -> Mapping[str, Any] | None:
    """Convert a list beside Mem0's filters, such as `categories`, to an `in` condition; None for an empty list."""
    return {"in": list(values)} if values else None


def contains(text: str | None) -> Mapping[str, Any] | None:
    """Convert a text beside Mem0's filters, such as `keywords`, to a condition; None for an empty text."""
    return {"icontains": text} if text else None


def between(first: str | None, last: str | None) -> Mapping[str, Any] | None:
    """Convert `start_date` and `end_date` beside Mem0's filters to `gte` and `lte`; None where both are missing."""
    bounds = {operator: moment for operator, moment in (("gte", first), ("lte", last)) if moment is not None}
    return bounds or None


def _condition(key: str, value: Any) -> Any:
    if key in _GROUPS:
        return translated(value)
    return {"icontains": value} if key in _TEXT_FIELDS and isinstance(value, str) else value
