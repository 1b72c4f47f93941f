"""What clients send and get: checked at the door, each refusal one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from memory.model import Event, Status

MOST_MESSAGES = 200
LONGEST_TEXT = 200_000
LONGEST_ID = 256
LONGEST_QUERY = 8_000
MOST_METADATA_KEYS = 50
_DEEPEST_METADATA = 5


def _storable(value: str) -> str:
    """Text that every part can store: no NUL, no lone surrogate."""
    if "\x00" in value:
        raise ValueError("must not contain NUL characters")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must not contain lone surrogates (broken UTF-16)")
    return value


def _said(value: str) -> str:
    """Text that says something."""
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


def _moment(value: Any) -> Any:
    """RFC 3339 with a zone, or seconds since 1970."""
    if isinstance(value, bool):
        raise ValueError("must be a time such as 2026-03-26T09:00:00Z")
    return value


def _utc(value: datetime) -> datetime:
    """The same moment in UTC, where it must exist as well."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from None


# Bounds stand before the check of the text: each then says what it found in its own words.
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), AfterValidator(_storable)]
Content = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_storable)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_storable), AfterValidator(_said)]
QueryText = Annotated[
    str, Field(min_length=1, max_length=LONGEST_QUERY), AfterValidator(_storable), AfterValidator(_said)
]
Metadata = Annotated[dict[str, Any], AfterValidator(_storable_any)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_utc)]


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MessageIn(Body):
    """One message of the turn."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Content
    name: Id | None = None


class Owned(Body):
    """Whose memory it is: at least one of the three ids."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None

    @model_validator(mode="after")
    def _has_an_owner(self) -> Owned:
        if self.user_id is None and self.agent_id is None and self.run_id is None:
            raise ValueError("at least one of user_id, agent_id and run_id is needed")
        return self


class TurnIn(Owned):
    """A conversation turn to remember."""

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES)]
    metadata: Metadata = Field(default_factory=dict)
    timestamp: Moment | None = None
    infer: bool = True

    @model_validator(mode="after")
    def _says_something(self) -> TurnIn:
        if not any(message.content.strip() for message in self.messages):
            raise ValueError("at least one message must have content")
        return self


class TurnQueued(BaseModel):
    """The turn is accepted: it will not be lost."""

    id: str
    status: Literal["queued"] = "queued"


class EventOut(BaseModel):
    """What the turn did to one memory."""

    event: Event
    id: str
    memory: str
    previous: str | None = None


class TurnOut(BaseModel):
    """Where a turn is, and what it added."""

    id: str
    status: Status
    attempts: int
    error: str | None
    events: list[EventOut]
    accepted_at: datetime
    settled_at: datetime | None


class SearchIn(Owned):
    """A recall."""

    query: QueryText
    limit: int = Field(5, ge=1, le=100, validation_alias=AliasChoices("limit", "top_k"))
    threshold: float | None = Field(None, ge=0, le=1)
    as_of: Moment | None = None
    wait_for: Id | None = None
    wait_ms: int = Field(2_000, ge=0, le=30_000)


class MemoryOut(BaseModel):
    """One memory."""

    id: str
    memory: str
    categories: list[str]
    metadata: dict[str, Any]
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    created_at: datetime
    updated_at: datetime


class MemoryFound(MemoryOut):
    """One memory that answers a query."""

    score: float


class VersionOut(MemoryOut):
    """One version of a memory, with where it comes from."""

    event: Event
    version: int
    current: bool
    valid_from: datetime
    valid_to: datetime | None
    superseded_by: str | None
    turn_ids: list[str]
    quote: str | None
    model: str | None
    prompt_version: str | None


class SearchOut(BaseModel):
    """What was recalled, and how many accepted turns of this owner are not settled yet."""

    results: list[MemoryFound]
    pending: int


class MemoryPage(BaseModel):
    """One page of memories."""

    count: int
    next: str | None
    previous: str | None
    results: list[MemoryOut]


class TurnPage(BaseModel):
    """One page of turns."""

    count: int
    next: str | None
    previous: str | None
    results: list[TurnOut]


class TextIn(Body):
    """A memory's new text."""

    text: Text


class ReceiptOut(BaseModel):
    """What an erase removed, and that nothing was found afterwards."""

    tenant: str
    erased_at: datetime
    turns: int
    memories: int
    verified: bool


class ChatIn(Body):
    """A user's message to the chatbot."""

    user_id: Id
    message: Text


class ChatOut(BaseModel):
    """The reply, and the memories that were put into the prompt."""

    reply: str
    memories_used: list[str]


class DeadIn(Body):
    """Which dead turns: by their ids, or all with this error."""

    ids: list[Id] | None = Field(None, min_length=1, max_length=1_000)
    error: Text | None = None

    @model_validator(mode="after")
    def _names_some(self) -> DeadIn:
        if (self.ids is None) == (self.error is None):
            raise ValueError("give either ids or error")
        return self


class DeadOut(BaseModel):
    """How many dead turns were replayed or discarded."""

    count: int


class Problem(BaseModel):
    """Every refusal: one sentence, and a code for programs."""

    detail: str
    error: str
