"""The values of the house: a turn goes in, facts come out, a plan is applied, memories are recalled. All frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Metadata = Mapping[str, Any]
Vector = Sequence[float]


class Value(BaseModel):
    """A frozen value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    """Who speaks in a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(Value):
    """One message of a conversation turn."""

    role: Role
    content: str
    name: str | None = None


class Scope(Value):
    """Whose memory it is: a tenant and at least one of user, agent and run.

    The tenant comes from the server (never from a request's body) and is part of every key and query.
    """

    tenant: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None

    @property
    def lane(self) -> Lane:
        """The lane of this scope: its user, else its agent, else its run."""
        for kind, name in (("user", self.user_id), ("agent", self.agent_id), ("run", self.run_id)):
            if name is not None:
                return Lane(tenant=self.tenant, kind=kind, name=name)
        raise ValueError("a scope needs at least one of user_id, agent_id and run_id")

    @property
    def ids(self) -> dict[str, str]:
        """The ids that are set, by field name."""
        found = {"user_id": self.user_id, "agent_id": self.agent_id, "run_id": self.run_id}
        return {field: name for field, name in found.items() if name is not None}

    @property
    def covering(self) -> list[Scope]:
        """Every scope whose erase covers this one: all non-empty subsets of its ids."""
        ids = list(self.ids.items())
        subsets = [[item for bit, item in enumerate(ids) if chosen >> bit & 1] for chosen in range(1, 2 ** len(ids))]
        return [Scope(tenant=self.tenant, **dict(subset)) for subset in subsets]


class Lane(Value):
    """One owner's queue: its turns are applied one after the other, in the order of acceptance."""

    tenant: str
    kind: Literal["user", "agent", "run"]
    name: str

    @property
    def key(self) -> str:
        """The lane as one string; tenants hold no colon, so it reads back without doubt."""
        return f"{self.tenant}:{self.kind}:{self.name}"

    @classmethod
    def parse(cls, key: str) -> Lane:
        """The lane that a key names. Raises ValueError for a string that is none."""
        tenant, kind, name = key.split(":", 2)
        return cls(tenant=tenant, kind=kind, name=name)

    @property
    def scope(self) -> Scope:
        """The scope that matches everything this owner has."""
        return Scope(tenant=self.tenant, **{f"{self.kind}_id": self.name})


class Submission(Value):
    """A turn as a client hands it in, checked but not yet accepted."""

    scope: Scope
    messages: tuple[Message, ...]
    metadata: Metadata = {}
    timestamp: datetime | None = None
    infer: bool = True


class Turn(Submission):
    """An accepted turn. `accepted_at` is strictly increasing within a lane."""

    id: str
    accepted_at: datetime
    attempts: int = 0

    @property
    def said_at(self) -> datetime:
        """When it was said: the turn's own timestamp, else the time of acceptance."""
        return self.timestamp or self.accepted_at


class Event(StrEnum):
    """What a turn did to a memory."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    NONE = "NONE"


class Fact(Value):
    """A candidate memory: one self-contained sentence with the verbatim words that support it."""

    turn_id: str
    text: str
    category: str
    quote: str


class Usage(Value):
    """What the model was asked for: calls and tokens."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


class Extraction(Value):
    """What was found in a batch of turns: facts in the order said, and how many were dropped for a false quote."""

    facts: tuple[Fact, ...] = ()
    dropped: int = 0
    usage: Usage = Usage()


class Decision(Value):
    """What to do with one candidate: numbers are positions in the lists that the decision was made over."""

    candidate: int
    event: Event
    target: int | None = None
    text: str | None = None


class Reconciliation(Value):
    """The decisions on a batch's candidates, and what they cost."""

    decisions: tuple[Decision, ...]
    usage: Usage = Usage()


class Memory(Value):
    """One version of a memory. The current version carries the memory's own id as its point id."""

    id: str
    scope: Scope
    text: str
    categories: tuple[str, ...] = ()
    metadata: Metadata = {}
    event: Event = Event.ADD
    version: int = 1
    current: bool = True
    created_at: datetime
    updated_at: datetime
    valid_from: datetime
    valid_to: datetime | None = None
    superseded_by: str | None = None
    turn_ids: tuple[str, ...] = ()
    fact: int = 0  # which fact of its turn made it
    quote: str | None = None
    model: str | None = None
    prompt_version: str | None = None


class Recalled(Value):
    """A memory that answers a query, with its score in [0, 1].

    `candidate` is set for a memory that is none yet: the number of a candidate said earlier in the same batch.
    """

    memory: Memory
    score: float
    candidate: int | None = None


class Write(Value):
    """One version to put into the store: `point_id` is deterministic, so applying it again changes nothing.

    `turn_id` is the turn that causes the write, None for an edit by hand.
    """

    point_id: str
    turn_id: str | None = None
    memory: Memory
    vector: tuple[float, ...]


class TurnEvent(Value):
    """One line of a turn's answer to "what did it add?"."""

    event: Event
    id: str
    memory: str
    previous: str | None = None


class Plan(Value):
    """What a batch will change, recorded before it is applied: a retry repeats this plan and asks no model again."""

    turn_ids: tuple[str, ...]
    writes: tuple[Write, ...] = ()
    events: Mapping[str, tuple[TurnEvent, ...]] = {}
    dropped: int = 0
    usage: Usage = Usage()


class Status(StrEnum):
    """Where a turn is."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SETTLED = "settled"
    DEAD = "dead"
    ERASED = "erased"


class TurnStatus(Value):
    """What `GET /turns/{id}` tells."""

    id: str
    status: Status
    attempts: int
    error: str | None = None
    events: tuple[TurnEvent, ...] = ()
    accepted_at: datetime
    settled_at: datetime | None = None


class Lease(Value):
    """The right to work on a lane, and the fencing token that proves it. Tokens only ever grow."""

    lane: Lane
    token: int


class Confirmation(Value):
    """The last look before applying: which turns were erased meanwhile, and until when the answer may be acted on.

    `good_until` is on the event loop's clock, in seconds.
    """

    erased: frozenset[str]
    good_until: float


class Batch(Value):
    """The turns taken for one pass, and the plan if an earlier pass already recorded one."""

    turns: tuple[Turn, ...]
    plan: Plan | None = None


class Page(Value):
    """Which slice of a list: pages count from 1."""

    number: int = 1
    size: int = 100

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.number - 1) * self.size
