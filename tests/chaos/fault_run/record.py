"""What was sent and what was answered: the side of the clients, which is all that they can hold the service to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Sent:
    """One turn as its client knows it.

    Args:
        lane, number: what it says.
        poisoned: the model never has an answer for it.
        key: its idempotency key.
        id: as the 202 told it; None as long as there was none.
        given_up: the client got no answer and did not ask again, so the turn may be there or not.
    """

    lane: int
    number: int
    poisoned: bool
    key: str
    id: str | None = None
    given_up: bool = False


@dataclass
class Leaver:
    """An owner who asks to be forgotten while turns of theirs are being worked on, and comes back.

    Args:
        user: their id.
        secret: the word that nobody may find afterwards.
        turns: the ids of the turns from before.
        back: the id of the turn that they posted afterwards.
    """

    user: str
    secret: str
    turns: list[str] = field(default_factory=list)
    back: str | None = None


@dataclass
class Editor:
    """An owner whose memory is changed by hand, again and again.

    Args:
        user: their id.
        memory: the id of the memory.
        texts: what was confirmed, in order.
        turns: the ids of their turns.
    """

    user: str
    memory: str = ""
    texts: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)


@dataclass
class Record:
    """Everything that the clients know.

    `answers` counts what was answered; `wrong` lists what may never happen: another id for the same key, a refusal
    without Retry-After, a status that is none of 202, 429 and 503. `false_promises` are the 202s given while Redis was
    full; `replayed` are the dead letters that were replayed; `probes` are the keys of turns that a strike posted.
    """

    sent: dict[int, list[Sent]] = field(default_factory=dict)
    leavers: list[Leaver] = field(default_factory=list)
    editors: list[Editor] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    replayed: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    false_promises: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Turns with a 202 that are still expected to be there in the end."""
        return sum(turn.id is not None for turns in self.sent.values() for turn in turns)

    @property
    def ids(self) -> set[str]:
        """The ids of those turns."""
        return {turn.id for turns in self.sent.values() for turn in turns if turn.id is not None}

    def next(self, lane: int, poisoned: bool) -> Sent:
        """The lane's next turn, to be sent."""
        turns = self.sent.setdefault(lane, [])
        turns.append(Sent(lane, len(turns) + 1, poisoned, f"fault-run-{lane}-{len(turns) + 1}"))
        return turns[-1]
