"""What users say while a worker dies, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.scene import Version
from tests.model_server.wire import Canned

BERLIN, LISBON, TEA, DOG, CELLO = (
    "I live in Berlin.", "I live in Lisbon now.", "I like green tea.", "My dog is called Rex.",
    "Cellos hang above my bed.",
)  # fmt: skip
MOVED = "User lives in Lisbon"


def as_said(*texts: str) -> list[Version]:
    """The versions of a memory that are word for word what was said."""
    return [(text, text) for text in texts]


def moves() -> Canned:
    """The model's answer when LISBON meets BERLIN, once."""
    decision = {"candidate": 0, "event": "UPDATE", "target": 0, "text": MOVED}
    return Canned(route="reconciliation", contains=LISBON, answer={"decisions": [decision]})


MOVE = [*as_said(BERLIN), (MOVED, LISBON)]


@dataclass(frozen=True)
class Story:
    """One user's.

    Args:
        name: what it is about.
        known: told and settled before.
        turns: those of the batch in whose midst the worker dies.
        before: the memories, each with its versions, as they are without the batch.
        after: and with it.
        events: what each turn of the batch did.
    """

    name: str
    known: tuple[str, ...]
    turns: tuple[str, ...]
    before: list[list[Version]]
    after: list[list[Version]]
    events: list[str]


ADD = Story("add", (), (TEA,), [], [as_said(TEA)], ["ADD"])
UPDATE = Story("update", (BERLIN,), (LISBON,), [as_said(BERLIN)], [MOVE], ["UPDATE"])
BATCH = Story(
    "batch", (BERLIN,), (DOG, LISBON, CELLO),
    [as_said(BERLIN)], [MOVE, as_said(DOG), as_said(CELLO)], ["ADD", "UPDATE", "ADD"],
)  # fmt: skip
