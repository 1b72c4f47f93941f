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
    return all(_entry(memory, key, said) for key, said in condition.items())


def _entry(memory: Memory, key: str, said: Any) -> bool:
    if key == "AND":
        return all(meets(memory, part) for part in said)
    if key == "OR":
        return any(meets(memory, part) for part in said)
    if key == "NOT":
        return not any(meets(memory, part) for part in (said if isinstance(said, list) else [said]))
    if key == "metadata":
        return all(_inside(memory.metadata.get(name), more) for name, more in said.items())
    return _said_of(_value(memory, key), said)


def _inside(found: Any, said: Any) -> bool:
    if isinstance(said, dict) and not _OPERATORS & set(said):
        inner = found if isinstance(found, dict) else {}
        return all(_inside(inner.get(name), more) for name, more in said.items())
    return _said_of(found, said)


def _value(memory: Memory, key: str) -> Any:
    names = {"timestamp": "valid_from", "keywords": "text", "memory_ids": "id"}
    found = memory if hasattr(memory, names.get(key, key)) else memory.scope
    value = getattr(found, names.get(key, key))
    return list(value) if isinstance(value, tuple) else value


def _said_of(found: Any, said: Any) -> bool:
    if said == "*":
        return _is_set(found)
    if isinstance(said, list):
        said = {"in": said}
    if not isinstance(said, dict):
        said = {"eq": said}
    return all(_is_set(found) and _compared(op, found, wanted) for op, wanted in said.items())


def _is_set(found: Any) -> bool:
    return found is not None and found != []


def _compared(op: str, found: Any, wanted: Any) -> bool:
    if op in ("contains", "icontains"):
        return _contains(found, wanted, fold=op == "icontains")
    each = found if isinstance(found, list) else [found]
    if op in ("ne", "nin"):
        return not any(_equal(one, other) for one in each for other in (wanted if op == "nin" else [wanted]))
    if op in ("eq", "in"):
        return any(_equal(one, other) for one in each for other in (wanted if op == "in" else [wanted]))
    return any(_ordered(op, one, wanted) for one in each)


def _contains(found: Any, wanted: Any, fold: bool) -> bool:
    if isinstance(found, list):
        return any(_equal(_folded(one, fold), _folded(wanted, fold)) for one in found)
    if not isinstance(found, str) or not isinstance(wanted, str):
        return False
    return _folded(wanted, fold) in _folded(found, fold)


def _folded(value: Any, fold: bool) -> Any:
    if not fold or not isinstance(value, str):
        return value
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, datetime):
        first, last = _span(other)
        return first <= one <= last
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return isinstance(one, str) and isinstance(other, str) and one == other


def _ordered(op: str, one: Any, wanted: Any) -> bool:
    if isinstance(one, datetime):
        first, last = _span(wanted)
        return {"gt": one > last, "gte": one >= first, "lt": one < first, "lte": one <= last}[op]
    if isinstance(one, bool) or not isinstance(one, int | float):
        return False
    value, bound = float(one), float(wanted)  # as Qdrant compares
    return {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[op]


def _span(said: Any) -> Sequence[datetime]:
    if not isinstance(said, str):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=said)
    elif len(said) == _DAY:
        at = datetime.fromisoformat(f"{said}T00:00:00Z")
        return at, at + timedelta(days=1, microseconds=-1)
    else:
        at = datetime.fromisoformat(said)
    return at, at
