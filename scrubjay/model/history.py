"""What went wrong with a turn until now, and which dead letters are meant when somebody judges them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from scrubjay.model.value import Value


class What(StrEnum):
    """What happened to a turn instead of being settled."""

    FAILED = "failed"
    POSTPONED = "postponed"
    WORKER_LOST = "worker_lost"
    REPLAYED = "replayed"


class Incident(Value):
    """One line of a turn's history.

    Args:
        what: a permanent error of the batch it was in, a transient one, the loss of its worker, or a replay.
        at: when it happened, for the first time.
        last_at: and for the last time: postponements of the same error are one line.
        times: how often.
        turns: how many turns the batch had; None for a replay.
        error: what was said, cut to its start; None where nobody could say anything.
        attempt: the number of the attempt that it happened in; a postponed one is given back.
    """

    what: What
    at: datetime
    last_at: datetime
    times: int
    turns: int | None = None
    error: str | None = None
    attempt: int


class Counts(Value):
    """How often each of it happened to a turn, all told: these are never cut, as the history is."""

    failed: int = 0
    postponed: int = 0
    worker_lost: int = 0
    replayed: int = 0


class DeadFilter(Value):
    """Which dead letters are meant: those for which all of this holds, so all of them where nothing is said.

    Args:
        ids: of the turns.
        error: what it died of: the error's code or its whole text.
        user_id: as the turn names them, so are the other three.
        agent_id: see there.
        run_id: see there.
        app_id: see there.
        accepted_after: later than this,
        accepted_before: and earlier than this.
    """

    ids: tuple[str, ...] | None = None
    error: str | None = None
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    accepted_after: datetime | None = None
    accepted_before: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether every dead letter is meant."""
        return self == DeadFilter()
