"""What the cases of scope_cases.py are written in: who says what where, what is done by hand, and what is then seen.

A case is a list of steps. A turn is `Say(text, scope)`; the turns of a case are counted from 1. `by` tells what the
model decides where the rules leave it open: that the text `replaces`, `adds_to`, `repeats` or `takes_back` another one.
`day` is the turn's own timestamp, in days after DAY_0; `hours` is the time until it expires, by the test's clock, which
`Wait` moves on. A case with `batched` is run twice: each turn worked on alone, and the turns of each stretch of `Say`
in one batch; both end in the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scrubjay.model import Event, Scope


@dataclass(frozen=True)
class Answer:
    """What the model decides on a candidate: the event, the text of its target, and the merged wording of an UPDATE."""

    event: Event
    of: str
    merged: str | None = None


def replaces(text: str) -> Answer:
    return Answer(Event.UPDATE, text)


def adds_to(text: str, merged: str) -> Answer:
    return Answer(Event.UPDATE, text, merged)


def repeats(text: str) -> Answer:
    return Answer(Event.NONE, text)


def takes_back(text: str) -> Answer:
    return Answer(Event.DELETE, text)


@dataclass(frozen=True)
class Say:
    """A turn with one statement."""

    text: str
    scope: Scope
    by: Answer | None = None
    day: int | None = None
    hours: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    infer: bool = True


@dataclass(frozen=True)
class Wait:
    """Time goes on."""

    hours: float


@dataclass(frozen=True)
class Forget:
    """Everything with these ids is forgotten; the receipt is verified and counts so many memories, where given."""

    scope: Scope
    memories: int | None = None


@dataclass(frozen=True)
class Delete:
    """The memory that says this in this scope is deleted by its id."""

    text: str
    scope: Scope


@dataclass(frozen=True)
class Edit:
    """The memory that says this in this scope is changed by its id; what is not given stays."""

    text: str
    scope: Scope
    to: str | None = None
    metadata: Mapping[str, Any] | None = None
    hours: float | None = None


@dataclass(frozen=True)
class Undo:
    """The last change of the memory that says this in this scope is undone."""

    text: str
    scope: Scope


@dataclass(frozen=True)
class Sees:
    """Exactly these texts are found, and listed and counted (without `as_of`), with these ids and these filters."""

    scope: Scope
    texts: tuple[str, ...]
    as_of: int | None = None
    filters: Mapping[str, Any] | None = None


def sees(scope: Scope, *texts: str, as_of: int | None = None, filters: Mapping[str, Any] | None = None) -> Sees:
    return Sees(scope, texts, as_of, filters)


@dataclass(frozen=True)
class Told:
    """The one event of a turn; `same_as` is a turn of before whose event has the same memory's id."""

    turn: int
    event: Event
    text: str
    renewed: bool = False
    previous: str | None = None
    same_as: int | None = None


@dataclass(frozen=True)
class History:
    """The texts of all versions of the memory that says this in this scope, oldest first."""

    text: str
    scope: Scope
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """The turns that said what the memory says, oldest first, as numbers."""

    text: str
    scope: Scope
    turns: tuple[int, ...]


@dataclass(frozen=True)
class Metadata:
    """What the memory's metadata is."""

    text: str
    scope: Scope
    metadata: Mapping[str, Any]


Step = Say | Wait | Forget | Delete | Edit | Undo | Sees | Told | History | Provenance | Metadata


class Case(NamedTuple):
    """One row."""

    name: str
    steps: tuple[Step, ...]
    batched: bool = False


def _of(**ids: str) -> Scope:
    return Scope(tenant="default", **ids)


ANYBODY = _of()  # for a request whose filters name the owner
ANA, BOB = _of(user_id="ana"), _of(user_id="bob")
A, B, C = (_of(user_id="ana", agent_id=name) for name in ("a", "b", "c"))
R1, R2, R3 = (_of(user_id="ana", run_id=name) for name in ("r1", "r2", "r3"))
X, Y = _of(user_id="ana", app_id="x"), _of(user_id="ana", app_id="y")
A_R1, A_R2 = (_of(user_id="ana", agent_id="a", run_id=name) for name in ("r1", "r2"))
B_R1 = _of(user_id="ana", agent_id="b", run_id="r1")
A_R1_X, A_R1_Y = (_of(user_id="ana", agent_id="a", run_id="r1", app_id=name) for name in ("x", "y"))
AGENT_A, RUN_1, APP_X = _of(agent_id="a"), _of(run_id="r1"), _of(app_id="x")  # without a user: lanes of their own
BOB_A = _of(user_id="bob", agent_id="a")

BERLIN, LISBON, PORTO = "Lives in Berlin", "Lives in Lisbon", "Lives in Porto"
GONE = "No longer lives in Berlin"
TEA = "Likes tea"
DOG, CAT, BOTH = "Has a dog named Rex", "Has a cat", "Has a cat and a dog named Rex"
ADD, UPDATE, DELETE, NONE = Event.ADD, Event.UPDATE, Event.DELETE, Event.NONE
