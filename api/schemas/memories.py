"""What is asked about memories, and told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from scrubjay.api.schemas.common import (
    AN_OWNER,
    IN_FULL,
    Body,
    Metadata,
    Moment,
    Name,
    Named,
    Number,
    PageOut,
    QueryText,
    Text,
    has_an_owner,
)
from scrubjay.mem0 import expiration_dates
from scrubjay.mem0.memories import text_hash
from scrubjay.model import Event, Memory, Rating
from scrubjay.model.versions import is_retracted

LONGEST_REASON = 1_000
LONGEST_WAIT_MS = 30_000

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


def _end(value: Any) -> Any:
    """Pydantic validator of `expiration_date` in the request body that changes a memory: the end of a day, or null.

    Raises ValueError for what is no day.
    """
    moment = expiration_dates.end(value)
    if moment is value and value is not None:
        raise ValueError("must be a day such as 2026-03-26")
    return moment


def _unexplained(schema: bool) -> bool:
    """Pydantic validator of `explain` in the body of `POST /search`: true is refused with ValueError.

    Mem0's OSS server would tell how a score came about.
    """
    if schema:
        raise ValueError("is not offered here: a score is told as a whole")
    return schema


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
    explain: Annotated[
        StrictBool,
        Field(description="Scores are not taken apart here.", json_schema_extra={"const": False}),
        AfterValidator(_unexplained),
    ] = False
    wait_for: Name | None = None
    wait_ms: Annotated[int, Strict(), Field(ge=0, le=LONGEST_WAIT_MS), IN_FULL] = 2_000

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
    hash: str
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

    @classmethod
    def of(cls, memory: Memory, **more: Any) -> Self:
        """Make the JSON object of a memory, the same for search, lists, edits and the quarantine.

        Args:
            memory: one version of it.
            more: the fields that the class has besides those of MemoryOut.
        """
        scope, feedback = memory.scope, memory.feedback
        return cls(
            id=memory.id,
            memory=memory.text,
            hash=text_hash(memory.text),
            categories=list(memory.categories),
            metadata=dict(memory.metadata),
            user_id=scope.user_id,
            agent_id=scope.agent_id,
            run_id=scope.run_id,
            app_id=scope.app_id,
            created_at=memory.created_at,
            updated_at=memory.updated_at,
            valid_from=memory.valid_from,
            expires_at=memory.expires_at,
            marked=memory.marked,
            feedback=FeedbackOut(**dict(feedback)) if feedback else None,
            **more,
        )


class MemoryChanged(MemoryOut):
    """A memory as it is from now on."""

    message: str


class MemoryDeleted(BaseModel):
    """A memory is gone, with its history."""

    id: str
    status: Literal["deleted"] = "deleted"
    message: str


class MemoryFound(MemoryOut):
    """One memory that answers a query."""

    score: float


class VersionOut(MemoryOut):
    """One version of a memory, with where it comes from, and what the memory said before it."""

    memory_id: str
    old_memory: str | None
    new_memory: str
    is_deleted: bool
    event: Event
    version: int
    current: bool
    valid_to: datetime | None
    superseded_by: str | None
    turn_ids: list[str]
    quote: str | None
    model: str | None
    prompt_version: str | None

    @classmethod
    def numbered(cls, memory: Memory, number: int, old: str | None) -> Self:
        """Make one item of a memory's history.

        Args:
            memory: the version.
            number: its place by valid time, counted from 1: one that was told late stands among those before.
            old: the text of the version before; None for the first one.
        """
        return cls.of(
            memory,
            memory_id=memory.id,
            old_memory=old,
            new_memory=memory.text,
            is_deleted=is_retracted(memory),
            event=memory.event,
            version=number,
            current=memory.current,
            valid_to=memory.valid_to,
            superseded_by=memory.superseded_by,
            turn_ids=list(memory.turn_ids),
            quote=memory.quote,
            model=memory.model,
            prompt_version=memory.prompt_version,
        )


class SearchOut(BaseModel):
    """What was recalled, and how many accepted turns of this owner are not settled yet."""

    results: list[MemoryFound]
    pending: int


class MemoryPage(PageOut[MemoryOut]):
    """One page of memories."""


_CHANGES = ("text", "metadata", "metadata_patch", "expires_at", "expiration_date")
_EITHER = (("expires_at", "expiration_date"), ("metadata", "metadata_patch"))
_DATE_SCHEMA: JsonDict = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
    "description": "The last day instead of the moment: it expires when the day ends.",
}


class ChangeIn(Body):
    """What is to change of a memory: at least one of these.

    `metadata` takes the place of all that was there. `metadata_patch` joins what is there: of a key that is there
    already the new value holds.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in _CHANGES],
            "not": {"anyOf": [{"required": list(pair)} for pair in _EITHER]},
        }
    )

    text: Text | None = None
    metadata: Metadata | None = None
    metadata_patch: Metadata | None = None
    expires_at: Moment | None = None
    expiration_date: Annotated[
        Moment | None,
        BeforeValidator(_end),
        WithJsonSchema(
            {**_DATE_SCHEMA, "description": "The last day instead of the moment: it expires when the day ends."}
        ),
    ] = None

    @model_validator(mode="after")
    def _changes_something(self) -> ChangeIn:
        ends = self.model_fields_set & {"expires_at", "expiration_date"}
        if len(ends) > 1:
            raise ValueError("expires_at and expiration_date say the same: send one of them")
        if self.metadata is not None and self.metadata_patch is not None:
            raise ValueError("metadata replaces and metadata_patch joins what is there: send one of them")
        if not ends and self.text is None and self.metadata is None and self.metadata_patch is None:
            raise ValueError("at least one of text, metadata, metadata_patch and expires_at is needed")
        return self

    @property
    def end(self) -> Mapping[str, datetime | None]:
        """The new `expires_at` in the request body that changes a memory, from either field; empty without one."""
        fields = {"expires_at", "expiration_date"} & self.model_fields_set
        return {"expires_at": self.expires_at or self.expiration_date} if fields else {}
