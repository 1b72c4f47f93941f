"""The ports of forgetting: an owner's turns are erased, and removals are noted to be repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from scrubjay.model import Epoch, Lane, Lease, Scope
from scrubjay.model.erasure import Erased, Left, Removal


class HeldLanes(Protocol):
    """Lanes that an erase holds, so that nobody works in them, until it is done. Raises InboxUnavailable."""

    @property
    def leases(self) -> Sequence[Lease]:
        """Those that are held, in the order in which they were taken."""

    async def take(self, lanes: Iterable[Lane]) -> None:
        """Take these too, by force: whoever works in one fails its next check.

        Raises LaneBusy when another erase has one of them for half a minute, and LeaseLost when it has one and we hold
        others already: it may be waiting for one of those.
        """

    async def check(self) -> None:
        """Raises LeaseLost unless every lane has been held since it was taken."""


class TurnErasure(Protocol):
    """Erases what waits, is planned or is to be told of an owner, in atomic steps. Raises InboxUnavailable."""

    def holding(self, hand_back: Callable[[Lease], Awaitable[None]]) -> AbstractAsyncContextManager[HeldLanes]:
        """Lanes held by force, none at first, renewed until left and then handed back by `hand_back`."""

    async def raise_epoch(self, scope: Scope) -> Epoch:
        """Raise an owner's epoch: turns before it in the order are erased. Notes the removal down to be repeated."""

    def erase(self, scope: Scope, lease: Lease, epoch: int) -> AsyncIterator[Erased]:
        """Remove the scope's turns in a lane that came before the epoch; yields what each step has removed.

        Args:
            scope: whose turns.
            lease: of the lane, as `holding` gave it.
            epoch: its place in the order, as `raise_epoch` gave it.

        Raises LeaseLost.
        """

    async def unplan(self, lease: Lease, scope: Scope, epoch: int) -> int:
        """Drop a lane's plan if it holds any of the scope's versions made up to the epoch, or what one may stand for.

        Returns how many plans were dropped: their batches are decided anew. Raises LeaseLost.
        """

    async def drop_notifications(self, scope: Scope, before: int) -> int:
        """Forget what is to be told of a scope whose lanes are all held, or was told: to webhooks, or as a digest.

        Args:
            scope: whose.
            before: only what came of turns and edits up to here in the order.

        Returns how much.
        """

    async def left(self, scope: Scope, lanes: Sequence[Lane], before: int, ids: Sequence[str] | None) -> Left:
        """What is there of a scope's turns up to a place in the order, erased ones aside.

        Args:
            scope: whose.
            lanes: where turns and plans are looked for.
            before: the place in the order.
            ids: of turns that are looked at as well; None: every turn of the tenant's.
        """


class RemovalNotes(Protocol):
    """Removals from the store that are to be repeated once nobody can still be writing. Raises InboxUnavailable."""

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """Some removals that are due, each with its name; no other process gets them until they must have ended."""

    async def put_back(self, name: str) -> float:
        """A removal could not be repeated: it is due again after a pause that grows; returns the pause in seconds."""

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""
