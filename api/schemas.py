"""What clients send and get: checked at the door, each refusal one sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator
from pydantic.config import JsonDict

from api.fields import (
    AN_OWNER,
    IN_FULL,
    WITH_WORDS,
    Body,
    Content,
    Guided,
    Id,
    Metadata,
    Moment,
    Name,
    Named,
    Number,
    Owned,
    QueryText,
    Text,
    has_an_owner,
)
from memory.model import Event, Status, What

MOST_MESSAGES = 200
_FILTERS = """AND, OR, NOT, and the fields user_id, agent_id, run_id, created_at, updated_at, timestamp, text, keywords,
categories, metadata and memory_ids. A field takes a value, an object of operators (eq ne gt gte lt lte in nin contains
icontains) or "*": it is set."""


class MessageIn(Body):
    """One message of the turn."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Content
    name: Name | None = None


_SAYING: JsonDict = {
    "description": "Not blank.",
    "required": ["content"],
    "properties": {"content": {"pattern": WITH_WORDS}},
}


class TurnIn(Guided, Owned):
    """A conversation turn to remember."""

    messages: Annotated[
        list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES, json_schema_extra={"contains": _SAYING})
    ]
    metadata: Metadata = Field(default_factory=dict)
    timestamp: Moment | None = None
    infer: StrictBool = True

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
    """What the turn did to one memory; `held` where it waits in quarantine for a person's judgement."""

    event: Event
    id: str
    memory: str
    previous: str | None = None
    held: bool = False


class UsageOut(BaseModel):
    """The calls of models that a turn took part in, and its share of tokens and cost (null: no price is known)."""

    calls: int
    embeddings: int
    prompt_tokens: int
    completion_tokens: int
    embedding_tokens: int
    cost_usd: float | None


class TurnOut(BaseModel):
    """Where a turn is, and what it added."""

    id: str
    status: Status
    attempts: int
    error: str | None
    events: list[EventOut]
    accepted_at: datetime
    settled_at: datetime | None
    gated: bool
    usage: UsageOut


class IncidentOut(BaseModel):
    """What went wrong with a turn once, or `times` times in the same way between `at` and `last_at`.

    `turns`: how many the batch had in which it did.
    """

    what: What
    at: datetime
    last_at: datetime
    times: int
    turns: int | None
    error: str | None
    attempt: int


class CountsOut(BaseModel):
    """How often it went wrong, all told."""

    failed: int
    postponed: int
    worker_lost: int
    replayed: int


class TurnTold(TurnOut):
    """The same with whose it is, what was said, as long as it is kept, and the last 20 lines of what went wrong."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None
    messages: list[MessageIn] | None
    history: list[IncidentOut]
    counts: CountsOut


def _as_searched(schema: JsonDict) -> None:
    """What the fields alone do not say: the other name of `limit`, and that filters will do for an owner."""
    fields = cast("JsonDict", schema["properties"])
    fields["top_k"] = {**cast("JsonDict", fields["limit"]), "description": "Another name of limit.", "deprecated": True}
    schema["not"] = {"required": ["limit", "top_k"]}
    filtered: JsonDict = {"filters": {"type": "object", "minProperties": 1}}
    schema["anyOf"] = [*AN_OWNER, {"required": ["filters"], "properties": filtered}]


class SearchIn(Named):
    """A recall. `filters` may name the owner, and narrow the answer down."""

    model_config = ConfigDict(json_schema_extra=_as_searched)

    query: QueryText
    filters: Annotated[Any, Field(description=_FILTERS, json_schema_extra={"type": ["object", "null"]})] = None
    limit: Annotated[int, Strict(), Field(ge=1, le=100), IN_FULL] = Field(
        5, validation_alias=AliasChoices("limit", "top_k")
    )
    threshold: Number | None = Field(None, ge=0, le=1)
    as_of: Moment | None = None
    wait_for: Name | None = None
    wait_ms: Annotated[int, Strict(), Field(ge=0, le=30_000), IN_FULL] = 2_000

    @model_validator(mode="after")
    def _has_an_owner(self) -> SearchIn:
        return has_an_owner(self) if self.filters is None else self


class MemoryOut(BaseModel):
    """One memory; `marked` where it reads like an instruction to a prompt: then it does not belong into one."""

    id: str
    memory: str
    categories: list[str]
    metadata: dict[str, Any]
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    created_at: datetime
    updated_at: datetime
    valid_from: datetime
    marked: bool = False


class HeldOut(MemoryOut):
    """One memory that is held back, with where it comes from."""

    turn_ids: list[str]
    quote: str | None


class HeldPage(BaseModel):
    """One page of what is held back."""

    count: int
    next: str | None
    previous: str | None
    results: list[HeldOut]


class MemoryFound(MemoryOut):
    """One memory that answers a query."""

    score: float


class VersionOut(MemoryOut):
    """One version of a memory, with where it comes from."""

    event: Event
    version: int
    current: bool
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


class TurnToldPage(BaseModel):
    """One page of turns that a person is to judge."""

    count: int
    next: str | None
    previous: str | None
    results: list[TurnTold]


class TextIn(Body):
    """A memory's new text."""

    text: Text


class ChatIn(Body):
    """A user's message to the chatbot."""

    user_id: Id
    message: Text


class ChatOut(BaseModel):
    """The reply, and the memories that were put into the prompt."""

    reply: str
    memories_used: list[str]


class Problem(BaseModel):
    """Every refusal: one sentence, and a code for programs."""

    model_config = ConfigDict(extra="forbid")

    detail: Annotated[str, Field(min_length=1)]
    error: Annotated[str, Field(min_length=1)]
