"""Checks of what callers hand in, for every surface alike: fields with their bounds, and times that can be true.

A time that a caller gave is taken if it can be true, and only clocks that agree can say that it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError, to_json

from scrubjay.errors import Misdated
from scrubjay.model import LONGEST_ID, PerMinute, Submission, addressable, owner_id
from scrubjay.ports import Clock

LONGEST_TEXT = 200_000
LONGEST_QUERY = 8_000
LONGEST_INSTRUCTIONS = 4_000
MOST_CATEGORIES = 50
MOST_METADATA_KEYS = 50
MOST_METADATA_BYTES = 16_384
_DEEPEST_METADATA = 5
_CLOCK_TOLERANCE = timedelta(days=1)
WILDCARD_ID = "wildcard_id"  # the kind of error that the error table answers with 400


def _storable(value: str) -> str:
    """Text that every part can store: no NUL, no lone surrogate."""
    if "\x00" in value:
        raise ValueError("must not contain NUL characters")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must not contain lone surrogates (broken UTF-16)")
    return value


def _id_of_one_owner(value: str) -> str:
    """Check (pydantic) that what a caller hands in, on any surface, is the id of one owner.

    `*` is no id: whoever sends it means everybody, and no route here does that.
    """
    if value.strip() == "*":
        raise PydanticCustomError(
            WILDCARD_ID, "must be the id of one owner; * is a word of filters, for an id that is set"
        )
    return addressable(value)


def _not_blank(value: str) -> str:
    """Check (pydantic) that a text that a caller hands in, on any surface, says something: it is not blank."""
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _storable_any(value: Any, depth: int = 0) -> Any:
    """The same for every text within metadata, which must not be nested without end."""
    if depth > _DEEPEST_METADATA:
        raise ValueError(f"must not be nested deeper than {_DEEPEST_METADATA} levels")
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise ValueError("must not contain integers of more than 64 bits")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("must not contain NaN or infinite numbers")
    if isinstance(value, dict):
        if len(value) > MOST_METADATA_KEYS:
            raise ValueError(f"must not have more than {MOST_METADATA_KEYS} keys")
        return {_storable(str(key)): _storable_any(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable_any(item, depth + 1) for item in value]
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    """Check (pydantic) that the metadata that a caller hands in, on any surface, is not too large as a whole either.

    It goes with every memory that the turn makes.
    """
    size = len(to_json(value))
    if size > MOST_METADATA_BYTES:
        raise ValueError(f"must not be larger than {MOST_METADATA_BYTES} bytes as JSON; it has {size}")
    return value


def is_bounded(metadata: Mapping[str, Any]) -> bool:
    """Whether metadata that was joined is no larger than what a caller may hand in."""
    return len(metadata) <= MOST_METADATA_KEYS and len(to_json(metadata)) <= MOST_METADATA_BYTES


def _moment(value: Any) -> Any:
    """Check (pydantic) a time that a caller hands in, on any surface: RFC 3339 with a zone, or a number.

    A number is seconds since 1970, milliseconds where it is too large for these.
    """
    if isinstance(value, bool) or (isinstance(value, str) and _is_number(value)):
        raise ValueError("must be a time such as 2026-03-26T09:00:00Z")
    return value


def _in_full(value: Any) -> Any:
    """Take (pydantic) a whole number that a caller hands in, on any surface, which JSON may write as 5.0 as well."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_number(text: str) -> bool:
    """Whether a text that a caller hands in as a time is a bare number, which the check of times refuses."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _utc(value: datetime) -> datetime:
    """The same moment in UTC, where it must exist as well."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from None


# What the checks above mean, in the words of JSON Schema.
_WITHOUT_NUL: JsonDict = {"pattern": r"^[^\x00]*$"}
NOT_BLANK = r"^[^\x00]*[^\s\x00\x1c-\x1f][^\x00]*$"
_NOT_BLANK: JsonDict = {"pattern": NOT_BLANK}
_A_MOMENT = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "number", "minimum": -62_135_596_800_000, "maximum": 253_402_300_799_999},
    ]
}

# Bounds stand before the check of the text: each then says what it found in its own words.
Name = Annotated[
    str, Field(min_length=1, max_length=LONGEST_ID, json_schema_extra=_WITHOUT_NUL), AfterValidator(_storable)
]
_AN_ID: JsonDict = {
    "anyOf": [
        {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_ID,
            "pattern": NOT_BLANK,
            "not": {"enum": ["*", ".", ".."]},
        },
        {"type": "integer"},
    ],
    "description": "Unicode NFC, and white space around it does not count; upper and lower case differ.",
}
Id = Annotated[Name, BeforeValidator(owner_id), AfterValidator(_id_of_one_owner), WithJsonSchema(_AN_ID)]
ExactId = Annotated[Name, AfterValidator(_id_of_one_owner)]  # as it is stored, in whatever spelling
Content = Annotated[str, Field(max_length=LONGEST_TEXT, json_schema_extra=_WITHOUT_NUL), AfterValidator(_storable)]
Text = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_TEXT, json_schema_extra=_NOT_BLANK),
    AfterValidator(_storable),
    AfterValidator(_not_blank),
]
QueryText = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_QUERY, json_schema_extra=_NOT_BLANK),
    AfterValidator(_storable),
    AfterValidator(_not_blank),
]
Metadata = Annotated[
    dict[str, Any],
    Field(
        description=f"At most {MOST_METADATA_BYTES} bytes as JSON, {_DEEPEST_METADATA} levels deep.",
        json_schema_extra={"maxProperties": MOST_METADATA_KEYS},
    ),
    AfterValidator(_storable_any),
    AfterValidator(_small),
]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_utc), WithJsonSchema(_A_MOMENT)]
# JSON's own numbers: "5" and true are none. IN_FULL stands behind the bounds, as else the document would not tell them.
IN_FULL = BeforeValidator(_in_full)
Number = Annotated[float, Strict()]
Label = Annotated[str, Field(max_length=100, json_schema_extra=_WITHOUT_NUL), AfterValidator(_storable)]
PerMinuteIn = Annotated[PerMinute, Strict(), IN_FULL]
Instructions = Annotated[
    str,
    Field(max_length=LONGEST_INSTRUCTIONS, json_schema_extra=_NOT_BLANK),
    AfterValidator(_storable),
    AfterValidator(_not_blank),
]
CategoryName = Annotated[str, Field(max_length=64, pattern=r"^\w[\w-]*( [\w-]+)*$")]
Description = Annotated[str, Field(max_length=200, json_schema_extra=_WITHOUT_NUL), AfterValidator(_storable)]
Categories = Annotated[
    dict[CategoryName, Description],
    Field(max_length=MOST_CATEGORIES, json_schema_extra={"additionalProperties": False}),
]


async def dated(submission: Submission, clock: Clock) -> Submission:
    """Check the timestamp that a caller gave with a turn, on any surface, against the clocks.

    Returns the turn with its timestamp, or without one where nobody can tell whether it is true.

    Raises Misdated where the timestamp is more than a day ahead of clocks that agree.
    """
    if not await is_misdated("timestamp", submission.timestamp, clock):
        return submission
    return submission.model_copy(update={"timestamp": None})


async def is_misdated(field: str, moment: datetime | None, clock: Clock) -> bool:
    """Whether a time is more than a day ahead though one of our clocks is wrong: then it is not to be used.

    Raises Misdated, which names the field, where the clocks agree.
    """
    if moment is None or moment <= await clock.now() + _CLOCK_TOLERANCE:
        return False
    if await clock.agrees():
        raise Misdated(f"{field} is more than a day ahead: give the time at which it was said, in UTC, or none")
    return True
