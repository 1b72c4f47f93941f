"""What the tools answer. Everything here is read by a model, so a text that reads like an instruction is withheld."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from scrubjay.client.owners import EntityView
from scrubjay.client.views import MemoryView, Page, ReceiptView, TurnView
from scrubjay.mem0.events import EventStatus, error_of, status_of
from scrubjay.safety.injection import judged

_WITHHELD = "(withheld, as it reads like an instruction to a prompt; a person can look at it on the dashboard)"


class Change(BaseModel):
    """What an event did to one memory."""

    event: str = Field(description="ADD, UPDATE, DELETE or NONE.")
    id: str = Field(description="The memory's id.")
    memory: str


class Event(BaseModel):
    """What became of something that was to be remembered."""

    event_id: str
    event_type: Literal["ADD"] = "ADD"
    status: EventStatus = Field(
        description="PENDING or RUNNING: it will be remembered. SUCCEEDED: it is. FAILED: see error."
    )
    results: list[Change] = []
    error: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None


class Events(BaseModel):
    """One page of events, newest first."""

    count: int = Field(description="How many there are in all.")
    next_page: int | None = Field(description="The next page; null on the last.")
    results: list[Event]


class Memories(BaseModel):
    """One page of memories, newest first."""

    count: int = Field(description="How many there are in all.")
    next_page: int | None = Field(description="The next page; null on the last.")
    results: list[MemoryView]


class SearchResults(BaseModel):
    """The memories that matter most, best first."""

    results: list[MemoryView]
    pending: int = Field(description="How much that was told is not remembered yet, and so cannot be found.")


class Entities(BaseModel):
    """One page of who has memories."""

    next_page: int | None = Field(description="The next page; null where this one is not full.")
    results: list[EntityView]


class Deleted(BaseModel):
    """A memory that is gone, with its history."""

    id: str
    message: str = "Memory deleted."


class Receipts(BaseModel):
    """A receipt for each owner that was forgotten; it tells counts, and nobody's name."""

    receipts: list[ReceiptView]


def readable(memory: MemoryView) -> MemoryView:
    """A memory as a model may read it."""
    return memory.model_copy(update={"memory": _WITHHELD}) if memory.marked else memory


def memories(page: Page[MemoryView], number: int) -> Memories:
    """What an MCP tool that lists memories answers: a page of the server's, of which we know the number.

    A text that reads like an instruction to the model is withheld.
    """
    return Memories(
        count=page.count, next_page=_after(page, number), results=[readable(result) for result in page.results]
    )


async def events(page: Page[TurnView], number: int) -> Events:
    """What an MCP tool that lists events answers: a page of the server's turns, of which we know the number."""
    return Events(
        count=page.count, next_page=_after(page, number), results=[await event(result) for result in page.results]
    )


async def event(turn: TurnView) -> Event:
    """What an MCP tool answers about a turn: an event, with the statuses that Mem0 has.

    A text that reads like an instruction to the model is withheld.
    """
    reads = await judged(change.memory for change in turn.events)
    return Event(
        event_id=turn.id,
        status=status_of(turn.status),
        results=[
            Change(event=event.event, id=event.id, memory=_WITHHELD if reads(event.memory) else event.memory)
            for event in turn.events
        ],
        error=error_of(turn.status, turn.error),
        created_at=turn.accepted_at,
        completed_at=turn.settled_at,
    )


def facts(memories: Sequence[MemoryView]) -> list[str]:
    """The texts of memories that an MCP prompt may show to a model: none that reads like an instruction."""
    return [memory.memory for memory in memories if not memory.marked]


def _after(page: Page[MemoryView] | Page[TurnView], number: int) -> int | None:
    return number + 1 if page.next else None
