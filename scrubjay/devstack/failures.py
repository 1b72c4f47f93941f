"""What can keep the embedded stack from running."""

from __future__ import annotations

from memory.errors import TurnstoneError


class StackRefused(TurnstoneError):
    """Nothing was started: the port is taken, the data directory is in use, or a program is missing."""

    code = "stack_refused"


class PartFailed(TurnstoneError):
    """A part cannot start at all.

    Args:
        message: one sentence naming the part.
        log_tail: the last lines that the part wrote.
    """

    code = "part_failed"

    def __init__(self, message: str, log_tail: str) -> None:
        super().__init__(message)
        self.log_tail = log_tail
