"""The checked kinds of fields that requests are made of: those of every door, and what the API makes of them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonValue

from scrubjay.model import OWNERS, Guidance
from scrubjay.validation import (
    IN_FULL,
    LONGEST_INSTRUCTIONS,
    LONGEST_QUERY,
    LONGEST_TEXT,
    MOST_CATEGORIES,
    MOST_METADATA_BYTES,
    MOST_METADATA_KEYS,
    NOT_BLANK,
    WILDCARD_ID,
    Categories,
    CategoryName,
    Content,
    Description,
    ExactId,
    Id,
    Instructions,
    Label,
    Metadata,
    Moment,
    Name,
    Number,
    PerMinuteIn,
    QueryText,
    Text,
)

__all__ = [
    "AN_OWNER",
    "IN_FULL",
    "LONGEST_INSTRUCTIONS",
    "LONGEST_QUERY",
    "LONGEST_TEXT",
    "MOST_CATEGORIES",
    "MOST_METADATA_BYTES",
    "MOST_METADATA_KEYS",
    "NOT_BLANK",
    "WILDCARD_ID",
    "Body",
    "Categories",
    "CategoryName",
    "Content",
    "Description",
    "ExactId",
    "Guided",
    "Id",
    "Instructions",
    "Label",
    "Metadata",
    "Moment",
    "Name",
    "Named",
    "Number",
    "Owned",
    "PerMinuteIn",
    "QueryText",
    "Text",
    "has_an_owner",
]


class Body(BaseModel):
    """A request's body: unknown fields are refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Guided(Body):
    """What is added to the extraction prompt; a turn's own holds beside its tenant's."""

    custom_instructions: Instructions | None = None
    includes: Instructions | None = None
    excludes: Instructions | None = None
    custom_categories: Categories = Field(default_factory=dict)

    @property
    def guidance(self) -> Guidance:
        """The same as a value of the house."""
        return Guidance(
            instructions=self.custom_instructions,
            includes=self.includes,
            excludes=self.excludes,
            categories=self.custom_categories,
        )


class Named(Body):
    """Whose memory it is, as far as it is said."""

    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None
    app_id: Id | None = None

    @property
    def ids(self) -> dict[str, str | None]:
        """The four ids by name."""
        return {field: getattr(self, field) for field in OWNERS}


AN_OWNER: list[JsonValue] = [
    {"required": [name], "properties": {name: {"type": ["string", "integer"]}}} for name in OWNERS
]


class Owned(Named):
    """Whose memory it is: at least one of the four ids."""

    model_config = ConfigDict(json_schema_extra={"anyOf": AN_OWNER})

    @model_validator(mode="after")
    def _has_an_owner(self) -> Owned:
        return has_an_owner(self)


N = TypeVar("N", bound=Named)


def has_an_owner(body: N) -> N:
    """The same body. Raises ValueError where it names nobody."""
    if not any(body.ids.values()):
        raise ValueError("at least one of user_id, agent_id, run_id and app_id is needed")
    return body
