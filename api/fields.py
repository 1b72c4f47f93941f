"""The checked kinds of fields that requests are made of: those of every door, and what the API makes of them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonValue

from memory.fields import (
    IN_FULL as IN_FULL,
)
from memory.fields import (
    LONGEST_ID as LONGEST_ID,
)
from memory.fields import (
    LONGEST_INSTRUCTIONS as LONGEST_INSTRUCTIONS,
)
from memory.fields import (
    LONGEST_QUERY as LONGEST_QUERY,
)
from memory.fields import (
    LONGEST_TEXT as LONGEST_TEXT,
)
from memory.fields import (
    MOST_CATEGORIES as MOST_CATEGORIES,
)
from memory.fields import (
    MOST_METADATA_BYTES as MOST_METADATA_BYTES,
)
from memory.fields import (
    MOST_METADATA_KEYS as MOST_METADATA_KEYS,
)
from memory.fields import (
    WILDCARD_ID as WILDCARD_ID,
)
from memory.fields import (
    WITH_WORDS as WITH_WORDS,
)
from memory.fields import (
    Categories as Categories,
)
from memory.fields import (
    CategoryName as CategoryName,
)
from memory.fields import (
    Content as Content,
)
from memory.fields import (
    Description as Description,
)
from memory.fields import (
    Id as Id,
)
from memory.fields import (
    Instructions as Instructions,
)
from memory.fields import (
    Label as Label,
)
from memory.fields import (
    Metadata as Metadata,
)
from memory.fields import (
    Moment as Moment,
)
from memory.fields import (
    Name as Name,
)
from memory.fields import (
    Number as Number,
)
from memory.fields import (
    PerMinuteIn as PerMinuteIn,
)
from memory.fields import (
    QueryText as QueryText,
)
from memory.fields import (
    Text as Text,
)
from memory.model import Guidance


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

    @property
    def ids(self) -> dict[str, str | None]:
        """The three ids by name."""
        return {"user_id": self.user_id, "agent_id": self.agent_id, "run_id": self.run_id}


AN_OWNER: list[JsonValue] = [
    {"required": [name], "properties": {name: {"type": "string"}}} for name in ("user_id", "agent_id", "run_id")
]


class Owned(Named):
    """Whose memory it is: at least one of the three ids."""

    model_config = ConfigDict(json_schema_extra={"anyOf": AN_OWNER})

    @model_validator(mode="after")
    def _has_an_owner(self) -> Owned:
        return has_an_owner(self)


N = TypeVar("N", bound=Named)


def has_an_owner(body: N) -> N:
    """The same body. Raises ValueError where it names nobody."""
    if not any(body.ids.values()):
        raise ValueError("at least one of user_id, agent_id and run_id is needed")
    return body
