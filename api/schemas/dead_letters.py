"""What is asked of dead letters and answered: which are meant, and what a dry run tells."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator
from pydantic.config import JsonDict, JsonValue

from scrubjay.api.schemas.common import IN_FULL, Body, Id, Moment, Name, Text
from scrubjay.ingest.replay_preview import TRIED_AT_MOST, Rehearsed
from scrubjay.model import DeadFilter, Event
from scrubjay.ports import Revived

MOST_IDS = 1_000
MOST_TRIED = 100

_Ids = Annotated[list[Name] | None, Field(min_length=1, max_length=MOST_IDS)]


class WhichIn(Body):
    """Which dead turns: those for which all of this holds. `error` is the error's code or its whole text."""

    ids: _Ids = None
    error: Text | None = None
    user_id: Id | None = None
    agent_id: Id | None = None
    run_id: Id | None = None
    app_id: Id | None = None
    accepted_after: Moment | None = None
    accepted_before: Moment | None = None

    @property
    def which(self) -> DeadFilter:
        """The same as a value of the house."""
        conditions = {field: getattr(self, field) for field in DeadFilter.model_fields}
        return DeadFilter(**{**conditions, "ids": tuple(self.ids) if self.ids else None})


class _WhichQuery(WhichIn):
    """The same as a query, beside the page that is asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Which = Annotated[_WhichQuery, Query()]


_NAMES = tuple(DeadFilter.model_fields)
_SET: list[JsonValue] = [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in _NAMES]
_SOME: JsonDict = {"properties": {"all": {"const": False}}, "anyOf": _SET}
_ALL: JsonDict = {"required": ["all"], "properties": {"all": {"const": True}}, "not": {"anyOf": _SET}}
_LIMITED: JsonDict = {
    "anyOf": [
        {"properties": {"limit": {"type": "null"}}},
        {"required": ["dry_run"], "properties": {"dry_run": {"const": True}}},
    ]
}


class DeadIn(WhichIn):
    """The same, to act on them; `all` where nothing else is named. A dry run changes nothing.

    A dry run of a replay tries the oldest `limit` turns out, each alone against what is stored now; it may ask the
    model, and is cut off after 25 seconds.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [_SOME, _ALL], "allOf": [_LIMITED]})

    all: StrictBool = False
    dry_run: StrictBool = False
    limit: Annotated[int, Strict(), Field(ge=1, le=MOST_TRIED), IN_FULL] | None = None

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        names = ", ".join(_NAMES)
        if self.which.is_open and not self.all:
            raise ValueError(f"say which dead turns: give one or more of {names}, or all: true")
        if self.all and not self.which.is_open:
            raise ValueError(f"give either all: true or some of {names}")
        if self.limit is not None and not self.dry_run:
            raise ValueError("limit is for a dry run: without it every dead turn that is meant is acted on")
        return self

    @property
    def tried_at_most(self) -> int:
        """How many a dry run tries out."""
        return self.limit or TRIED_AT_MOST


class DeadOut(BaseModel):
    """How many dead turns were discarded."""

    count: int


class ReplayedOut(DeadOut):
    """How many dead turns were replayed.

    `left` stay dead, as a limit of the turns that wait was met; `reason` says which. Ask again later for those.
    """

    left: int = 0
    reason: str | None = None

    @classmethod
    def of(cls, revived: Revived) -> Self:
        """The answer."""
        return cls.model_validate(revived, from_attributes=True)


class ChangeOut(BaseModel):
    """What a replay would do to one memory."""

    event: Event
    memory: str
    previous: str | None = None


class RehearsedOut(BaseModel):
    """What became of one dead turn when it was tried out; `error` if it would fail again.

    `into_history` are texts that would only enter the history of a memory, as what stands is newer.
    """

    id: str
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    accepted_at: datetime
    died_of: str | None
    events: list[ChangeOut]
    into_history: list[str]
    error: str | None

    @classmethod
    def of(cls, tried: Rehearsed) -> Self:
        """One result."""
        turn = tried.turn
        return cls(
            id=turn.id,
            user_id=turn.user_id,
            agent_id=turn.agent_id,
            run_id=turn.run_id,
            app_id=turn.app_id,
            accepted_at=turn.accepted_at,
            died_of=turn.error,
            events=[ChangeOut.model_validate(event, from_attributes=True) for event in tried.events],
            into_history=list(tried.into_history),
            error=tried.error,
        )


class RehearsalOut(BaseModel):
    """A dry run: `count` dead turns are meant, of which `untried` are not among the results."""

    count: int
    dry_run: Literal[True] = True
    untried: int
    results: list[RehearsedOut]
