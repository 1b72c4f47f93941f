"""What an import sends and gets: a batch of memories, each judged by itself."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from scrubjay.api.schemas.common import Body, Label, Metadata, Moment, Owned, Text
from scrubjay.model.arrival import Became

MOST_MEMORIES = 500
MOST_CATEGORIES_OF_ONE = 50


class ArrivalIn(Owned):
    """A memory as it was elsewhere."""

    id: UUID | None = None
    memory: Text
    metadata: Metadata | None = None
    categories: Annotated[list[Label], Field(max_length=MOST_CATEGORIES_OF_ONE)] | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    valid_from: Moment | None = None
    expires_at: Moment | None = None


_MEMORY: JsonDict = {
    "type": "object",
    "description": (
        "`memory`, at least one of `user_id`, `agent_id`, `run_id` and `app_id`, and what is known of `id` (a UUID), "
        "`metadata`, `categories`, `created_at`, `updated_at`, `valid_from` and `expires_at`. One that is not so "
        "refuses itself and no other."
    ),
    "examples": [
        {
            "id": "0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10",
            "memory": "Ana is learning to dive",
            "user_id": "ana",
            "metadata": {"stars": 4},
            "categories": ["hobby"],
            "created_at": "2024-03-01T08:00:00.123456Z",
            "updated_at": "2024-05-01T09:30:00Z",
        }
    ],
}


class ImportIn(Body):
    """Memories that were made elsewhere."""

    model_config = ConfigDict(title="ImportIn")

    memories: Annotated[
        list[dict[str, Any]], Field(min_length=1, max_length=MOST_MEMORIES, json_schema_extra={"items": _MEMORY})
    ]


class OutcomeOut(BaseModel):
    """What became of one memory; `busy` is to be sent again."""

    model_config = ConfigDict(populate_by_name=True)

    id: str | None
    became: Became
    reason: str | None
    in_quarantine: bool = Field(alias="held")


class ImportOut(BaseModel):
    """What became of each, in the order of the request, and how many of each there are."""

    imported: int
    there: int
    refused: int
    busy: int
    results: list[OutcomeOut]
