"""Readers of JSON values: each returns the value with its type, or refuses it by name."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from uuid import UUID

from scrubjay.devstack.qdrant_engine.errors import BadInput

Json = dict[str, Any]
PointId = int | UUID | str
Choice = TypeVar("Choice")
MAX_POINT_ID = 2**64 - 1


def as_object(value: Any, what: str) -> Json:
    """Read a JSON object called `what`."""
    if not isinstance(value, dict):
        raise BadInput(f"{what} must be an object.")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    """Read a JSON array called `what`."""
    if not isinstance(value, list):
        raise BadInput(f"{what} must be an array.")
    return value


def as_string(value: Any, what: str) -> str:
    """Read a JSON string called `what`."""
    if not isinstance(value, str):
        raise BadInput(f"{what} must be a string.")
    return value


def as_bool(value: Any, what: str) -> bool:
    """Read a JSON boolean called `what`."""
    if not isinstance(value, bool):
        raise BadInput(f"{what} must be true or false.")
    return value


def as_int(value: Any, what: str, least: int = 0) -> int:
    """Read an integer called `what` that is at least `least` and fits in 32 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**32:
        raise BadInput(f"{what} must be an integer of at least {least}.")
    return value


def as_number(value: Any, what: str) -> float:
    """Read a number called `what`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadInput(f"{what} must be a number.")
    return float(value)


def as_strings(value: Any, what: str) -> list[str]:
    """Read an array of strings called `what`."""
    return [as_string(item, f"each item of {what}") for item in as_list(value, what)]


def as_point_id(value: Any, what: str = "a point id") -> PointId:
    """Read a point id: an unsigned 64-bit integer or a UUID in any of its usual spellings."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_POINT_ID:
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError as error:
            raise BadInput(f"{what} {value!r} is neither an unsigned integer nor a UUID.") from error
    raise BadInput(f"{what} must be an unsigned integer or a UUID.")


def as_point_ids(value: Any, what: str) -> list[PointId]:
    """Read an array of point ids called `what`."""
    return [as_point_id(item, f"an id in {what}") for item in as_list(value, what)]


def choose(table: Mapping[str, Choice], value: Any, what: str) -> Choice:
    """Look a word up in `table`, refusing a word that is not there with the list of those that are."""
    if isinstance(value, str) and value in table:
        return table[value]
    raise BadInput(f"{what} must be one of {', '.join(sorted(table))}.")


def only(body: Json, allowed: Collection[str], what: str) -> Json:
    """Return `body`, refusing a field that this server would otherwise silently ignore."""
    for name in body:
        if name not in allowed and body[name] is not None:
            raise BadInput(f"{what} has the field {name!r}, which is unknown here.")
    return body
