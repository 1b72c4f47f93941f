"""Whose memory it is: a table, written from docs/decisions/scope-of-a-memory.md alone.

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

SAID_TWICE = (
    # The same statement in two scopes.
    Case("What is said in two runs is found in both, and once by the user",
         (Say(TEA, R1), Say(TEA, R2), Told(1, ADD, TEA), Told(2, ADD, TEA), sees(R1, TEA), sees(R2, TEA),
          sees(ANA, TEA)), batched=True),
    Case("Forgetting the first run leaves what the second one said",
         (Say(TEA, R1), Say(TEA, R2), Forget(R1, 1), sees(R1), sees(R2, TEA), sees(ANA, TEA)), batched=True),
    Case("Forgetting the second run leaves what the first one said",
         (Say(TEA, R1), Say(TEA, R2), Forget(R2, 1), sees(R2), sees(R1, TEA), sees(ANA, TEA)), batched=True),
    Case("A run that is forgotten by its id alone takes only what was said in it",
         (Say(TEA, R1), Say(TEA, R2), Forget(RUN_1, 1), sees(R1), sees(RUN_1), sees(R2, TEA), sees(ANA, TEA))),
    Case("What expires in the second run goes on in the first",
         (Say(TEA, R1), Say(TEA, R2, hours=1), Wait(2), sees(R2), sees(R1, TEA), sees(ANA, TEA)), batched=True),
    Case("What expires in the first run goes on in the second",
         (Say(TEA, R1, hours=1), Say(TEA, R2), Wait(2), sees(R1), sees(R2, TEA), sees(ANA, TEA)), batched=True),
    Case("Deleting the later of two by its id leaves the earlier",
         (Say(TEA, R1), Say(TEA, R2), Delete(TEA, R2), sees(R2), sees(R1, TEA), sees(ANA, TEA))),
    Case("Deleting the earlier of two by its id, hidden as it is from the user, leaves the later",
         (Say(TEA, R1), Say(TEA, R2), Delete(TEA, R1), sees(R1), sees(R2, TEA), sees(ANA, TEA))),
    Case("Each run keeps its own metadata, and the user finds by the later one's",
         (Say(TEA, R1, metadata={"topic": "a"}), Say(TEA, R2, metadata={"topic": "b"}),
          Metadata(TEA, R1, {"topic": "a"}), Metadata(TEA, R2, {"topic": "b"}),
          sees(R1, TEA, filters={"metadata": {"topic": "a"}}), sees(R2, TEA, filters={"metadata": {"topic": "b"}}),
          sees(ANA, TEA, filters={"metadata": {"topic": "b"}}), sees(ANA, filters={"metadata": {"topic": "a"}})),
         batched=True),
    Case("What is said to two agents is known to both, and once to the user",
         (Say(TEA, A), Say(TEA, B), Told(2, ADD, TEA), sees(A, TEA), sees(B, TEA), sees(C), sees(ANA, TEA)),
         batched=True),
    Case("What is said in two apps is known in both, and once to the user",
         (Say(TEA, X), Say(TEA, Y), sees(X, TEA), sees(Y, TEA), sees(APP_X, TEA), sees(ANA, TEA), Forget(APP_X, 1),
          sees(Y, TEA), sees(ANA, TEA)), batched=True),
    Case("What the user said to nobody in particular is told anew to an agent",
         (Say(TEA, ANA), sees(A), Say(TEA, A), Told(2, ADD, TEA), sees(A, TEA), sees(ANA, TEA), Forget(A, 1), sees(A),
          sees(ANA, TEA))),
    Case("What an agent was told stays its own when the user says it to nobody in particular",
         (Say(TEA, A), Say(TEA, ANA), Told(2, ADD, TEA), sees(A, TEA), sees(ANA, TEA), Delete(TEA, ANA), sees(A, TEA),
          sees(ANA, TEA)), batched=True),
    Case("What an agent learns by itself and what a user tells it stand side by side for the agent",
         (Say(TEA, AGENT_A), Say(TEA, A), sees(A, TEA), sees(ANA, TEA), sees(AGENT_A, TEA, TEA), Forget(ANA, 1),
          sees(AGENT_A, TEA))),
    Case("What is said in a run without a user is no part of a user's lane",
         (Say(BERLIN, RUN_1), Say(LISBON, R1, replaces(BERLIN)), sees(ANA, LISBON), sees(R1, LISBON),
          sees(RUN_1, BERLIN, LISBON), Forget(ANA, 1), sees(RUN_1, BERLIN))),
    Case("What is said to one agent in two runs is found in each, and once by the agent",
         (Say(TEA, A_R1), Say(TEA, A_R2), sees(A_R1, TEA), sees(A_R2, TEA), sees(A, TEA), sees(AGENT_A, TEA),
          sees(ANA, TEA), Forget(A_R2, 1), sees(A_R2), sees(R2), sees(A, TEA), sees(ANA, TEA)), batched=True),
    Case("What has expired is said anew in its own scope",
         (Say(TEA, R1, hours=1), Wait(2), sees(R1), Say(TEA, R1), Told(2, ADD, TEA), sees(R1, TEA), sees(ANA, TEA))),
    Case("What was forgotten in a run is said anew in it",
         (Say(TEA, R1), Say(TEA, R2), Forget(R1, 1), Say(TEA, R1), sees(R1, TEA), sees(R2, TEA), sees(ANA, TEA))),
    Case("What was deleted by its id is said anew in its run",
         (Say(TEA, R1), Say(TEA, R2), Delete(TEA, R1), Say(TEA, R1), Told(3, ADD, TEA), sees(R1, TEA), sees(R2, TEA),
          sees(ANA, TEA))),
    Case("What is said in nearly the same words in another run is found there in its own words",
         (Say("Lives in the very centre of old Berlin", R1), Say("Lives in the centre of old Berlin", R2),
          sees(R1, "Lives in the very centre of old Berlin"), sees(R2, "Lives in the centre of old Berlin"),
          sees(ANA, "Lives in the centre of old Berlin")), batched=True),
    Case("What is said in other words in another run is found there in its own words",
         (Say(BERLIN, R1), Say("Berlin is home", R2, repeats(BERLIN)), Told(2, ADD, "Berlin is home"), sees(R1, BERLIN),
          sees(R2, "Berlin is home"), sees(ANA, "Berlin is home")), batched=True),
)  # fmt: skip

SEVERAL_IDS = (
    Case("What is said with four ids is found by each of them and by all together",
         (Say(TEA, A_R1_X), *(sees(view, TEA) for view in A_R1_X.covering), sees(A_R1_Y), sees(A_R2), sees(Y))),
    Case("What is said with four ids takes its place in every view that it is in",
         (Say(BERLIN, A_R1), Say(LISBON, A_R1_X, replaces(BERLIN)), sees(A_R1, LISBON), sees(A, LISBON),
          sees(R1, LISBON), sees(A_R1_X, LISBON), sees(ANA, LISBON), Forget(X, 1), sees(A_R1, BERLIN), sees(A, BERLIN),
          sees(A_R1_X), sees(ANA, BERLIN)), batched=True),
    Case("What is said with three ids hides nothing from who asks with a fourth",
         (Say(BERLIN, A_R1_X), Say(LISBON, A_R1, replaces(BERLIN)), sees(A_R1_X, BERLIN), sees(X, BERLIN),
          sees(A_R1, LISBON), sees(A, LISBON), sees(ANA, LISBON)), batched=True),
    Case("Two apps in one run keep apart what was said to one agent",
         (Say(BERLIN, A_R1_X), Say(LISBON, A_R1_Y, replaces(BERLIN)), sees(A_R1_X, BERLIN), sees(A_R1_Y, LISBON),
          sees(A_R1, LISBON), sees(X, BERLIN), sees(Y, LISBON)), batched=True),
    Case("Views that cross each see what was said last in them",
         (Say(BERLIN, A_R1), Say(LISBON, B_R1, replaces(BERLIN)), Say(PORTO, A_R2, replaces(LISBON)),
          sees(A_R1, BERLIN), sees(A, PORTO), sees(B, LISBON), sees(R1, LISBON), sees(R2, PORTO), sees(ANA, PORTO),
          sees(AGENT_A, PORTO), sees(RUN_1, LISBON)), batched=True),
    Case("Forgetting one of several crossing scopes shows in each view what is left in it",
         (Say(BERLIN, A_R1), Say(LISBON, B_R1, replaces(BERLIN)), Say(PORTO, A_R2, replaces(LISBON)), Forget(B, 1),
          sees(R1, BERLIN), sees(A, PORTO), Forget(R2, 1), sees(A, BERLIN), sees(ANA, BERLIN)), batched=True),
)  # fmt: skip

CHANGED_ELSEWHERE = (
    Case("An update said to another agent leaves the first one what it knew",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Told(2, ADD, LISBON), sees(A, BERLIN), sees(B, LISBON),
          sees(ANA, LISBON), History(LISBON, B, (LISBON,)), History(BERLIN, A, (BERLIN,)), Provenance(LISBON, B, (2,))),
         batched=True),
    Case("The user who tells an agent of a change knows it as well",
         (Say(BERLIN, ANA), Say(LISBON, A, replaces(BERLIN)), sees(ANA, LISBON), sees(A, LISBON), Forget(A, 1),
          sees(ANA, BERLIN), sees(A)), batched=True),
    Case("A change that the user tells nobody in particular does not reach what an agent knows",
         (Say(BERLIN, A), Say(LISBON, ANA, replaces(BERLIN)), sees(ANA, LISBON), sees(A, BERLIN)), batched=True),
    Case("Forgetting the agent that was told of a change brings back what another one knows",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Forget(B, 1), sees(A, BERLIN), sees(B), sees(ANA, BERLIN)),
         batched=True),
    Case("Forgetting the agent that knew it first leaves the change, and no word of what it changed",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Forget(A, 1), sees(A), sees(B, LISBON), sees(ANA, LISBON),
          Told(2, ADD, LISBON), History(LISBON, B, (LISBON,))), batched=True),
    Case("What is said once more to the first agent is last again for the user",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(BERLIN, A),
          Told(3, NONE, BERLIN, renewed=True, same_as=1), sees(A, BERLIN), sees(B, LISBON), sees(ANA, BERLIN),
          Provenance(BERLIN, A, (1, 3))), batched=True),
    Case("A third statement to the first agent replaces its own and is last for the user",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(PORTO, A, replaces(BERLIN)),
          Told(3, UPDATE, PORTO, previous=BERLIN, same_as=1), sees(A, PORTO), sees(B, LISBON), sees(ANA, PORTO),
          History(PORTO, A, (BERLIN, PORTO))), batched=True),
    Case("Deleting what hides another memory shows it again",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Delete(LISBON, B), sees(ANA, BERLIN), sees(A, BERLIN),
          sees(B))),
    Case("What hides another memory shows it again when it expires",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN), hours=1), sees(ANA, LISBON), Wait(2), sees(ANA, BERLIN),
          sees(A, BERLIN), sees(B)), batched=True),
    Case("An expiry that is set by hand shows again what was hidden",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Edit(LISBON, B, hours=1), sees(ANA, LISBON), Wait(2),
          sees(ANA, BERLIN), sees(B))),
    Case("A hidden memory that is changed by hand in its text is last for the user, and stays so when that is undone",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Edit(BERLIN, A, to=PORTO), sees(ANA, PORTO), sees(A, PORTO),
          sees(B, LISBON), Undo(PORTO, A), sees(ANA, BERLIN), sees(A, BERLIN), sees(B, LISBON),
          History(BERLIN, A, (BERLIN, PORTO, BERLIN)))),
    Case("A hidden memory whose metadata alone is changed by hand stays hidden, also when that is undone",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Edit(BERLIN, A, metadata={"n": 1}), sees(ANA, LISBON),
          sees(A, BERLIN, filters={"metadata": {"n": 1}}), Undo(BERLIN, A), sees(ANA, LISBON), sees(A, BERLIN),
          Metadata(BERLIN, A, {}))),
    Case("A hidden memory whose expiry alone is changed by hand stays hidden",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Edit(BERLIN, A, hours=5), sees(ANA, LISBON),
          sees(A, BERLIN))),
    Case("Undoing a change in one scope leaves the other scope as it is",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(PORTO, B, replaces(LISBON)), sees(ANA, PORTO),
          Undo(PORTO, B), sees(B, LISBON), sees(ANA, LISBON), sees(A, BERLIN))),
    Case("Of three scopes the one that spoke last is heard, then the one before",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(PORTO, C, replaces(LISBON)), sees(ANA, PORTO),
          Forget(C, 1), sees(ANA, LISBON), Forget(B, 1), sees(ANA, BERLIN), sees(A, BERLIN)), batched=True),
    Case("Forgetting the second of three scopes changes nothing for the others",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(PORTO, C, replaces(LISBON)), Forget(B, 1),
          sees(ANA, PORTO), sees(A, BERLIN), sees(C, PORTO), Forget(C, 1), sees(ANA, BERLIN)), batched=True),
    Case("An agent that takes over another one's words has them for itself",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(BERLIN, B), sees(B, BERLIN), sees(ANA, BERLIN),
          sees(A, BERLIN), Forget(A, 1), sees(B, BERLIN), sees(ANA, BERLIN)), batched=True),
)  # fmt: skip

MERGED = (
    Case("What adds to another scope's memory stands beside it in its own words",
         (Say(DOG, A), Say(CAT, B, adds_to(DOG, BOTH)), Told(2, ADD, CAT), sees(A, DOG), sees(B, CAT),
          sees(ANA, DOG, CAT)), batched=True),
    Case("What adds to another scope's memory carries no word of it when that is forgotten",
         (Say(DOG, A), Say(CAT, B, adds_to(DOG, BOTH)), Forget(A, 1), sees(A), sees(B, CAT), sees(ANA, CAT),
          Told(2, ADD, CAT), History(CAT, B, (CAT,))), batched=True),
    Case("Within one scope a statement is merged with what it adds to",
         (Say(DOG, A), Say(CAT, A, adds_to(DOG, BOTH)), Told(2, UPDATE, BOTH, previous=DOG, same_as=1), sees(A, BOTH),
          sees(ANA, BOTH), History(CAT, A, (DOG, BOTH))), batched=True),
    Case("Within one scope a statement is merged also where another scope tells of the same",
         (Say(DOG, A), Say(DOG, B), Say(CAT, B, adds_to(DOG, BOTH)), Told(3, UPDATE, BOTH, previous=DOG, same_as=2),
          sees(A, DOG), sees(B, BOTH), sees(ANA, BOTH), Forget(B, 1), sees(ANA, DOG)), batched=True),
    Case("Within one scope a change replaces also where another scope tells of the same",
         (Say(BERLIN, A), Say(BERLIN, B), Say(LISBON, A, replaces(BERLIN)),
          Told(3, UPDATE, LISBON, previous=BERLIN, same_as=1), sees(A, LISBON), sees(B, BERLIN), sees(ANA, LISBON)),
         batched=True),
)  # fmt: skip

RETRACTED = (
    Case("What is taken back before another agent is so for the user, and the first agent still knows it",
         (Say(BERLIN, A), Say(GONE, B, takes_back(BERLIN)), Told(2, ADD, GONE), sees(A, BERLIN), sees(B, GONE),
          sees(ANA, GONE), Forget(B, 1), sees(ANA, BERLIN), sees(A, BERLIN)), batched=True),
    Case("Deleting what takes another scope's memory back shows that again",
         (Say(BERLIN, A), Say(GONE, B, takes_back(BERLIN)), Delete(GONE, B), sees(ANA, BERLIN), sees(A, BERLIN),
          sees(B))),
    Case("What an agent is told to be gone hides from the user what another one was told before",
         (Say(BERLIN, B), Say(BERLIN, A), Say(GONE, A, takes_back(BERLIN)), Told(3, DELETE, BERLIN, same_as=2), sees(A),
          sees(B, BERLIN), sees(ANA)), batched=True),
    Case("A retraction counts as said when another scope spoke after the memory was made",
         (Say(BERLIN, A), Say(BERLIN, B), Say(GONE, A, takes_back(BERLIN)), Told(3, DELETE, BERLIN, same_as=1), sees(A),
          sees(B, BERLIN), sees(ANA)), batched=True),
    Case("What is said to another agent after a retraction stands",
         (Say(BERLIN, A), Say(GONE, A, takes_back(BERLIN)), Say(BERLIN, B), sees(A), sees(B, BERLIN),
          sees(ANA, BERLIN))),
    Case("What was retracted is said again in its own scope",
         (Say(BERLIN, B), Say(BERLIN, A), Say(GONE, A, takes_back(BERLIN)), Say(BERLIN, A), sees(A, BERLIN),
          sees(B, BERLIN), sees(ANA, BERLIN))),
    Case("What was retracted in one scope is shown to the user once another one has said it again",
         (Say(BERLIN, B), Say(BERLIN, A), Say(GONE, A, takes_back(BERLIN)), Say(BERLIN, B),
          Told(4, NONE, BERLIN, renewed=True, same_as=1), sees(A), sees(B, BERLIN), sees(ANA, BERLIN))),
    Case("Forgetting the scope of a retraction shows what another one was told",
         (Say(BERLIN, B), Say(BERLIN, A), Say(GONE, A, takes_back(BERLIN)), Forget(A), sees(A), sees(B, BERLIN),
          sees(ANA, BERLIN)), batched=True),
    Case("A retraction that the user tells nobody in particular does not reach what an agent knows",
         (Say(BERLIN, ANA), Say(BERLIN, A), Say(GONE, ANA, takes_back(BERLIN)), sees(ANA), sees(A, BERLIN)),
         batched=True),
    Case("A retraction that is undone holds again, and is last for the user",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(GONE, A, takes_back(BERLIN)), sees(ANA),
          Undo(BERLIN, A), sees(A, BERLIN), sees(B, LISBON), sees(ANA, BERLIN))),
    Case("What is said after another scope's retraction takes its place for the user",
         (Say(BERLIN, A), Say(GONE, B, takes_back(BERLIN)), Say(PORTO, C, replaces(GONE)), sees(ANA, PORTO),
          sees(A, BERLIN), sees(B, GONE), sees(C, PORTO)), batched=True),
)  # fmt: skip

RENEWED = (
    Case("Of two expiries in one scope the later one holds",
         (Say(TEA, R1, hours=1), Say(TEA, R1, hours=3), Wait(2), sees(R1, TEA), sees(ANA, TEA), Wait(2), sees(R1)),
         batched=True),
    Case("A shorter expiry does not shorten a longer one",
         (Say(TEA, R1, hours=3), Say(TEA, R1, hours=1), Wait(2), sees(R1, TEA), Wait(2), sees(R1)), batched=True),
    Case("What is said again without an expiry does not expire",
         (Say(TEA, R1, hours=1), Say(TEA, R1), Wait(2), sees(R1, TEA), sees(ANA, TEA)), batched=True),
    Case("What has no expiry is given none by being said again",
         (Say(TEA, R1), Say(TEA, R1, hours=1), Wait(2), sees(R1, TEA), sees(ANA, TEA)), batched=True),
    Case("Said again without an expiry in another run, it expires in the first one all the same",
         (Say(TEA, R1, hours=1), Say(TEA, R2), Say(TEA, R1, hours=2), Wait(3), sees(R1), sees(R2, TEA), sees(ANA, TEA)),
         batched=True),
    Case("Metadata of what is said again is joined, and the later value of a key holds",
         (Say(TEA, R1, metadata={"a": 1, "b": 1}), Say(TEA, R1, metadata={"b": 2, "c": 3}),
          Metadata(TEA, R1, {"a": 1, "b": 2, "c": 3}), sees(R1, TEA, filters={"metadata": {"a": 1}}),
          sees(ANA, TEA, filters={"metadata": {"b": 2}}), sees(ANA, filters={"metadata": {"b": 1}})), batched=True),
    Case("What is said three times is renewed, and tells of all three turns",
         (Say(TEA, R1), Say(TEA, R1), Say(TEA, R1), Told(1, ADD, TEA), Told(2, NONE, TEA, renewed=True, same_as=1),
          Told(3, NONE, TEA, renewed=True, same_as=1), Provenance(TEA, R1, (1, 2, 3)), History(TEA, R1, (TEA,)),
          sees(R1, TEA), sees(ANA, TEA)), batched=True),
    Case("Forgetting what was renewed leaves nothing",
         (Say(TEA, R1), Say(TEA, R1), Say(TEA, R1), Forget(R1, 1), sees(R1), sees(ANA)), batched=True),
    Case("A renewal concerns the memory of its own scope alone",
         (Say(TEA, R1, metadata={"n": 1}), Say(TEA, R2), Say(TEA, R1, metadata={"n": 3}), Told(2, ADD, TEA),
          Told(3, NONE, TEA, renewed=True, same_as=1), Provenance(TEA, R1, (1, 3)), Provenance(TEA, R2, (2,)),
          Metadata(TEA, R1, {"n": 3}), Metadata(TEA, R2, {}), sees(ANA, TEA, filters={"metadata": {"n": 3}})),
         batched=True),
    Case("What is said again in other words is renewed in its first words",
         (Say(BERLIN, R1), Say("Berlin is home", R1, repeats(BERLIN)), Told(2, NONE, BERLIN, renewed=True, same_as=1),
          Provenance(BERLIN, R1, (1, 2)), sees(R1, BERLIN), sees(ANA, BERLIN)), batched=True),
    Case("A changed memory that is said again tells of the turns that said its new words",
         (Say(BERLIN, A), Say(LISBON, A, replaces(BERLIN)), Say(LISBON, A),
          Told(3, NONE, LISBON, renewed=True, same_as=1), Provenance(LISBON, A, (2, 3)),
          History(LISBON, A, (BERLIN, LISBON)), sees(A, LISBON))),
)  # fmt: skip

LATE = (
    Case("A late turn of another scope stands behind what was said since",
         (Say(LISBON, A, day=5), Say(BERLIN, B, replaces(LISBON), day=1), Told(2, ADD, BERLIN), sees(A, LISBON),
          sees(B, BERLIN), sees(ANA, LISBON), sees(ANA, BERLIN, as_of=3), sees(ANA, LISBON, as_of=6), sees(A, as_of=3),
          sees(B, BERLIN, as_of=6)), batched=True),
    Case("A late turn of the same scope goes into the history",
         (Say(LISBON, A, day=5), Say(BERLIN, A, replaces(LISBON), day=1), sees(A, LISBON), sees(ANA, LISBON),
          sees(A, BERLIN, as_of=3), sees(ANA, BERLIN, as_of=3), History(LISBON, A, (BERLIN, LISBON))), batched=True),
    Case("A late turn between two scopes stands between them",
         (Say(BERLIN, A, day=1), Say(LISBON, B, replaces(BERLIN), day=9), Say(PORTO, A, replaces(BERLIN), day=5),
          sees(A, PORTO), sees(B, LISBON), sees(ANA, LISBON), sees(ANA, BERLIN, as_of=3), sees(ANA, PORTO, as_of=6),
          sees(ANA, LISBON, as_of=10), sees(A, PORTO, as_of=10)), batched=True),
    Case("What was said again stands before a late turn of its scope",
         (Say(BERLIN, A, day=1), Say(BERLIN, A, day=9), Say(PORTO, A, replaces(BERLIN), day=5), sees(A, BERLIN),
          sees(ANA, BERLIN), sees(A, BERLIN, as_of=3)), batched=True),
    Case("What was said again stands before a late turn of another scope",
         (Say(BERLIN, A, day=1), Say(BERLIN, A, day=9), Say(PORTO, B, replaces(BERLIN), day=5), sees(A, BERLIN),
          sees(B, PORTO), sees(ANA, BERLIN)), batched=True),
    Case("A late retraction of another scope takes nothing back that was said since",
         (Say(BERLIN, A, day=5), Say(GONE, B, takes_back(BERLIN), day=1), sees(A, BERLIN), sees(B, GONE),
          sees(ANA, BERLIN)), batched=True),
    Case("The same statement that arrives late from another scope stands behind the one of before",
         (Say(TEA, A, day=5, metadata={"n": 1}), Say(TEA, B, day=1, metadata={"n": 2}), sees(A, TEA), sees(B, TEA),
          sees(ANA, TEA, filters={"metadata": {"n": 1}}), sees(ANA, filters={"metadata": {"n": 2}}), Delete(TEA, A),
          sees(ANA, TEA, filters={"metadata": {"n": 2}}))),
    Case("What is said again late in its scope does not become the last for the user",
         (Say(BERLIN, A, day=1), Say(LISBON, B, replaces(BERLIN), day=9), Say(BERLIN, A, day=5), sees(A, BERLIN),
          sees(B, LISBON), sees(ANA, LISBON)), batched=True),
)  # fmt: skip

AS_OF = (
    Case("As of a day each view is as it was then",
         (Say(BERLIN, A, day=1), Say(LISBON, B, replaces(BERLIN), day=5), sees(ANA, as_of=0),
          sees(ANA, BERLIN, as_of=3), sees(ANA, LISBON, as_of=6), sees(A, BERLIN, as_of=3),
          sees(A, BERLIN, as_of=6), sees(B, as_of=3), sees(B, LISBON, as_of=6)), batched=True),
    Case("As of a day the same statement of two runs is found once by the user",
         (Say(TEA, R1, day=1), Say(TEA, R2, day=5), sees(ANA, TEA, as_of=3), sees(ANA, TEA, as_of=6),
          sees(R2, as_of=3), sees(R2, TEA, as_of=6), sees(R1, TEA, as_of=6)), batched=True),
    Case("As of a day a retraction before another agent hides nothing before it was said",
         (Say(BERLIN, A, day=1), Say(GONE, B, takes_back(BERLIN), day=5), sees(ANA, BERLIN, as_of=3),
          sees(ANA, GONE, as_of=6), sees(A, BERLIN, as_of=6)), batched=True),
    Case("As of a day a retraction in one scope hides for the user what another one knew",
         (Say(BERLIN, B, day=1), Say(BERLIN, A, day=2), Say(GONE, A, takes_back(BERLIN), day=5),
          sees(ANA, BERLIN, as_of=3), sees(ANA, as_of=6), sees(B, BERLIN, as_of=6), sees(A, as_of=6)), batched=True),
    Case("As of a day after what hid it was forgotten, a memory is seen as if that had never been said",
         (Say(BERLIN, A, day=1), Say(LISBON, B, replaces(BERLIN), day=5), Forget(B, 1), sees(ANA, BERLIN, as_of=3),
          sees(ANA, BERLIN, as_of=6), sees(ANA, BERLIN)), batched=True),
)  # fmt: skip

FILTERS = (
    Case("An id in a filter is as good as one in the request",
         (Say(BERLIN, R1), Say(LISBON, R2, replaces(BERLIN)),
          sees(ANYBODY, BERLIN, filters={"user_id": "ana", "run_id": "r1"}),
          sees(ANA, BERLIN, filters={"run_id": "r1"}), sees(ANA, LISBON, filters={"run_id": "r2"}),
          sees(ANYBODY, BERLIN, filters={"AND": [{"user_id": "ana"}, {"run_id": {"in": ["r1"]}}]}),
          sees(ANYBODY, LISBON, filters={"user_id": "ana"})), batched=True),
    Case("Who asks with two runs sees what was said last in either",
         (Say(BERLIN, R1), Say(LISBON, R2, replaces(BERLIN)), Say(PORTO, R3, replaces(LISBON)),
          sees(ANA, LISBON, filters={"run_id": {"in": ["r1", "r2"]}}),
          sees(ANA, PORTO, filters={"run_id": {"in": ["r1", "r3"]}}),
          sees(ANA, LISBON, filters={"OR": [{"run_id": "r1"}, {"run_id": "r2"}]})), batched=True),
    Case("What was said in no run hides nothing from who asks with two runs",
         (Say(BERLIN, R1), Say(LISBON, ANA, replaces(BERLIN)), sees(ANA, LISBON),
          sees(ANA, BERLIN, filters={"run_id": {"in": ["r1", "r2"]}}),
          sees(ANYBODY, BERLIN, filters={"AND": [{"user_id": "ana"}, {"OR": [{"run_id": "r1"}, {"run_id": "r2"}]}]}))),
    Case("Who asks with any run finds the same statement of two runs once",
         (Say(TEA, R1), Say(TEA, R2), sees(ANYBODY, TEA, filters={"user_id": "ana", "run_id": "*"})), batched=True),
    Case("A filter on metadata chooses among what its run shows",
         (Say(TEA, R1, metadata={"n": 1}), Say(TEA, R2, metadata={"n": 2}),
          sees(ANYBODY, TEA, filters={"AND": [{"user_id": "ana"}, {"run_id": "r1"}, {"metadata": {"n": 1}}]}),
          sees(ANYBODY, filters={"AND": [{"user_id": "ana"}, {"run_id": "r1"}, {"metadata": {"n": 2}}]})),
         batched=True),
    Case("Who asks for two users sees each one's own",
         (Say(TEA, ANA), Say(TEA, BOB), sees(ANYBODY, TEA, TEA, filters={"user_id": {"in": ["ana", "bob"]}}),
          sees(ANA, TEA), sees(BOB, TEA))),
)  # fmt: skip

THE_REST = (
    Case("Word for word the same in two runs is two memories",
         (Say(TEA, R1, infer=False), Say(TEA, R2, infer=False), sees(R1, TEA), sees(R2, TEA), sees(ANA, TEA, TEA)),
         batched=True),
    Case("Word for word the same in one run is two memories",
         (Say(TEA, R1, infer=False), Say(TEA, R1, infer=False), sees(R1, TEA, TEA), sees(ANA, TEA, TEA)), batched=True),
    Case("What is said after it was kept word for word in another run joins its topic",
         (Say(TEA, R1, infer=False), Say(TEA, R2), Told(2, ADD, TEA), sees(R1, TEA), sees(R2, TEA), sees(ANA, TEA)),
         batched=True),
    Case("What is kept word for word after it was said stands beside it",
         (Say(TEA, R1), Say(TEA, R2, infer=False), sees(R1, TEA), sees(R2, TEA), sees(ANA, TEA, TEA)), batched=True),
    Case("What two users say to one agent stands twice for the agent",
         (Say(TEA, A), Say(TEA, BOB_A), sees(AGENT_A, TEA, TEA), sees(A, TEA), sees(BOB_A, TEA), sees(ANA, TEA),
          sees(BOB, TEA))),
    Case("Forgetting an agent everywhere shows every user what was said before to others",
         (Say(BERLIN, ANA), Say(LISBON, A, replaces(BERLIN)), Say(BERLIN, BOB), Say(LISBON, BOB_A, replaces(BERLIN)),
          Say(TEA, AGENT_A), Forget(AGENT_A, 3), sees(AGENT_A), sees(ANA, BERLIN), sees(BOB, BERLIN))),
    Case("Forgetting a user takes everything of all scopes and nothing of others",
         (Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), Say(LISBON, R1), Say(TEA, BOB_A), Forget(ANA, 3), sees(ANA),
          sees(A), sees(B), sees(R1), sees(BOB, TEA), sees(AGENT_A, TEA)), batched=True),
    Case("Turns of four scopes say the same, and each finds it",
         (Say(TEA, R1), Say(TEA, R2), Say(TEA, A), Say(TEA, ANA), sees(R1, TEA), sees(R2, TEA), sees(A, TEA),
          sees(ANA, TEA), Forget(R1, 1), Forget(A, 1), sees(R2, TEA), sees(ANA, TEA), Delete(TEA, ANA), sees(ANA, TEA)),
         batched=True),
    Case("A client of Mem0 finds and deletes with the ids that it adds with",
         (Say(TEA, R1), sees(R1, TEA), Delete(TEA, R1), sees(R1), sees(ANA), Say(TEA, R2), Told(2, ADD, TEA),
          sees(R2, TEA), sees(R1), Say(TEA, R1), Told(3, ADD, TEA), sees(R1, TEA), Edit(TEA, R1, to="Likes green tea"),
          sees(R1, "Likes green tea"), sees(R2, TEA))),
    Case("What has nothing to do with it stays in every view",
         (Say(TEA, A), Say(BERLIN, A), Say(LISBON, B, replaces(BERLIN)), sees(A, TEA, BERLIN), sees(B, LISBON),
          sees(ANA, TEA, LISBON)), batched=True),
)  # fmt: skip

CASES = (
    *SAID_TWICE, *SEVERAL_IDS, *CHANGED_ELSEWHERE, *MERGED, *RETRACTED, *RENEWED, *LATE, *AS_OF, *FILTERS, *THE_REST,
)  # fmt: skip
