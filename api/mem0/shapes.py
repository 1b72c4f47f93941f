"""How Mem0 shows what we have: a memory, its history, what became of a turn, a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scrubjay.api.schemas.memories import digest
from scrubjay.mem0 import expiration_dates
from scrubjay.model import OWNERS, Entity, Event, Memory, Recalled, Status, Turn, TurnStatus
from scrubjay.model.erasure import Receipt
from scrubjay.model.versions import is_retracted, version_id

Shown = dict[str, Any]
_STATUS: Mapping[Status, str] = {
    Status.QUEUED: "PENDING",
    Status.RUNNING: "RUNNING",
    Status.RETRYING: "RUNNING",
    Status.SETTLED: "SUCCEEDED",
    Status.DEAD: "FAILED",
    Status.ERASED: "FAILED",
}
_ERASED = "the turn was forgotten with its owner"


def memory(stored: Memory) -> Shown:
    """A memory. Some of Mem0's answers call the run `session_id`, others `run_id`: here all have both."""
    return {
        "id": stored.id,
        "memory": stored.text,
        "hash": digest(stored.text),
        **owners(stored.scope.ids),
        "metadata": dict(stored.metadata),
        "categories": list(stored.categories),
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
        "expiration_date": expiration_dates.of(stored.expires_at),
        "structured_attributes": None,
        "replaced_by": stored.superseded_by,
        "synthesized": False,
        "lifecycle_state": "active",
        "valid_from": stored.valid_from,
        "marked": stored.marked,
    }


def owners(ids: Mapping[str, str | None]) -> Shown:
    """Whose it is: every id, null where it is not set."""
    return {**{field: ids.get(field) for field in OWNERS}, "session_id": ids.get("run_id")}


def entity(stored: Entity, tenant: str) -> Shown:
    """Convert a user, agent, app or run to Mem0's JSON shape of an entity."""
    return {
        "id": stored.name,
        "name": stored.name,
        "type": stored.kind,
        "owner": tenant,
        "organization": tenant,
        "metadata": None,
        "total_memories": stored.memories,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }


def recalled(hit: Recalled) -> Shown:
    """A memory that answers a query."""
    return {**memory(hit.memory), "score": hit.score}


def chosen(shown: Shown, fields: Sequence[str] | None) -> Shown:
    """Reduce a memory in Mem0's JSON shape to the `fields` that a search or list asks for, and the id."""
    return {name: value for name, value in shown.items() if name == "id" or name in fields} if fields else shown


def history(versions: Sequence[Memory], texts: Mapping[str, Turn]) -> list[Shown]:
    """What happened to a memory, oldest first.

    Args:
        versions: of the memory, in order.
        texts: of the turns that they rest on, as far as they are kept.
    """
    entries, before = list[Shown](), None
    for version in versions:
        event = Event.UPDATE if before else Event.ADD
        entries.append(_step(version, event, before, version.text, version.updated_at, texts))
        if is_retracted(version):
            at = version.valid_to or version.updated_at
            entries.append(_step(version, Event.DELETE, version.text, None, at, texts))
        before = version.text
    return entries


def _step(
    version: Memory, event: Event, old: str | None, new: str | None, at: datetime, texts: Mapping[str, Turn]
) -> Shown:
    """Build one entry of a memory's history in Mem0's JSON shape: event, old and new text, messages of its turns."""
    turns = [texts[turn_id] for turn_id in version.turn_ids if turn_id in texts]
    messages = [{"role": message.role.value, "content": message.content} for turn in turns for message in turn.messages]
    return {
        "id": version_id(version.id, version.version * 2 + (event is Event.DELETE)),
        "memory_id": version.id,
        "input": messages,
        "old_memory": old,
        "new_memory": new,
        **owners(version.scope.ids),
        "categories": list(version.categories),
        "event": event.value,
        "metadata": dict(version.metadata),
        "created_at": version.created_at,
        "updated_at": at,
    }


def results(turn: TurnStatus) -> list[Shown]:
    """Convert a turn's changes of memories to Mem0's JSON shape of `results`, shared by its OSS server and platform.

    What waits for a person's judgement is none of it yet.
    """
    return [
        {"id": event.id, "memory": event.memory, "data": {"memory": event.memory}, "event": event.event.value}
        | ({"previous_memory": event.previous} if event.previous is not None else {})
        for event in turn.events
        if not event.held and event.event is not Event.NONE
    ]


def event(turn: TurnStatus) -> Shown:
    """Convert a turn to Mem0's JSON shape of an ADD event: its id is the event's."""
    ids = {field: getattr(turn, field, None) for field in OWNERS}
    return _event(
        turn.id,
        "ADD",
        _STATUS[turn.status],
        results=[{**result, **{field: name for field, name in ids.items() if name}} for result in results(turn)],
        error=error(turn),
        start=turn.accepted_at,
        end=turn.settled_at,
    )


def error(turn: TurnStatus) -> str | None:
    """The `error` in Mem0's JSON shapes: why a turn died, or that it was erased; None for others."""
    return _ERASED if turn.status is Status.ERASED else turn.error if turn.status is Status.DEAD else None


def status(turn: TurnStatus) -> str:
    """Map a turn's status to that of Mem0's JSON shapes: PENDING, RUNNING, SUCCEEDED or FAILED."""
    return _STATUS[turn.status]


def forgotten(receipt: Receipt) -> Shown:
    """Convert the receipt of an owner's erase to Mem0's JSON shape of a DELETE_ALL event."""
    done = "SUCCEEDED" if receipt.verified else "FAILED"
    error = None if receipt.verified else "something was left: forget the owner again"
    return _event(receipt.id, "DELETE_ALL", done, [], error, start=receipt.erased_at, end=receipt.erased_at)


def _event(
    event_id: str,
    kind: str,
    status: str,
    results: list[Shown],
    error: str | None,
    start: datetime,
    end: datetime | None,
) -> Shown:
    return {
        "id": event_id,
        "event_type": kind,
        "status": status,
        "payload": {},
        "metadata": None,
        "results": results,
        "created_at": start,
        "updated_at": end or start,
        "started_at": None if status == "PENDING" else start,
        "completed_at": end,
        "latency": round((end - start).total_seconds() * 1000, 3) if end else None,
        "graph_status": None,
        "error": error,
    }
