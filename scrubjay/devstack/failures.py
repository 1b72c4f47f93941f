"""What can keep the embedded stack from running."""

from __future__ import annotations

from scrubjay.errors import ScrubjayError


class StackRefused(ScrubjayError):
    """Nothing was started: the port is taken, the data directory is in use, or a program is missing."""

    code = "stack_refused"


class PartFailed(ScrubjayError):
    """A part cannot start at all.

    Args:
        message: one sentence naming the part.
        log_tail: the last lines that the part wrote.
    """

    code = "part_failed"

    def __init__(self, message: str, log_tail: str) -> None:
        super().__init__(message)
        self.log_tail = log_tail
