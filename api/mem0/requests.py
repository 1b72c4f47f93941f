"""The bodies of requests on Mem0's routes, converted to what the use cases take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field

from scrubjay.api.dependencies import checked
from scrubjay.api.mem0.lenient import Lenient, Owned
from scrubjay.api.schemas.common import Named, QueryText
from scrubjay.api.schemas.memories import ChangeIn
from scrubjay.api.schemas.turns import TurnIn
from scrubjay.mem0 import expiration_dates
from scrubjay.mem0.messages import plain_message

MOST_RESULTS = 1_000
_NAIVE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def moment(value: Any) -> Any:
    """A time as clients write it: a number may be text, and a date or a time without a zone is UTC."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, str) and (match := _NAIVE.fullmatch(value)):
        return f"{value.replace(' ', 'T')}{'Z' if match[1] else 'T00:00:00Z'}"
    return value


Time = Annotated[Any, BeforeValidator(moment)]
End = Annotated[Any, BeforeValidator(expiration_dates.end)]


class AddIn(Owned):
    """Messages to remember. Whose they are stands beside them or in `filters`."""

    not_offered: ClassVar[Mapping[str, str]] = {
        "immutable": "a memory can be changed by whoever may write; leave it out",
        "structured_data_schema": "a memory is a sentence with categories and metadata; leave it out",
        "timezone": "times are UTC; give timestamp or observation_datetime with its zone",
        "memory_type": "there is one type of memory; leave it out",
        "prompt": "say in custom_instructions what to keep",
    }
    messages: list[dict[str, Any]] | dict[str, Any] | str
    filters: Named | None = None
    metadata: dict[str, Any] | None = None
    timestamp: Time = None
    expiration_date: End = None
    observation_datetime: Time = None
    observation_date: Time = None
    infer: bool | None = None
    async_mode: bool | None = None
    custom_instructions: str | None = None
    agent_custom_instructions: str | None = None
    custom_categories: list[dict[str, str]] | dict[str, str] | None = None
    includes: str | None = None
    excludes: str | None = None
    output_format: str | None = None
    version: str | None = None

    @property
    def waits(self) -> bool:
        """Whether an add of Mem0's API, OSS or platform, waits for its result: `infer` or `async_mode` is false."""
        return self.infer is False or self.async_mode is False

    @property
    def turn(self) -> TurnIn:
        """The turn. Raises RequestValidationError, and NotOffered for a picture or a file."""
        filter_ids = self.filters.ids if self.filters is not None else {}
        ids = {field: name or filter_ids.get(field) for field, name in self.ids.items()}
        instructions = [self.custom_instructions, self.agent_custom_instructions if ids["agent_id"] else None]
        messages = self.messages if isinstance(self.messages, list) else [self.messages]
        categories = self.custom_categories or []
        body = {
            **ids,
            "messages": [plain_message(message) for message in messages],
            "metadata": self.metadata or {},
            "expires_at": self.expiration_date,
            "timestamp": self.timestamp or self.observation_datetime or self.observation_date,
            "infer": self.infer is not False,
            "custom_instructions": "\n".join(text for text in instructions if text) or None,
            "includes": self.includes or None,
            "excludes": self.excludes or None,
            "custom_categories": _merged(categories if isinstance(categories, list) else [categories]),
        }
        return checked(TurnIn, body)


def _merged(several: list[dict[str, str]]) -> dict[str, str]:
    return {name: description for section in several for name, description in section.items()}


class SearchIn(Owned):
    """A recall."""

    not_offered: ClassVar[Mapping[str, str]] = {
        "reference_date": "say the date itself in the query, or filter by created_at or timestamp",
        "criteria": "memories are ranked by meaning and words alone; leave it out",
        "filter_memories": "give a threshold",
    }
    query: QueryText
    filters: Any = None
    top_k: int | None = Field(None, ge=1, le=MOST_RESULTS, validation_alias=AliasChoices("top_k", "limit"))
    threshold: float | None = Field(None, ge=0, le=1)
    fields: list[str] | None = None
    categories: list[str] | None = None
    metadata: dict[str, Any] | None = None
    show_expired: bool | None = None
    output_format: str | None = None


class ListIn(Owned):
    """What a list is narrowed by."""

    filters: Any = None
    start_date: str | None = None
    end_date: str | None = None
    categories: list[str] | None = None
    keywords: str | None = None
    metadata: dict[str, Any] | None = None
    fields: list[str] | None = None
    show_expired: bool | None = None
    output_format: str | None = None


class UpdateIn(Lenient):
    """What is to change of a memory."""

    not_offered: ClassVar[Mapping[str, str]] = {
        "timestamp": "when a memory came to hold is told by its turn; add what is true now as a new turn",
    }
    text: str | None = None
    metadata: dict[str, Any] | None = None
    expiration_date: End = None

    @property
    def change(self) -> ChangeIn:
        """The same as the body of our own route. Raises RequestValidationError."""
        fields = {
            name: value for name, value in (("text", self.text), ("metadata", self.metadata)) if value is not None
        }
        ends = {"expires_at": self.expiration_date} if "expiration_date" in self.model_fields_set else {}
        return checked(ChangeIn, {**fields, **ends})


class BatchItem(UpdateIn):
    """One memory of a batch."""

    memory_id: str


class BatchIn(Lenient):
    """A batch."""

    memories: list[BatchItem] = Field(min_length=1, max_length=1_000)
