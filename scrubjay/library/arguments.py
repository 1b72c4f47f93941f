"""What callers of the library hand in, checked at its door: each refusal one sentence, a BadRequest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from scrubjay.errors import BadRequest, NotFound
from scrubjay.library.refusals import checked
from scrubjay.mem0 import expiration_dates
from scrubjay.model import LONGEST_ID, OWNERS, Guidance, Message, Role, Value
from scrubjay.model.filters import On
from scrubjay.validation import Content, Id, Instructions, Metadata, Moment, Name, QueryText, Text

MOST_FOUND = 100
_GROUPS = ("AND", "OR", "NOT")
_ONE = "at least one of " + ", ".join(OWNERS)


class Kept(Enum):
    """What stands for an argument that was not given, where None says something."""

    KEPT = "kept"


Day = str | date | None
Ids = Mapping[str, str]
Said = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]


def _day(value: Any) -> Any:
    """Read the `expiration_date` that a caller of `Memory.add` or `Memory.update` passes: a date, or its ISO text.

    Returns the end of that day, in UTC: until then a memory is recalled, as Mem0 has it.
    """
    text = value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
    end = expiration_dates.end(text)
    if end is text and text is not None:
        raise ValueError("must be a day such as 2026-03-26")
    return end


class _MessageIn(BaseModel):
    """One message as chat completions have it; what else is in it is passed over."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    role: Literal["system", "user", "assistant", "tool"]
    content: Annotated[Content, BeforeValidator(lambda value: "" if value is None else value)] = ""
    name: Name | None = None


class _Options(BaseModel):
    """What may stand beside a turn's messages."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    metadata: Metadata = Field(default_factory=dict)
    timestamp: Moment | None = None
    expiration_date: Annotated[datetime | None, BeforeValidator(_day)] = None
    prompt: Instructions | None = None


class _Change(BaseModel):
    """What may be changed of a memory; what is not set stays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    text: Text | None = None
    metadata: Metadata | None = None
    expiration_date: Annotated[datetime | None, BeforeValidator(_day)] = None


_MESSAGES = TypeAdapter(Annotated[list[_MessageIn], Field(min_length=1, max_length=200)])
_ID = TypeAdapter(Id)
_QUERY = TypeAdapter(QueryText)
_THRESHOLD = TypeAdapter(Annotated[float, Field(ge=0, le=1)])
_LIMIT = TypeAdapter(Annotated[int, Field(ge=1, strict=True)])


class Handed(Value):
    """A turn as it was handed in."""

    ids: Ids
    messages: tuple[Message, ...]
    metadata: Mapping[str, Any]
    timestamp: datetime | None
    expires_at: datetime | None
    infer: bool
    guidance: Guidance


class Sought(Value):
    """A search as it was asked for."""

    query: str
    ids: Ids
    filters: Mapping[str, Any] | None
    limit: int
    threshold: float | None
    show_expired: bool


class Changed(Value):
    """A change of a memory as it is asked for; what is None stays. The metadata joins what is there."""

    text: str | None
    metadata: Mapping[str, Any] | None
    expires_at: datetime | Literal["never"] | None


def handed(
    messages: Said,
    owner: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] | None,
    timestamp: datetime | str | float | None,
    expiration_date: Day,
    infer: bool,
    prompt: str | None,
) -> Handed:
    """A turn; a text is what the user said. Raises BadRequest, and TypeError for a keyword that is none."""
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    read = checked(_MESSAGES.validate_python, [listed] if isinstance(listed, Mapping) else listed, "messages")
    if not any(message.content.strip() for message in read):
        raise BadRequest("messages: at least one message must have content")
    fields = {"metadata": metadata or {}, "timestamp": timestamp, "expiration_date": expiration_date, "prompt": prompt}
    options = checked(_Options.model_validate, fields, "add")
    return Handed(
        ids=named(owner),
        messages=tuple(
            Message(role=Role(message.role), content=message.content, name=message.name) for message in read
        ),
        metadata=options.metadata,
        timestamp=options.timestamp,
        expires_at=options.expiration_date,
        infer=infer,
        guidance=Guidance(instructions=options.prompt),
    )


