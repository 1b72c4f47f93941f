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
    return all(_entry(memory, key, wanted) for key, wanted in condition.items())


def _entry(memory: Memory, key: str, wanted: Any) -> bool:
    if key == "AND":
        return all(meets(memory, part) for part in wanted)
    if key == "OR":
        return any(meets(memory, part) for part in wanted)
    if key == "NOT":
        return not any(meets(memory, part) for part in (wanted if isinstance(wanted, list) else [wanted]))
    if key == "metadata":
        return all(_inside(memory.metadata.get(name), more) for name, more in wanted.items())
    return _said_of(_value(memory, key), wanted)


def _inside(stored: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and not _OPERATORS & set(wanted):
        inner = stored if isinstance(stored, dict) else {}
        return all(_inside(inner.get(name), more) for name, more in wanted.items())
    return _said_of(stored, wanted)


def _value(memory: Memory, key: str) -> Any:
    names = {"timestamp": "valid_from", "keywords": "text", "memory_ids": "id"}
    holder = memory if hasattr(memory, names.get(key, key)) else memory.scope
    value = getattr(holder, names.get(key, key))
    return list(value) if isinstance(value, tuple) else value


def _said_of(stored: Any, condition: Any) -> bool:
    if condition == "*":
        return _is_set(stored)
    if isinstance(condition, list):
        condition = {"in": condition}
    if not isinstance(condition, dict):
        condition = {"eq": condition}
    return all(_is_set(stored) and _compared(op, stored, wanted) for op, wanted in condition.items())


def _is_set(stored: Any) -> bool:
    return stored is not None and stored != []


def _compared(op: str, stored: Any, wanted: Any) -> bool:
    if op in ("contains", "icontains"):
        return _contains(stored, wanted, fold=op == "icontains")
    each = stored if isinstance(stored, list) else [stored]
    if op in ("ne", "nin"):
        return not any(_equal(value, other) for value in each for other in (wanted if op == "nin" else [wanted]))
    if op in ("eq", "in"):
        return any(_equal(value, other) for value in each for other in (wanted if op == "in" else [wanted]))
    return any(_ordered(op, value, wanted) for value in each)


def _contains(stored: Any, wanted: Any, fold: bool) -> bool:
    if isinstance(stored, list):
        return any(_equal(_folded(value, fold), _folded(wanted, fold)) for value in stored)
    if not isinstance(stored, str) or not isinstance(wanted, str):
        return False
    return _folded(wanted, fold) in _folded(stored, fold)


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


def _ordered(op: str, stored: Any, wanted: Any) -> bool:
    if isinstance(stored, datetime):
        first, last = _span(wanted)
        return {"gt": stored > last, "gte": stored >= first, "lt": stored < first, "lte": stored <= last}[op]
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return False
    value, bound = float(stored), float(wanted)  # as Qdrant compares
    return {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[op]


def _span(moment: Any) -> Sequence[datetime]:
    if not isinstance(moment, str):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    elif len(moment) == _DAY:
        at = datetime.fromisoformat(f"{moment}T00:00:00Z")
        return at, at + timedelta(days=1, microseconds=-1)
    else:
        at = datetime.fromisoformat(moment)
    return at, at
