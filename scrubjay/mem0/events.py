"""Mem0's view of turns and erasures: its statuses, the changes that a turn made, its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import BaseModel

from scrubjay.model import OWNERS, Event, Status, TurnStatus
from scrubjay.model.erasure import Receipt

EventStatus = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED"]
_STATUSES: Mapping[str, EventStatus] = {
    Status.QUEUED: "PENDING",
    Status.RUNNING: "RUNNING",
    Status.RETRYING: "RUNNING",
    Status.SETTLED: "SUCCEEDED",
    Status.DEAD: "FAILED",
    Status.ERASED: "FAILED",
}
_ERASED = "the turn was forgotten with its owner"
_INCOMPLETE = "something was left: forget the owner again"


def status_of(status: str) -> EventStatus:
    """Mem0's status for a turn's; PENDING for a status that only a newer server knows."""
    return _STATUSES.get(status, "PENDING")


def error_of(status: str, error: str | None) -> str | None:
    """The `error` beside Mem0's status: why a turn died, or that it was erased; None for others.

    Args:
        status: the turn's.
        error: the turn's last.
    """
    return _ERASED if status == Status.ERASED else error if status == Status.DEAD else None


class Result(BaseModel):
    """A change of one memory, in the `results` of Mem0's platform and OSS server. Ids only in an event, if set."""

    id: str
    memory: str
    data: dict[str, str]
    event: str
    previous_memory: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None


def results_of(turn: TurnStatus, ids: Mapping[str, str] | None = None) -> list[Result]:
    """The changes that a turn made, without those that wait for a person's judgement.

    Args:
        turn: with its changes.
        ids: owner ids that each change is to show.
    """
    return [
        Result(
            id=event.id,
            memory=event.memory,
            data={"memory": event.memory},
            event=event.event.value,
            **({} if event.previous is None else {"previous_memory": event.previous}),
            **(ids or {}),
        )
        for event in turn.events
        if not event.in_quarantine and event.event is not Event.NONE
    ]


class LibraryChange(TypedDict):
    """A change of one memory in an answer of Mem0's library; `held` if it waits for a person's judgement."""

    id: str
    memory: str
    event: str
    previous_memory: NotRequired[str]
    held: NotRequired[bool]


class PlatformEvent(BaseModel):
    """An event of Mem0's platform: what became of an add or of a delete_all."""

    id: str
    event_type: Literal["ADD", "DELETE_ALL"]
    status: EventStatus
    payload: dict[str, Any]
    metadata: None
    results: list[Result]
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    latency: float | None
    graph_status: None
    error: str | None


def add_event(turn: TurnStatus) -> PlatformEvent:
    """The event of an add: the turn, under the turn's id."""
    ids = {field: name for field in OWNERS if (name := getattr(turn, field))}
    status = status_of(turn.status)
    start, end = turn.accepted_at, turn.settled_at
    return PlatformEvent(
        id=turn.id,
        event_type="ADD",
        status=status,
        payload={},
        metadata=None,
        results=results_of(turn, ids),
        created_at=start,
        updated_at=end or start,
        started_at=None if status == "PENDING" else start,
        completed_at=end,
        latency=round((end - start).total_seconds() * 1000, 3) if end else None,
        graph_status=None,
        error=error_of(turn.status, turn.error),
    )


def erase_event(receipt: Receipt) -> PlatformEvent:
    """The event of a delete_all: the receipt of an owner's erase, under the receipt's id."""
    at = receipt.erased_at
    return PlatformEvent(
        id=receipt.id,
        event_type="DELETE_ALL",
        status="SUCCEEDED" if receipt.verified else "FAILED",
        payload={},
        metadata=None,
        results=[],
        created_at=at,
        updated_at=at,
        started_at=at,
        completed_at=at,
        latency=0.0,
        graph_status=None,
        error=None if receipt.verified else _INCOMPLETE,
    )
