"""The port of working on the accepted turns, lane by lane."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from scrubjay.model import Batch, CallOutcomes, Confirmation, Epoch, Lane, Lease, Notification, Plan, Scope, Turn


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

    async def note(self, lease: Lease, notification: Notification) -> Sequence[str]:
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
