"""Mem0's shapes of a memory: that of its platform's API, and the dict of its Python library."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from pydantic import BaseModel

from scrubjay.mem0 import expiration_dates
from scrubjay.model import OWNERS, Memory, Value


def text_hash(text: str) -> str:
    """MD5 of a memory's text, in hexadecimal: clients of Mem0 know a text by it. Nothing here relies on it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class MemoryRecord(Value):
    """What Mem0's shapes tell of a memory, wherever it was read from: the store, or a Scrubjay server's answer.

    Args:
        ids: of its owners, those that are set.
        score: in the answer to a search.
    """

    id: str
    text: str
    ids: Mapping[str, str]
    metadata: Mapping[str, Any]
    categories: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    valid_from: datetime | None
    expires_at: datetime | None
    marked: bool
    superseded_by: str | None = None
    score: float | None = None


def record_of(memory: Memory, score: float | None = None) -> MemoryRecord:
    """Read a memory of the store."""
    return MemoryRecord(
        id=memory.id,
        text=memory.text,
        ids=memory.scope.ids,
        metadata=memory.metadata,
        categories=tuple(memory.categories),
        created_at=memory.created_at,
        updated_at=memory.updated_at,
        valid_from=memory.valid_from,
        expires_at=memory.expires_at,
        marked=memory.marked,
        superseded_by=memory.superseded_by,
        score=score,
    )


def owner_fields(ids: Mapping[str, str | None]) -> dict[str, str | None]:
    """Whose something is in an answer of Mem0's platform: every id, null where it is not set.

    Some of Mem0's answers call the run `session_id`, others `run_id`: here all have both.
    """
    return {**{field: ids.get(field) for field in OWNERS}, "session_id": ids.get("run_id")}


class PlatformMemory(BaseModel):
    """A memory in an answer of Mem0's platform. Fields that are not set are left out of the answer."""

    id: str
    memory: str
    hash: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    session_id: str | None
    metadata: dict[str, Any]
    categories: list[str]
    created_at: datetime
    updated_at: datetime
    expiration_date: str | None
    structured_attributes: None
    replaced_by: str | None
    synthesized: bool
    lifecycle_state: str
    valid_from: datetime | None
    marked: bool
    score: float | None = None

    def with_fields(self, names: Sequence[str] | None) -> PlatformMemory:
        """The memory with no more than the `fields` that a search or list asks for, and the id."""
        if not names:
            return self
        kept = {"id", *names} & self.model_fields_set
        return PlatformMemory.model_construct(kept, **dict(self))


def platform_memory(record: MemoryRecord) -> PlatformMemory:
    """A memory as Mem0's platform answers it; with a score where the record has one."""
    score = {} if record.score is None else {"score": record.score}
    return PlatformMemory(
        id=record.id,
        memory=record.text,
        hash=text_hash(record.text),
        **owner_fields(record.ids),
        metadata=dict(record.metadata),
        categories=list(record.categories),
        created_at=record.created_at,
        updated_at=record.updated_at,
        expiration_date=expiration_dates.of(record.expires_at),
        structured_attributes=None,
        replaced_by=record.superseded_by,
        synthesized=False,
        lifecycle_state="active",
        valid_from=record.valid_from,
        marked=record.marked,
        **score,
    )


class LibraryMemory(TypedDict):
    """A memory in an answer of Mem0's library. Ids only if set; `marked` only if it reads as an instruction."""

    id: str
    memory: str
    hash: str
    metadata: dict[str, Any] | None
    categories: list[str]
    created_at: str
    updated_at: str
    user_id: NotRequired[str]
    agent_id: NotRequired[str]
    run_id: NotRequired[str]
    app_id: NotRequired[str]
    score: NotRequired[float]
    expiration_date: NotRequired[str]
    marked: NotRequired[bool]


def library_memory(record: MemoryRecord) -> LibraryMemory:
    """A memory as the dict that `Memory.get`, `get_all` and `search` return, as Mem0's Python library does."""
    memory = LibraryMemory(
        id=record.id,
        memory=record.text,
        hash=text_hash(record.text),
        metadata=dict(record.metadata) or None,
        categories=list(record.categories),
        created_at=record.created_at.isoformat(),
        updated_at=record.updated_at.isoformat(),
    )
    more: dict[str, Any] = {**record.ids, "score": record.score, "marked": record.marked or None}
    more["expiration_date"] = expiration_dates.of(record.expires_at)
    memory.update({name: value for name, value in more.items() if value is not None})  # type: ignore[typeddict-item]
    return memory
