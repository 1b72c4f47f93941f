"""What the library gives back: the shapes of Mem0's own library, made of what is known of memories and turns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from scrubjay.client.views import MemoryView, ReceiptView, TurnView
from scrubjay.mem0 import expiration_dates
from scrubjay.model import OWNERS, Event
from scrubjay.model.versions import version_id


class Item(TypedDict):
    """One memory. The ids are those that it has; `marked` is there where its text reads like an instruction."""

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


class Change(TypedDict):
    """What a turn did to one memory; `held` where it waits for a person's judgement and is not recalled until then."""

    id: str
    memory: str
    event: str
    previous_memory: NotRequired[str]
    held: NotRequired[bool]


class Added(TypedDict):
    """What `add` gives back; `event_id` and `status` only where it did not wait."""

    results: list[Change]
    event_id: NotRequired[str]
    status: NotRequired[str]


class Items(TypedDict):
    """Memories."""

    results: list[Item]


class Told(TypedDict):
    """That something was done; `receipt` of an erase."""

    message: str
    receipt: NotRequired[dict[str, Any]]


class Entry(TypedDict):
    """One line of a memory's history."""

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


class VersionView(MemoryView):
    """One version of a memory."""

    event: str
    version: int
    valid_to: datetime | None = None


def item(view: MemoryView) -> Item:
    """A memory as the dict that `Memory.get`, `get_all` and `search` return, as Mem0's Python library does."""
    shown = Item(
        id=view.id,
        memory=view.memory,
        hash=hashlib.md5(view.memory.encode(), usedforsecurity=False).hexdigest(),
        metadata=dict(view.metadata) if view.metadata else None,
        categories=list(view.categories),
        created_at=view.created_at.isoformat(),
        updated_at=view.updated_at.isoformat(),
    )
    more: dict[str, Any] = {field: getattr(view, field, None) for field in (*OWNERS, "score")}
    more |= {"marked": view.marked or None, "expiration_date": expiration_dates.of(view.expires_at)}
    shown.update({name: value for name, value in more.items() if value is not None})  # type: ignore[typeddict-item]
    return shown


def changes(turn: TurnView) -> list[Change]:
    """What `Memory.add` returns as `results` for a settled turn: what it changed.

    What it found to be known already is left out, as Mem0's Python library does.
    """
    rows = []
    for event in turn.events:
        if event.event != Event.NONE:
            change = Change(id=event.id, memory=event.memory, event=event.event)
            if event.previous is not None:
                change["previous_memory"] = event.previous
            if event.is_quarantined:
                change["held"] = True
            rows.append(change)
    return rows


def history(memory_id: str, versions: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """What `Memory.history` returns, as Mem0's Python library does: a memory's history, oldest first.

    It has a line for each version, and one more where the last was taken back.
    """
    lines, before = list[Entry](), None
    for number, version in enumerate(map(VersionView.model_validate, versions), 1):
        event = Event.ADD if before is None else Event.UPDATE
        lines.append(_entry(memory_id, number, version, before, version.memory, event))
        if version.event == Event.DELETE:
            lines.append(_entry(memory_id, number, version, version.memory, None, Event.DELETE))
        before = version.memory
    return lines


def _entry(memory_id: str, number: int, version: VersionView, old: str | None, new: str | None, event: Event) -> Entry:
    """One line of what `Memory.history` returns, as Mem0's Python library has it: old_memory, new_memory, event."""
    changed_at = version.valid_to if event is Event.DELETE and version.valid_to else version.updated_at
    return Entry(
        id=version_id(memory_id, 2 * number + (event is Event.DELETE)),
        memory_id=memory_id,
        old_memory=old,
        new_memory=new,
        event=event.value,
        created_at=version.created_at.isoformat(),
        updated_at=changed_at.isoformat(),
        is_deleted=event is Event.DELETE,
        actor_id=None,
        role=None,
    )


def forgotten(receipt: ReceiptView) -> Told:
    """What `Memory.delete_all` returns: Mem0's message that an owner was forgotten, with the receipt."""
    return Told(message="Memories deleted successfully!", receipt=receipt.model_dump(mode="json"))
