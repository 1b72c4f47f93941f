"""Reads the pickles of Qdrant's local mode as data: nothing that a pickle names is imported or called.

A pickle is a program: it names functions and says what to call them with. Here a name is one of a few harmless types,
or a class of a package whose values are of no use to us, in whose place an empty stand-in is put; every other name ends
the reading.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Any
from uuid import UUID

MOST_VALUES = 20_000  # in one payload: what is shared within a pickle is written out once for each place
DEEPEST = 32
_TYPES: Mapping[str, type] = {
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "collections.OrderedDict": OrderedDict,
    "datetime.date": date,
    "datetime.datetime": datetime,
    "datetime.time": time,
    "datetime.timedelta": timedelta,
    "datetime.timezone": timezone,
    "decimal.Decimal": Decimal,
    "uuid.UUID": UUID,
}
_PACKAGES = ("numpy", "qdrant_client")  # vectors and models


class ForbiddenPickle(ValueError):
    """A pickle that would run something; the text says what."""


class Unreadable(ValueError):
    """A value that cannot be brought along; the text says why."""


class Opaque:
    """Stands for a value of a class that is not loaded; of a model its fields are kept."""

    fields: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, *_: object) -> None:
        """Whatever it is made of is passed over."""

    def __setstate__(self, state: Any) -> None:
        fields = state.get("__dict__") if isinstance(state, dict) else None  # as pydantic writes it
        self.fields = fields if isinstance(fields, dict) else {}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        known = _TYPES.get(f"{module}.{name}")
        if known is not None:
            return known
        if module.partition(".")[0] in _PACKAGES:
            return Opaque
        raise ForbiddenPickle(f"it holds {module}.{name}"[:200])

    def persistent_load(self, pid: Any) -> Any:
        raise ForbiddenPickle("it refers to something outside of it")


def loads(data: bytes) -> Any:
    """The value of a pickle.

    Raises ForbiddenPickle for one that names what is not data, and Unreadable for what is no pickle.
    """
    try:
        return _Reader(io.BytesIO(data)).load()
    except ForbiddenPickle:
        raise
    except _BROKEN as error:
        raise Unreadable("it is no pickle that can be read") from error


# What the machine of pickles raises for bytes that make no sense to it.
_BROKEN = (
    pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, RecursionError,
    TypeError, ValueError,
)  # fmt: skip


def plain(value: Any) -> Any:
    """Convert an imported Qdrant payload to JSON values: times, UUIDs and decimals as text, sets as lists.

    Raises Unreadable for what JSON cannot say, and for what is too large or too deep once it is written out.
    """
    left = [MOST_VALUES]
    return _plain(value, left, DEEPEST)


def _plain(value: Any, left: list[int], depth: int) -> Any:
    """Convert a value of an imported Qdrant payload to JSON at every depth. Raises Unreadable where it is too large."""
    left[0] -= 1
    if left[0] < 0:
        raise Unreadable(f"it holds more than {MOST_VALUES} values")
    if depth == 0:
        raise Unreadable(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, left, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, left, depth - 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    """Convert a scalar of an imported Qdrant payload to its JSON value. Raises Unreadable for what JSON cannot say."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int():
            return whole(value)
        case float():
            return value if isfinite(value) else None
        case date() | time():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
    raise Unreadable(f"it holds a value of the type {type(value).__name__}, which JSON does not have")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Unreadable("it holds a key that is no text")
    return _text(key)


def _text(text: str) -> str:
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise Unreadable("it holds lone surrogates (broken UTF-16)")
    return text


def whole(number: int) -> int:
    """The same number. Raises Unreadable for one of more than 64 bits."""
    if not -(2**63) <= number < 2**64:
        raise Unreadable("it holds an integer of more than 64 bits")
    return number
