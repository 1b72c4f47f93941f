"""The values of a filter: each reader returns what it read, or raises BadRequest with what would be right."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any

from scrubjay.errors import BadRequest
from scrubjay.model import LONGEST_ID, owner_id
from scrubjay.model.filters import Operand, Span

WILDCARD = "*"
LONGEST_VALUE = 8_000
_LONGEST_SHOWN = 40
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TO_THE_LAST_MICROSECOND = timedelta(days=1) - timedelta(microseconds=1)


def refused(sentence: str) -> BadRequest:
    """The refusal of a filter; raise what is returned."""
    return BadRequest(f"filters: {sentence}")


def shown(value: Any) -> str:
    """Quote a value of a filter in the sentence that refuses the filter: as JSON, and not at its full length."""
    try:
        text = json.dumps(value, ensure_ascii=False).encode(errors="replace").decode()
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def text(value: Any, what: str, longest: int = LONGEST_VALUE) -> str:
    """Read a text as a value in a filter: one that can be stored, and so be found. Raises BadRequest for any other."""
    if not isinstance(value, str):
        raise refused(f"{what} takes text, not {shown(value)}")
    if len(value) > longest:
        raise refused(f"{what} takes text of at most {longest} characters")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise refused(f"{what} takes text without NUL characters and lone surrogates")
    return value


def some_text(value: Any, what: str) -> str:
    """Text to look for inside of another."""
    if text(value, what) == "":
        raise refused(f"{what} takes text that is not empty")
    return str(value)


def name(value: Any, what: str) -> str:
    """Read an id, which stands for itself, as a value in a filter of our grammar; the wildcard `*` is refused."""
    identifier = text(value, what, LONGEST_ID)
    if not identifier or is_wildcard(identifier):
        raise refused(f'{what} takes an id, not {shown(value)}; "*" stands alone and means: is set')
    return identifier


def owner(value: Any, what: str) -> str:
    """Read the id of an owner as a value in a filter, in its one spelling; a number is its text."""
    try:
        return name(owner_id(value), what)
    except ValueError as error:
        raise refused(f"{what} {error}: {shown(value)}") from None


def is_wildcard(value: Any) -> bool:
    """Whether the value that a filter gives for an id is the wildcard `*`, with blanks around it or not."""
    return isinstance(value, str) and value.strip() == WILDCARD


def number(value: Any, what: str) -> int | float:
    """A number that Qdrant can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(f"{what} takes a number, not {shown(value)}")
    if isinstance(value, float) and not isfinite(value):
        raise refused(f"{what} takes a number that is finite")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise refused(f"{what} takes integers of at most 64 bits")
    return value


def scalar(value: Any, what: str) -> Operand:
    """A value as metadata has them: text, a number, true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, what)
    if isinstance(value, int | float):
        return number(value, what)
    if value is None:
        raise refused(f'{what} does not take null; {{"NOT": {{…: "*"}}}} finds what is not set')
    raise refused(f"{what} takes text, a number, true or false, not {shown(value)}")


def sought(value: Any, what: str) -> Operand:
    """What a text or a list in metadata is to contain."""
    return some_text(value, what) if isinstance(value, str) else scalar(value, what)


def moment(value: Any, what: str) -> Span:
    """A time: RFC 3339 with a zone, a day (the whole of it, in UTC) or seconds since 1970."""
    try:
        return _span(value)
    except (ValueError, OverflowError, TypeError):
        example = "2026-03-26T09:00:00Z, 2026-03-26 or seconds since 1970"
        raise refused(f"{what} takes a time such as {example}, not {shown(value)}") from None


def _span(value: Any) -> Span:
    """Parse a time in a filter (RFC 3339 with a zone, a day or seconds since 1970) as its first and last instant."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        start = datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
        return Span(first=start, last=start + _TO_THE_LAST_MICROSECOND)
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        at = moment.astimezone(UTC)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        at = _EPOCH + timedelta(seconds=value)
    else:
        raise TypeError("no time at all")
    return Span(first=at, last=at)
