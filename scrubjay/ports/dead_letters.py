"""The port of acting on turns by hand: replaying and discarding them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scrubjay.model import Value


class Revived(Value):
    """What came of dead turns that were to be replayed or discarded.

    Args:
        count: how many were.
        left: how many stay dead, as a limit of what waits was met; asked again, the replay goes on with them.
        reason: which limit, as half a sentence; None where none was met.
    """

    count: int
    left: int = 0
    reason: str | None = None


class DeadLetters(Protocol):
    """Replays and discards turns that a person decides on. Atomic for each turn. Raises InboxUnavailable."""

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> Revived:
        """Replay dead turns in this order, as far as the limits of what waits allow, or discard them, a step each."""

    async def discard(self, tenant: str, turn_id: str) -> None:
        """Give up a turn that waits, or is dead: its text is removed, and its lane goes on without it.

        Raises NotFound, TurnFinished, or LaneBusy while what came of it is being written.
        """
