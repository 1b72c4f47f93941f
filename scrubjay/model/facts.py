"""Facts: what was found in a batch of turns, and what is to become of it."""

from __future__ import annotations

from enum import StrEnum

from scrubjay.model.value import Value


class Event(StrEnum):
    """What a turn did to a memory."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    NONE = "NONE"


class Fact(Value):
    """A candidate memory: one self-contained sentence with the verbatim words that support it.

    `prompt_version` tells by which prompt it was found, None without one. A `verbatim` one is a whole message, to be
    kept as it is: it is weighed against nothing, and later ones against it.
    """

    turn_id: str
    text: str
    category: str
    quote: str
    prompt_version: str | None = None
    verbatim: bool = False


class Extraction(Value):
    """What was found in a batch of turns.

    Args:
        facts: in the order said.
        dropped: how many were left out as nobody had said their quote.
        gated: the turns that plainly hold nothing: no model was asked about them.
    """

    facts: tuple[Fact, ...] = ()
    dropped: int = 0
    gated: frozenset[str] = frozenset()


class Decision(Value):
    """What to do with one candidate: numbers are positions in the lists that the decision was made over."""

    candidate: int
    event: Event
    target: int | None = None
    text: str | None = None


class Reconciliation(Value):
    """The decisions on a batch's candidates, one each, in order."""

    decisions: tuple[Decision, ...]
