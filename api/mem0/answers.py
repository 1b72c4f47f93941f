"""The bodies of answers on Mem0's routes; memories, history entries and events have theirs in `scrubjay.mem0`.

Routes that leave fields out of an answer do so by not setting them (`response_model_exclude_unset`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, RootModel

from scrubjay.mem0.events import EventStatus, PlatformEvent, Result, error_of, results_of, status_of
from scrubjay.mem0.memories import PlatformMemory
from scrubjay.mem0.messages import QUEUED, STORED
from scrubjay.model import Entity, Status, TurnStatus


class Message(BaseModel):
    """That something was done."""

    message: str


class AddOut(BaseModel):
    """The answer to an add: queued, or what came of the turn. `error` only if it failed, `results` only if it ended."""

    message: str | None
    error: str | None = None
    status: EventStatus
    event_id: str
    results: list[Result] = []


def add_out(turn_id: str, turn: TurnStatus | None) -> AddOut:
    """Build the answer to an add that Mem0's v1 and v3 routes share.

    Args:
        turn_id: of the turn.
        turn: its status where it has ended; None where the client does not wait, or has waited for too long.
    """
    if turn is None:
        return AddOut(message=QUEUED, status="PENDING", event_id=turn_id)
    status, results = status_of(turn.status), results_of(turn)
    if turn.status is Status.SETTLED:
        return AddOut(message=STORED, status=status, event_id=turn_id, results=results)
    error = error_of(turn.status, turn.error)
    return AddOut(message=error, error=error, status=status, event_id=turn_id, results=results)


class AddResults(BaseModel):
    """The answer to an add in the newer format of Mem0's v1 route."""

    results: list[AddOut | Result]
    relations: list[Any]


class OssAddOut(BaseModel):
    """The answer to an add of the OSS server: the changes; ids and status only where the turn has not ended."""

    results: list[Result]
    id: str | None = None
    event_id: str | None = None
    status: EventStatus | None = None


class SearchOut(BaseModel):
    """The answer to a search. `pending` counts the turns that are not settled yet."""

    results: list[PlatformMemory]
    pending: int


class _PageOut(BaseModel):
    """What all pages have: how many there are in all, and the URLs of both neighbours."""

    count: int
    next: str | None
    previous: str | None


class MemoryPageOut(_PageOut):
    """One page of memories. `pending` counts the turns that are not settled yet."""

    results: list[PlatformMemory]
    pending: int


class EventPageOut(_PageOut):
    """One page of events."""

    results: list[PlatformEvent]


class EntityOut(BaseModel):
    """A user, agent, app or run that has memories."""

    id: str
    name: str
    type: str
    owner: str
    organization: str
    metadata: None = None
    total_memories: int
    created_at: datetime | None
    updated_at: datetime | None


def entity_out(entity: Entity, tenant: str) -> EntityOut:
    """Convert a user, agent, app or run to Mem0's shape of an entity."""
    return EntityOut(
        id=entity.name,
        name=entity.name,
        type=entity.kind,
        owner=tenant,
        organization=tenant,
        total_memories=entity.memories,
        created_at=entity.created_at,
        updated_at=entity.updated_at,
    )


class EntityPageOut(_PageOut):
    """One page of entities, with how many there are of each kind."""

    results: list[EntityOut]
    total_users: int
    total_agents: int
    total_apps: int
    total_runs: int


class EraseOut(Message):
    """That an owner is forgotten; the receipt's id is the event's."""

    event_id: str


class EraseAllOut(Message):
    """That owners are forgotten, with the ids of their receipts; the last is the event's."""

    event_id: str | None
    receipts: list[str]


class ResetOut(Message):
    """That everybody is forgotten, with the ids of the receipts."""

    receipts: list[str]


class ExportOut(Message):
    """That an export was ordered, with its id."""

    id: str


class Document(RootModel[dict[str, Any]]):
    """The document of an export: an object that meets the schema of its order."""


class SummaryOut(BaseModel):
    """A short text about what is remembered."""

    summary: str
    status: EventStatus


class FeedbackOut(BaseModel):
    """The feedback that is kept with a memory."""

    id: str
    feedback: str | None
    feedback_reason: str | None


class PingOut(BaseModel):
    """Whose key it is: a tenant is an organisation with one project."""

    status: str
    org_id: str
    project_id: str
    user_email: None = None
