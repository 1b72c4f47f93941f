"""Mem0's history of a memory: one rule for which entries there are and their ids, and two shapes of an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from pydantic import BaseModel

from scrubjay.mem0.memories import MemoryRecord, owner_fields, record_of
from scrubjay.model import Event, Memory, Turn, Value
from scrubjay.model.versions import is_retracted, version_id


class VersionRecord(Value):
    """One version of a memory, wherever it was read from.

    Args:
        retracted_at: when what it says was taken back; None if it was not.
        turn_ids: of the turns that it rests on.
    """

    record: MemoryRecord
    retracted_at: datetime | None
    turn_ids: tuple[str, ...] = ()


def version_record(memory: Memory) -> VersionRecord:
    """Read a version of the store."""
    retracted_at = memory.valid_to or memory.updated_at if is_retracted(memory) else None
    return VersionRecord(record=record_of(memory), retracted_at=retracted_at, turn_ids=tuple(memory.turn_ids))


class HistoryEntry(Value):
    """One change of a memory.

    Args:
        id: a UUID, the same on every surface.
        version: after the change, or that was retracted.
        at: when it was recorded, or when the memory was retracted.
    """

    id: str
    event: Literal[Event.ADD, Event.UPDATE, Event.DELETE]
    old_text: str | None
    new_text: str | None
    at: datetime
    version: VersionRecord


def entries_of(versions: Sequence[VersionRecord]) -> list[HistoryEntry]:
    """The changes of a memory: one for each version, and one more for each that was retracted.

    An id counts versions by valid time, as every surface lists them: a fact learned late moves those after it by one.

    Args:
        versions: of the memory, by valid time, oldest first.
    """
    entries, old_text = list[HistoryEntry](), None
    for number, version in enumerate(versions, 1):
        record, ids = version.record, (2 * number, 2 * number + 1)
        added = HistoryEntry(
            id=version_id(record.id, ids[0]),
            event=Event.ADD if old_text is None else Event.UPDATE,
            old_text=old_text,
            new_text=record.text,
            at=record.updated_at,
            version=version,
        )
        entries.append(added)
        if version.retracted_at is not None:
            changes = {"id": version_id(record.id, ids[1]), "event": Event.DELETE, "at": version.retracted_at}
            entries.append(added.model_copy(update={**changes, "old_text": record.text, "new_text": None}))
        old_text = record.text
    return entries


class PlatformMessage(BaseModel):
    """A message of a turn that a memory rests on."""

    role: str
    content: str


class PlatformEntry(BaseModel):
    """One entry of a memory's history in an answer of Mem0's platform."""

    id: str
    memory_id: str
    input: list[PlatformMessage]
    old_memory: str | None
    new_memory: str | None
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    session_id: str | None
    categories: list[str]
    event: str
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def platform_entry(entry: HistoryEntry, texts: Mapping[str, Turn]) -> PlatformEntry:
    """An entry as Mem0's platform answers it.

    Args:
        entry: of the history.
        texts: by id, the turns that the memory rests on, as far as their text is kept.
    """
    record = entry.version.record
    turns = [texts[turn_id] for turn_id in entry.version.turn_ids if turn_id in texts]
    messages = [
        PlatformMessage(role=message.role.value, content=message.content) for turn in turns for message in turn.messages
    ]
    return PlatformEntry(
        id=entry.id,
        memory_id=record.id,
        input=messages,
        old_memory=entry.old_text,
        new_memory=entry.new_text,
        **owner_fields(record.ids),
        categories=list(record.categories),
        event=entry.event.value,
        metadata=dict(record.metadata),
        created_at=record.created_at,
        updated_at=entry.at,
    )


class LibraryEntry(TypedDict):
    """One entry of a memory's history in an answer of Mem0's library."""

    id: str
    memory_id: str
    old_memory: str | None
    new_memory: str | None
    event: str
    created_at: str
    updated_at: str
    is_deleted: bool
    actor_id: None
    role: None


def library_entry(entry: HistoryEntry) -> LibraryEntry:
    """An entry of what `Memory.history` returns, as Mem0's Python library does."""
    return LibraryEntry(
        id=entry.id,
        memory_id=entry.version.record.id,
        old_memory=entry.old_text,
        new_memory=entry.new_text,
        event=entry.event.value,
        created_at=entry.version.record.created_at.isoformat(),
        updated_at=entry.at.isoformat(),
        is_deleted=entry.event is Event.DELETE,
        actor_id=None,
        role=None,
    )
