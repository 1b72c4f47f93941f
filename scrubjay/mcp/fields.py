"""The arguments that tools share, with what a model is told about each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from scrubjay.model import owner_id

# An id that is blank is refused here: passed on as nothing it would mean the server's own user.
_AN_ID = BeforeValidator(lambda value: value if value is None else owner_id(value))

UserId = Annotated[
    str | None, _AN_ID, Field(description="The user whose memories are meant; else the server's own user.")
]
AgentId = Annotated[str | None, _AN_ID, Field(description="The agent whose memories are meant.")]
AppId = Annotated[str | None, _AN_ID, Field(description="The app whose memories are meant.")]
RunId = Annotated[str | None, _AN_ID, Field(description="The run (session) whose memories are meant.")]
MemoryId = Annotated[str, Field(description="The memory's id, as search_memories and get_memories give it.")]
EventId = Annotated[str, Field(description="The event's id, as add_memory gives it.")]
Metadata = Annotated[
    dict[str, Any] | None, Field(description="A JSON object to keep with the memory; it can be filtered on.")
]
Filters = Annotated[
    dict[str, Any] | None,
    Field(
        description="Further conditions: AND, OR, NOT and fields, for example "
        '{"AND": [{"user_id": "john"}, {"created_at": {"gte": "2026-01-01"}}]} or {"categories": {"in": ["food"]}}. '
        "The server's own user is meant where no owner is named."
    ),
]
PageNumber = Annotated[int, Field(ge=1, description="Which page, from 1.")]
PageSize = Annotated[int, Field(ge=1, le=200, description="How many a page, at most 200.")]


class ConversationMessage(BaseModel):
    """One message of a conversation."""

    role: Literal["user", "assistant", "system", "tool"] = Field(description="Who said it.")
    content: str = Field(description="What was said.")
