"""The ports of accepting turns, of waking workers for them, and of the sweep that misses no lane."""

from __future__ import annotations

from typing import Protocol

from scrubjay.model import Submission, Value
from scrubjay.ports.health import Pingable


class Accepted(Value):
    """The answer to a submission: its id, and whether this very submission had been accepted before."""

    id: str
    repeated: bool = False


class TurnIntake(Pingable, Protocol):
    """Where turns are accepted: the truth of the write path. Raises InboxUnavailable."""

    async def accept(self, submission: Submission, *, idempotency_key: str | None = None) -> Accepted:
        """Take a turn in: idempotency, limits, append, status, wake-up. Raises InboxFull, IdempotencyConflict."""


class Sweeper(Protocol):
    """Makes up for what nobody woke workers for, and for what is past its time. Raises InboxUnavailable."""

    async def sweep(self) -> int:
        """Make lanes ready that are due and unheld, wake workers for them, trim what is past retention, audit.

        One of these that fails holds up none of the others. Returns how many wake-up messages were sent.
        """


class WakeupMessages(Protocol):
    """Wakes workers. The message is put down in the same atomic step as the turn."""

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""

    def message(self) -> bytes:
        """The message that wakes a worker for whatever lane's turn it is, as the workers' broker reads it."""

    def hook_message(self, hook: str) -> bytes:
        """The message that wakes a worker for one webhook's deliveries. It names the tenant and the webhook."""
