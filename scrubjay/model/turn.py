"""Turns: as they are handed in, as they wait, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from scrubjay.model.facts import Event
from scrubjay.model.history import Counts, Incident
from scrubjay.model.scope import Scope
from scrubjay.model.value import Metadata, Value


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


_TOLD = ("instructions", "includes", "excludes")


class Guidance(Value):
    """What somebody who knows the project adds to the extraction prompt.

    Args:
        instructions: how to extract, in their own words.
        includes: what to keep.
        excludes: what never to keep.
        categories: more categories, each with what belongs in it.
    """

    instructions: str | None = None
    includes: str | None = None
    excludes: str | None = None
    categories: Mapping[str, str] = Field(default_factory=dict)

    def __add__(self, other: Guidance) -> Guidance:
        """Both hold; of two descriptions of one category the other's."""
        texts = {name: _both(getattr(self, name), getattr(other, name)) for name in _TOLD}
        return Guidance(categories={**self.categories, **other.categories}, **texts)


def _both(first: str | None, other: str | None) -> str | None:
    return "\n".join(text for text in (first, other) if text) or None


class Submission(Value):
    """A turn as a client hands it in, checked but not yet accepted.

    What it makes is no longer told of from `expires_at` on.
    """

    scope: Scope
    messages: tuple[Message, ...]
    metadata: Metadata = Field(default_factory=dict)
    timestamp: datetime | None = None
    expires_at: datetime | None = None
    infer: bool = True
    guidance: Guidance = Guidance()


class Turn(Submission):
    """An accepted turn. `order` is strictly increasing, and it is what decides which of two turns came first.

    `accepted_at` is strictly increasing within a lane as well, unless a clock went back by more than a minute: it is
    for people. `replayed` tells that it was dead: turns accepted after it may have been applied before it.
    """

    id: str
    accepted_at: datetime
    order: int = 0
    attempts: int = 0
    replayed: bool = False

    @property
    def said_at(self) -> datetime:
        """When it was said: the turn's own timestamp, else the time of acceptance."""
        return self.timestamp or self.accepted_at


class TurnEvent(Value):
    """One line of a turn's answer to "what did it add?".

    `in_quarantine`: it waits for a person's judgement. `renewed`: a memory was said again, so it holds as of now.
    """

    event: Event
    id: str
    memory: str
    previous: str | None = None
    in_quarantine: bool = Field(default=False, alias="held")
    renewed: bool = False


class Status(StrEnum):
    """Where a turn is."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SETTLED = "settled"
    DEAD = "dead"
    ERASED = "erased"


class Usage(Value):
    """What models were asked for.

    Args:
        calls: of a language model.
        embeddings: calls of an embedding model.
        prompt_tokens: sent to the language model.
        completion_tokens: answered by it.
        embedding_tokens: sent to the embedding model.
        cost_usd: None where no price is known.
    """

    calls: int = 0
    embeddings: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    embedding_tokens: int = 0
    cost_usd: float | None = None


class TurnStatus(Value):
    """What `GET /turns/{id}` tells.

    Args:
        gated: it was settled without asking a model, as it plainly holds nothing.
        usage: the calls that it took part in, and its share of their tokens and cost.
        history: what went wrong, oldest first: the last lines of it.
        counts: how often it went wrong, all told.
    """

    id: str
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    status: Status
    attempts: int
    error: str | None = None
    events: tuple[TurnEvent, ...] = ()
    accepted_at: datetime
    settled_at: datetime | None = None
    gated: bool = False
    usage: Usage = Usage()
    history: tuple[Incident, ...] = ()
    counts: Counts = Counts()
