"""What clients send and get: checked at the door, each refusal one sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic.config import JsonDict

from scrubjay.api.schemas.common import (
    NOT_BLANK,
    Body,
    Content,
    Guided,
    Id,
    Metadata,
    Moment,
    Name,
    Named,
    Owned,
    PageOut,
    Text,
)
from scrubjay.model import Event, Status, Turn, TurnStatus, What

MOST_MESSAGES = 200


class MessageIn(Body):
    """One message of the turn."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Content
    name: Name | None = None


_SAYING: JsonDict = {
    "description": "Not blank.",
    "required": ["content"],
    "properties": {"content": {"pattern": NOT_BLANK}},
}


class TurnIn(Guided, Owned):
    """A conversation turn to remember."""

    messages: Annotated[
        list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES, json_schema_extra={"contains": _SAYING})
    ]
    metadata: Metadata = Field(default_factory=dict)
    timestamp: Moment | None = None
    expires_at: Moment | None = None
    infer: StrictBool = True

    @model_validator(mode="after")
    def _says_something(self) -> TurnIn:
        if not any(message.content.strip() for message in self.messages):
            raise ValueError("at least one message must have content")
        return self


class TurnQueued(BaseModel):
    """The turn is accepted: it will not be lost."""

    id: str
    status: Literal["queued"] = "queued"


class TurnDiscarded(BaseModel):
    """The turn is given up: its text is removed, and the ledger counts it as erased."""

    id: str
    status: Literal["erased"] = "erased"


class EventOut(BaseModel):
    """What the turn did to one memory.

    `held` where it waits in quarantine for a person's judgement; `renewed` where it said a memory again (`NONE`):
    its words stay as they are, and it has this turn, its metadata and the later expiry from now on.
    """

    model_config = ConfigDict(populate_by_name=True)

    event: Event
    id: str
    memory: str
    previous: str | None = None
    in_quarantine: bool = Field(False, alias="held")
    renewed: bool = False


class UsageOut(BaseModel):
    """The calls of models that a turn took part in, and its share of tokens and cost (null: no price is known)."""

    calls: int
    embeddings: int
    prompt_tokens: int
    completion_tokens: int
    embedding_tokens: int
    cost_usd: float | None


class TurnOut(BaseModel):
    """Where a turn is, and what it added."""

    id: str
    status: Status
    attempts: int
    error: str | None
    events: list[EventOut]
    accepted_at: datetime
    settled_at: datetime | None
    gated: bool
    usage: UsageOut


class IncidentOut(BaseModel):
    """What went wrong with a turn once, or `times` times in the same way between `at` and `last_at`.

    `turns`: how many the batch had in which it did.
    """

    what: What
    at: datetime
    last_at: datetime
    times: int
    turns: int | None
    error: str | None
    attempt: int


class CountsOut(BaseModel):
    """How often it went wrong, all told."""

    failed: int
    postponed: int
    worker_lost: int
    replayed: int


class TurnTold(TurnOut):
    """The same with whose it is, what was said, as long as it is kept, and the last 20 lines of what went wrong."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    messages: list[MessageIn] | None
    history: list[IncidentOut]
    counts: CountsOut

    @classmethod
    def of(cls, turn: TurnStatus, text: Turn | None) -> Self:
        """Make the JSON object of a turn.

        Args:
            turn: its status.
            text: its messages; None where they are no longer kept.
        """
        fields = {**dict(turn), "messages": text.messages if text else None}
        return cls.model_validate(fields, from_attributes=True)


class TurnPage(PageOut[TurnOut]):
    """One page of turns."""


class TurnToldPage(PageOut[TurnTold]):
    """One page of turns that a person is to judge."""


class ChatIn(Named):
    """A user's message to the chatbot, and whose memories are meant: the user's, or those beside the other ids, too."""

    user_id: Id
    message: Text
    stream: StrictBool | None = Field(None, description="Whether the reply comes as events.")


class ChatOut(BaseModel):
    """The reply, and the memories that were put into the prompt."""

    reply: str
    memories_used: list[str]


class Problem(BaseModel):
    """Every refusal: one sentence, and a code for programs."""

    model_config = ConfigDict(extra="forbid")

    detail: Annotated[str, Field(min_length=1)]
    error: Annotated[str, Field(min_length=1)]
