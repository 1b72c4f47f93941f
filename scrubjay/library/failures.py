"""What can keep a turn from being remembered while its caller waits."""

from __future__ import annotations

from scrubjay.errors import Permanent, Transient


class StillWaiting(Transient):
    """The turn is accepted and will be remembered, but is not yet: do not add it again.

    Args:
        message: one sentence.
        turn_id: the turn's.
    """

    code = "still_waiting"

    def __init__(self, message: str, turn_id: str) -> None:
        super().__init__(message)
        self.turn_id = turn_id


class TurnDied(Permanent):
    """The turn could not be remembered and is now a dead letter: it can be replayed after the cause is fixed.

    Args:
        message: one sentence.
        turn_id: the turn's.
    """

    code = "turn_died"

    def __init__(self, message: str, turn_id: str) -> None:
        super().__init__(message)
        self.turn_id = turn_id


class NotErased(Transient):
    """An erase was not complete: ask again."""

    code = "not_erased"
