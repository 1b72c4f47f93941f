"""What is asked about memories, and told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator
from pydantic.config import JsonDict

from api.fields import AN_OWNER, IN_FULL, Body, Metadata, Moment, Name, Named, Number, QueryText, Text, has_an_owner
from memory.model import Event, Rating

LONGEST_REASON = 1_000

_FILTERS = """AND, OR, NOT, and the fields user_id, agent_id, run_id, app_id, created_at, updated_at, timestamp, text,
keywords, categories, metadata and memory_ids. A field takes a value, an object of operators
(eq ne gt gte lt lte in nin contains icontains) or "*": it is set."""


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
    show_expired: StrictBool = False
    wait_for: Name | None = None
    wait_ms: Annotated[int, Strict(), Field(ge=0, le=30_000), IN_FULL] = 2_000

    @model_validator(mode="after")
    def _has_an_owner(self) -> SearchIn:
        return has_an_owner(self) if self.filters is None else self


class FeedbackIn(Body):
    """What somebody thinks of a memory; null takes back what was said."""

    rating: Rating | None
    reason: Annotated[Text, Field(max_length=LONGEST_REASON)] | None = None


class FeedbackOut(BaseModel):
    """What somebody thinks of a memory as it stands."""

    rating: Rating
    reason: str | None
    given_at: datetime


class MemoryOut(BaseModel):
    """One memory; `marked` where it reads like an instruction to a prompt: then it does not belong into one."""

    id: str
    memory: str
    categories: list[str]
    metadata: dict[str, Any]
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    created_at: datetime
    updated_at: datetime
    valid_from: datetime
    expires_at: datetime | None
    marked: bool = False
    feedback: FeedbackOut | None = None


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


class ChangeIn(Body):
    """What is to change of a memory: at least one of these. `metadata` takes the place of all that was there."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in ("text", "metadata", "expires_at")]}
    )

    text: Text | None = None
    metadata: Metadata | None = None
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> ChangeIn:
        if self.text is None and self.metadata is None and "expires_at" not in self.model_fields_set:
            raise ValueError("at least one of text, metadata and expires_at is needed")
        return self
