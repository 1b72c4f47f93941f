"""The ports to the accepted turns: taking them in, and working on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from scrubjay.model import (
    Batch,
    CallOutcomes,
    Confirmation,
    Epoch,
    Lane,
    Lease,
    Plan,
    Scope,
    Submission,
    Telling,
    Turn,
    Value,
)
from scrubjay.model.erasure import Erased, Left, Removal
from scrubjay.ports.health import Pingable


class Accepted(Value):
    """The answer to a submission: its id, and whether this very submission had been accepted before."""

    id: str
    repeated: bool = False


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


class Inbox(Pingable, Protocol):
    """Where turns are accepted: the truth of the write path. Every call is one atomic step. Raises InboxUnavailable."""

    async def accept(self, submission: Submission, *, idempotency_key: str | None = None) -> Accepted:
        """Take a turn in: idempotency, limits, append, status, wake-up. Raises InboxFull, IdempotencyConflict."""

    async def sweep(self) -> int:
        """Make lanes ready that are due and unheld, wake workers for them, trim what is past retention, audit.

        One of these that fails holds up none of the others. Returns how many wake-up messages were sent.
        """

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

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """Some removals that are due, each with its name; no other process gets them until they must have ended."""

    async def put_back(self, name: str) -> float:
        """A removal could not be repeated: it is due again after a pause that grows; returns the pause in seconds."""

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> Revived:
        """Replay dead turns in this order, as far as the limits of what waits allow, or discard them, a step each."""

    async def discard(self, tenant: str, turn_id: str) -> None:
        """Give up a turn that waits, or is dead: its text is removed, and its lane goes on without it.

        Raises NotFound, TurnFinished, or LaneBusy while what came of it is being written.
        """


class Lanes(Protocol):
    """The accepted turns, lane by lane, for whoever works on them. Every call is one atomic step.

    Raises InboxUnavailable; calls that take a lease raise LeaseLost when it is no longer valid.
    """

    def lease(self, lane: Lane) -> AbstractAsyncContextManager[Lease | None]:
        """Hold the lane, renewed by a heartbeat until left; None when somebody else holds it."""

    def claim(self, left_out: Collection[str] = ()) -> AbstractAsyncContextManager[Lease | None]:
        """Hold the lane whose turn it is, as `lease` does; None when no lane is ready.

        The tenants take turns, batch by batch; a tenant's lanes come in the order in which they became due.

        Args:
            left_out: tenants whose lanes are not taken.
        """

    def edit(self, lane: Lane, wait_seconds: float = 5) -> AbstractAsyncContextManager[Lease]:
        """Hold the lane to change a memory by hand. Raises LaneBusy when workers keep it for so long."""

    async def take(self, lease: Lease, max_turns: int, max_chars: int) -> Batch | None:
        """The next turns in order, counted as attempted; None when the lane is empty and now asleep."""

    async def record(self, lease: Lease, plan: Plan) -> None:
        """Keep the plan with its batch, before anything is applied."""

    async def confirm(self, lease: Lease, turns: Sequence[Turn]) -> Confirmation:
        """The last look before applying: raises LeaseLost, or tells which turns were erased meanwhile."""

    async def epochs(self, scope: Scope) -> list[tuple[Scope, Epoch]]:
        """The erases that cover a scope, each with its epoch."""

    async def erased(self, turns: Sequence[Turn]) -> frozenset[str]:
        """Which of these turns an erase has covered since they were accepted."""

    async def settle(self, lease: Lease, plan: Plan, erased: frozenset[str] = frozenset()) -> None:
        """The batch is applied: statuses, events, ledger; it leaves the lane."""

    async def note(self, lease: Lease, telling: Telling) -> Sequence[str]:
        """Note a change by hand for the webhooks that want it, before it is made; returns the deliveries' ids.

        They are due when they are handed to `tell`, or when whoever makes the change must have ended.
        """

    async def tell(self, tenant: str, noted: Sequence[str]) -> None:
        """What was noted has been done: let it be delivered."""

    async def outcomes(self, lease: Lease, record: str, *, dies: bool = False) -> CallOutcomes:
        """What became of others' calls in the step in which the held batch has failed.

        Args:
            lease: of its lane.
            record: as the error names it.
            dies: note as well that the held turn dies though there were few others to compare it with.
        """

    async def postpone(
        self, lease: Lease, error: str, retry_after_seconds: float | None, *, counted: bool = False
    ) -> float:
        """A transient failure: no attempt is spent, the lane sleeps for the returned seconds.

        Args:
            lease: of the lane.
            error: what went wrong.
            retry_after_seconds: how long the other side asked to wait, if it did.
            counted: it counts against the held turns: an attempt is spent, and those of a batch are tried one by one
                from now on.
        """

    async def fail(self, lease: Lease, error: str) -> None:
        """A permanent failure of the batch: it is bisected; a turn that stands alone goes to the dead letters."""

    async def hand_back(self, lease: Lease) -> None:
        """Give the lane up, if it is still ours, and wake workers for lanes that are ready."""


class WakeupMessages(Protocol):
    """Wakes workers. The message is put down in the same atomic step as the turn."""

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""

    def message(self) -> bytes:
        """The message that wakes a worker for whatever lane's turn it is, as the workers' broker reads it."""

    def hook_message(self, hook: str) -> bytes:
        """The message that wakes a worker for one webhook's deliveries. It names the tenant and the webhook."""
