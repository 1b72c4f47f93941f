"""The arguments of the library's calls, checked: each refusal is a BadRequest with one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from scrubjay.errors import BadRequest, NotFound
from scrubjay.library.refusals import checked
from scrubjay.mem0 import expiration_dates
from scrubjay.mem0.filters import translated
from scrubjay.model import LONGEST_ID, OWNERS, Guidance, Message, Role, Value
from scrubjay.validation import Content, Id, Instructions, Metadata, Moment, Name, QueryText, Text

MOST_RESULTS = 100
_ONE = "at least one of " + ", ".join(OWNERS)


class Kept(Enum):
    """What stands for an argument that was not given, where None says something."""

    KEPT = "kept"


DateLike = str | date | None
Ids = Mapping[str, str]
Messages = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]


def _end(value: Any) -> Any:
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
    expiration_date: Annotated[datetime | None, BeforeValidator(_end)] = None
    prompt: Instructions | None = None


class _Change(BaseModel):
    """What may be changed of a memory; what is not set stays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    text: Text | None = None
    metadata: Metadata | None = None
    expiration_date: Annotated[datetime | None, BeforeValidator(_end)] = None


_MESSAGES = TypeAdapter(Annotated[list[_MessageIn], Field(min_length=1, max_length=200)])
_ID = TypeAdapter(Id)
_QUERY = TypeAdapter(QueryText)
_THRESHOLD = TypeAdapter(Annotated[float, Field(ge=0, le=1)])
_LIMIT = TypeAdapter(Annotated[int, Field(ge=1, strict=True)])


class AddOptions(NamedTuple):
    """The options of `Memory.add`, not checked yet."""

    metadata: Mapping[str, Any] | None = None
    timestamp: datetime | str | float | None = None
    expiration_date: DateLike = None
    infer: bool = True
    prompt: str | None = None


class SearchOptions(NamedTuple):
    """The options of `Memory.search`, not checked yet."""

    filters: Mapping[str, Any] | None = None
    limit: int = MOST_RESULTS
    threshold: float | None = None
    show_expired: bool = False


class NewTurn(Value):
    """A turn to be accepted."""

    ids: Ids
    messages: tuple[Message, ...]
    metadata: Mapping[str, Any]
    timestamp: datetime | None
    expires_at: datetime | None
    infer: bool
    guidance: Guidance


class SearchRequest(Value):
    """A search, with its filters in our grammar."""

    query: str
    ids: Ids
    filters: Mapping[str, Any] | None
    limit: int
    threshold: float | None
    show_expired: bool


class ListRequest(Value):
    """A list of memories, with its filters in our grammar and how many a page has."""

    ids: Ids
    filters: Mapping[str, Any] | None
    size: int
    show_expired: bool


class ChangeRequest(Value):
    """A change of a memory; a field that is None stays. The metadata joins what is there."""

    text: str | None
    metadata: Mapping[str, Any] | None
    expires_at: datetime | Literal["never"] | None


def new_turn(messages: Messages, owner: Mapping[str, Any], options: AddOptions) -> NewTurn:
    """Check the arguments of `Memory.add`; a text is a message of the user's.

    Raises BadRequest, and TypeError for an unknown keyword.
    """
    items = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    checked_messages = checked(_MESSAGES.validate_python, [items] if isinstance(items, Mapping) else items, "messages")
    if not any(message.content.strip() for message in checked_messages):
        raise BadRequest("messages: at least one message must have content")
    fields = options._asdict() | {"metadata": options.metadata or {}}
    del fields["infer"]
    checked_options = checked(_Options.model_validate, fields, "add")
    return NewTurn(
        ids=owner_ids(owner),
        messages=tuple(
            Message(role=Role(message.role), content=message.content, name=message.name) for message in checked_messages
        ),
        metadata=checked_options.metadata,
        timestamp=checked_options.timestamp,
        expires_at=checked_options.expiration_date,
        infer=options.infer,
        guidance=Guidance(instructions=checked_options.prompt),
    )


def search_request(query: str, owner: Mapping[str, Any], options: SearchOptions) -> SearchRequest:
    """Check the arguments of `Memory.search`. Raises BadRequest."""
    if checked(_LIMIT.validate_python, options.limit, "limit") > MOST_RESULTS:
        raise BadRequest(f"limit: a search gives at most {MOST_RESULTS} memories; get_all gives every one")
    threshold = options.threshold
    return SearchRequest(
        query=checked(_QUERY.validate_python, query, "query"),
        ids=owner_ids(owner, options.filters),
        filters=translated(options.filters),
        limit=options.limit,
        threshold=None if threshold is None else checked(_THRESHOLD.validate_python, threshold, "threshold"),
        show_expired=options.show_expired,
    )


def owner_ids(owner: Mapping[str, Any], filters: Mapping[str, Any] | None = None) -> Ids:
    """The owner's ids, in their one spelling. Filters may name the owner instead.

    Raises BadRequest where nobody is named, TypeError for an unknown keyword.
    """
    for name in owner:
        if name not in OWNERS:
            raise TypeError(f"unexpected keyword argument {name!r}")
    ids = {name: checked(_ID.validate_python, value, name) for name, value in owner.items() if value is not None}
    if not ids and not filters:
        raise BadRequest(f"name an owner: {_ONE} is needed")
    return ids


def one_limit(limit: int | None, top_k: int | None) -> int | None:
    """The number of memories that `Memory.search` or `Memory.get_all` is limited to, by either of its two names.

    Raises BadRequest where they differ.
    """
    if limit is not None and top_k is not None and limit != top_k:
        raise BadRequest("limit and top_k are aliases; pass only one")
    number = limit if limit is not None else top_k
    return None if number is None else checked(_LIMIT.validate_python, number, "limit")


def change_of(
    text: str | None, data: str | None, metadata: Mapping[str, Any] | None, expiration_date: DateLike | Kept
) -> ChangeRequest:
    """A change of a memory; `data` is another name of `text`. Raises BadRequest."""
    if data is not None and text is not None and data != text:
        raise BadRequest("data and text are two names of one thing: say it once")
    fields = {"text": text if text is not None else data, "metadata": metadata, "expiration_date": expiration_date}
    changes = {name: value for name, value in fields.items() if value not in (None, Kept.KEPT)}
    if not changes and expiration_date is Kept.KEPT:
        raise BadRequest("say what is to change: text, metadata or expiration_date")
    read = checked(_Change.model_validate, changes, "update")
    never = "never" if expiration_date is None else None
    return ChangeRequest(text=read.text, metadata=read.metadata, expires_at=read.expiration_date or never)


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
