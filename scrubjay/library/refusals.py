"""What pydantic found wrong, as one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from scrubjay.errors import BadRequest

T = TypeVar("T")

_SAID = {"none_required": "is not supported here; leave it out", "missing": "is needed"}


def sentence(error: ValidationError) -> str:
    """Write pydantic's first error in the arguments or the configuration of a Python `Memory` as one sentence.

    It says where, and what would be right. It holds nothing of what was given.
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    text = _SAID.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{place} {text}" if first["type"] in _SAID else f"{place}: {text}".removeprefix(": ")


def checked(read: Callable[[Any], T], values: Any, what: str) -> T:
    """Read an argument of a call of the Python `Memory` with pydantic.

    Raises BadRequest with one sentence where it is wrong, naming it as `what`.
    """
    try:
        return read(values)
    except ValidationError as error:
        where = sentence(error)
        raise BadRequest(f"{what}.{where}" if error.errors()[0]["loc"] else f"{what}: {where}") from None