def sought(
    query: str,
    owner: Mapping[str, Any],
    *,
    filters: Mapping[str, Any] | None,
    limit: int,
    threshold: float | None,
    show_expired: bool,
) -> Sought:
    """Check the arguments with which a Python program calls `Memory.search`. Raises BadRequest."""
    if checked(_LIMIT.validate_python, limit, "limit") > MOST_FOUND:
        raise BadRequest(f"limit: a search gives at most {MOST_FOUND} memories; get_all gives every one")
    return Sought(
        query=checked(_QUERY.validate_python, query, "query"),
        ids=named(owner, filters),
        filters=in_our_words(filters),
        limit=limit,
        threshold=None if threshold is None else checked(_THRESHOLD.validate_python, threshold, "threshold"),
        show_expired=show_expired,
    )


def named(owner: Mapping[str, Any], filters: Mapping[str, Any] | None = None) -> Ids:
    """The owner's ids, in their one spelling. Filters may name the owner instead.

    Raises BadRequest where nobody is named, TypeError for a keyword that is none.
    """
    for name in owner:
        if name not in OWNERS:
            raise TypeError(f"unexpected keyword argument {name!r}")
    ids = {name: checked(_ID.validate_python, value, name) for name, value in owner.items() if value is not None}
    if not ids and not filters:
        raise BadRequest(f"name an owner: {_ONE} is needed")
    return ids


def wanted(limit: int | None, top_k: int | None, otherwise: int | None) -> int | None:
    """How many memories a call of `Memory.search` or `Memory.get_all` asks for, by its argument `limit` or `top_k`.

    Both are names of one number. Raises BadRequest where they differ.
    """
    if limit is not None and top_k is not None and limit != top_k:
        raise BadRequest("limit and top_k are two names of one number: say it once")
    number = limit if limit is not None else top_k
    return otherwise if number is None else checked(_LIMIT.validate_python, number, "limit")


def in_our_words(filters: Any) -> Any:
    """Read the `filters` argument of `Memory.search` and `Memory.get_all`, in Mem0's grammar, into our own.

    A key that is none of a memory's fields is one of its metadata.
    """
    if not isinstance(filters, Mapping):
        return filters
    condition: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for key, value in filters.items():
        if key in _GROUPS:
            condition[key] = [in_our_words(part) for part in value] if isinstance(value, list) else in_our_words(value)
        elif key in list(On):
            condition[key] = dict(value) if isinstance(value, Mapping) else value
        else:
            inside[key] = dict(value) if isinstance(value, Mapping) else value
    if inside:
        condition[On.METADATA] = {**condition.get(On.METADATA, {}), **inside}
    return condition


def changed(
    text: str | None, data: str | None, metadata: Mapping[str, Any] | None, expiration_date: Day | Kept
) -> Changed:
    """A change of a memory; `data` is another name of `text`. Raises BadRequest."""
    if data is not None and text is not None and data != text:
        raise BadRequest("data and text are two names of one thing: say it once")
    fields = {"text": text if text is not None else data, "metadata": metadata, "expiration_date": expiration_date}
    changes = {name: value for name, value in fields.items() if value not in (None, Kept.KEPT)}
    if not changes and expiration_date is Kept.KEPT:
        raise BadRequest("say what is to change: text, metadata or expiration_date")
    read = checked(_Change.model_validate, changes, "update")
    never = "never" if expiration_date is None else None
    return Changed(text=read.text, metadata=read.metadata, expires_at=read.expiration_date or never)


def uuid_of(memory_id: str) -> str | None:
    """The id that a caller of `Memory.get` or `Memory.history` passes, in the form in which it is kept.

    None for what can be no memory's id.
    """
    try:
        return str(UUID(memory_id))
    except (ValueError, AttributeError, TypeError):
        return None


def known_id(memory_id: str) -> str:
    """Check the id that a caller of `Memory.update` or `Memory.delete` passes.

    Raises NotFound: every memory has a UUID, so nothing else is one's id.
    """
    known, shown = uuid_of(memory_id), str(memory_id)[:LONGEST_ID]
    if known is None:
        raise NotFound(f"there is no memory with the id {shown!r}: ids are UUIDs, as add, search and get_all give them")
    return known
