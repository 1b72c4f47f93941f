"""Memories: one version each, found again, and written by a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from scrubjay.model.facts import Event
from scrubjay.model.scope import Scope
from scrubjay.model.turn import TurnEvent
from scrubjay.model.value import Metadata, Value

FOREVER = datetime.max.replace(tzinfo=UTC)
MOST_TURNS = 256  # of those that said one version: the first and the last ones
POSITIONS_PER_ORDER = 1000  # places in lists that one number of the order has room for


class Rating(StrEnum):
    """What somebody thinks of a memory."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    VERY_NEGATIVE = "very_negative"


class Feedback(Value):
    """A judgement on one version of a memory: what it says now, not what it said before or will say."""

    rating: Rating
    reason: str | None = None
    given_at: datetime


class Hidden(Value):
    """For how long a memory is not shown in a view, as another one stands for it there.

    Args:
        since: when the other one was said.
        until: when that expires; `FOREVER` where it does not.
    """

    since: datetime
    until: datetime = FOREVER


class Memory(Value):
    """One version of a memory. The current version carries the memory's own id as its point id.

    All versions of a memory have one scope. `topic` is the same for memories of other scopes that tell of the same
    thing; `hidden` tells in which views one of them stands for this one (see `scrubjay.model.topics`). `said_at` is
    when it was last said, None where that is `valid_from`.

    From `expires_at` on it is not recalled any more unless somebody asks for what has expired; it is kept all the same.
    A `marked` one reads like an instruction to a prompt. One `in_quarantine` waits for a person to judge it: it
    stands nowhere, and only the calls for the quarantine show it.

    `order` is that of the turn (or edit) whose words it says: an erase up to there covers it. `position` is its place
    in lists, and stays when it changes; no two memories of a lane have the same.
    """

    id: str
    scope: Scope
    text: str
    categories: tuple[str, ...] = ()
    metadata: Metadata = Field(default_factory=dict)
    event: Event = Event.ADD
    version: int = 1
    current: bool = True
    created_at: datetime
    updated_at: datetime
    valid_from: datetime
    valid_to: datetime | None = None
    expires_at: datetime | None = None
    superseded_by: str | None = None
    turn_ids: tuple[str, ...] = ()
    order: int = 0
    position: int = 0
    quote: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    marked: bool = False
    in_quarantine: bool = Field(default=False, alias="held")
    feedback: Feedback | None = None
    topic: str = ""
    said_at: datetime | None = None
    hidden: Mapping[str, Hidden] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _topic_of_its_own(cls, fields: Any) -> Any:
        """A memory that joins no topic has its own, which its id names."""
        if isinstance(fields, dict) and not fields.get("topic"):
            return {**fields, "topic": fields.get("id")}
        return fields

    @property
    def last_said(self) -> datetime:
        """When it was last said, in valid time; of one that was retracted when it was retracted."""
        if not self.current and self.event is Event.DELETE and self.valid_to is not None:
            return self.valid_to
        return self.said_at or self.valid_from


class Recalled(Value):
    """A memory that answers a query, with its score in [0, 1].

    `candidate` is set for a memory that is none yet: the number of a candidate said earlier in the same batch.
    """

    memory: Memory
    score: float
    candidate: int | None = None


class Write(Value):
    """One version to put into the store: `point_id` is deterministic, so applying it again changes nothing.

    `turn_id` is the turn that causes the write, None for an edit by hand. Without a vector the point keeps the one that
    it has, as the text is the same; where there is no such point, nothing is written.
    """

    point_id: str
    turn_id: str | None = None
    memory: Memory
    vector: tuple[float, ...] = ()


class Plan(Value):
    """What a batch will change, recorded before it is applied: a retry repeats this plan and asks no model again."""

    turn_ids: tuple[str, ...]
    writes: tuple[Write, ...] = ()
    events: Mapping[str, tuple[TurnEvent, ...]] = Field(default_factory=dict)
    dropped: int = 0
    gated: frozenset[str] = frozenset()

    @property
    def final_writes(self) -> list[Write]:
        """What is to be put into the store: the last write of each point."""
        last = {write.point_id: write for write in self.writes}
        return list(last.values())
