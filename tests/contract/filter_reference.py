"""What a filter means, said once more and plainly: over whole memories, one at a time, from the JSON itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scrubjay.model import Memory

_OPERATORS = {"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "contains", "icontains"}
_DAY = len("2026-01-01")


def meets(memory: Memory, condition: Mapping[str, Any]) -> bool:
    """Whether a memory meets a filter."""
    return all(_entry(memory, key, item) for key, item in condition.items())


def _entry(memory: Memory, key: str, value: Any) -> bool:
    if key == "AND":
        return all(meets(memory, part) for part in value)
    if key == "OR":
        return any(meets(memory, part) for part in value)
    if key == "NOT":
        return not any(meets(memory, part) for part in (value if isinstance(value, list) else [value]))
    if key == "metadata":
        return all(_inside(memory.metadata.get(name), more) for name, more in value.items())
    return _said_of(_value(memory, key), value)


def _inside(value: Any, item: Any) -> bool:
    if isinstance(item, dict) and not _OPERATORS & set(item):
        inner = value if isinstance(value, dict) else {}
        return all(_inside(inner.get(name), more) for name, more in item.items())
    return _said_of(value, item)


def _value(memory: Memory, key: str) -> Any:
    names = {"timestamp": "valid_from", "keywords": "text", "memory_ids": "id"}
    answer = memory if hasattr(memory, names.get(key, key)) else memory.scope
    value = getattr(answer, names.get(key, key))
    return list(value) if isinstance(value, tuple) else value


def _said_of(value: Any, item: Any) -> bool:
    if item == "*":
        return _is_set(value)
    if isinstance(item, list):
        item = {"in": item}
    if not isinstance(item, dict):
        item = {"eq": item}
    return all(_is_set(value) and _compared(op, value, wanted) for op, wanted in item.items())


def _is_set(value: Any) -> bool:
    return value is not None and value != []


def _compared(op: str, value: Any, wanted: Any) -> bool:
    if op in ("contains", "icontains"):
        return _contains(value, wanted, fold=op == "icontains")
    each = value if isinstance(value, list) else [value]
    if op in ("ne", "nin"):
        return not any(_equal(item, other) for item in each for other in (wanted if op == "nin" else [wanted]))
    if op in ("eq", "in"):
        return any(_equal(item, other) for item in each for other in (wanted if op == "in" else [wanted]))
    return any(_ordered(op, item, wanted) for item in each)


def _contains(value: Any, wanted: Any, fold: bool) -> bool:
    if isinstance(value, list):
        return any(_equal(_folded(item, fold), _folded(wanted, fold)) for item in value)
    if not isinstance(value, str) or not isinstance(wanted, str):
        return False
    return _folded(wanted, fold) in _folded(value, fold)


def _folded(value: Any, fold: bool) -> Any:
    if not fold or not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


def _equal(value: Any, other: Any) -> bool:
    if isinstance(value, datetime):
        first, last = _span(other)
        return first <= value <= last
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, int | float) and isinstance(other, int | float):
        return value == other
    return isinstance(value, str) and isinstance(other, str) and value == other


def _ordered(op: str, item: Any, wanted: Any) -> bool:
    if isinstance(item, datetime):
        first, last = _span(wanted)
        return {"gt": item > last, "gte": item >= first, "lt": item < first, "lte": item <= last}[op]
    if isinstance(item, bool) or not isinstance(item, int | float):
        return False
    value, bound = float(item), float(wanted)  # as Qdrant compares
    return {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[op]


def _span(value: Any) -> Sequence[datetime]:
    if not isinstance(value, str):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    elif len(value) == _DAY:
        at = datetime.fromisoformat(f"{value}T00:00:00Z")
        return at, at + timedelta(days=1, microseconds=-1)
    else:
        at = datetime.fromisoformat(value)
    return at, at
