"""The ports to the accepted turns: taking them in, working on them, telling what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from scrubjay.model import (
    Batch,
    CallOutcomes,
    Confirmation,
    DeadFilter,
    Epoch,
    Lane,
    Lease,
    Page,
    Plan,
    Scope,
    Slice,
    Status,
    Submission,
    Telling,
    Turn,
    TurnStatus,
    Usage,
    Value,
)
from scrubjay.model.erasure import Erased, Left, Quoting, Removal
from scrubjay.model.ledger import InboxState, Ledger
from scrubjay.ports.pingable import Pingable


class Accepted(Value):
    """The answer to a submission: its id, and whether this very submission had been accepted before."""

    id: str
    repeated: bool = False


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
        """Take a turn in: idempotency, backlog limit, append, status, bell. Raises InboxFull, IdempotencyConflict."""

    async def sweep(self) -> int:
        """Ring for every lane that is due and unheld, trim what is past retention, audit; returns the bells rung."""

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

    async def hush(self, lanes: Sequence[Lane]) -> int:
        """Take the bells of these lanes back that no worker has heard yet; returns how many there were."""

    def quotes(self, lane: Lane) -> AsyncIterator[Quoting]:
        """What the lane's turns tell of memories, some turns at a time."""

    async def unquote(self, lease: Lease, turns: Sequence[str], texts: frozenset[tuple[str, str]]) -> None:
        """Take texts that are being erased out of what some of a lane's turns tell. Raises LeaseLost.

        Args:
            lease: of the lane, as `holding` gave it.
            turns: as `quotes` gave them.
            texts: what the memories say, each with the memory's id.
        """

    async def planned(self, lane: Lane) -> frozenset[tuple[str, str]]:
        """What the lane's plan quotes of memories as they were before it, each with the memory's id."""

    async def unplan(self, lease: Lease, scope: Scope, epoch: int, texts: frozenset[tuple[str, str]]) -> int:
        """Drop a lane's plan if it holds any of the scope's versions made up to the epoch, or quotes these texts.

        Returns how many plans were dropped: their batches are decided anew. Raises LeaseLost.
        """

    async def untell(self, scope: Scope, before: int) -> int:
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
        """The removals that are due to be repeated, each with its name for `finished`."""

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> int:
        """Replay dead turns in this order, or discard them, a step each; returns how many there were."""

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
        """The batch is applied: statuses, events, books; it leaves the lane."""

    async def note(self, lease: Lease, told: Telling) -> Sequence[str]:
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
        """Give the lane up, and ring for it if turns wait; nothing happens when it is no longer ours."""


class TurnLog(Protocol):
    """What became of the turns: the read side of the inbox."""

    async def get(self, reach: Scope, turn_id: str) -> TurnStatus | None:
        """One turn's status, if it is within reach: of the tenant, and of its one user where there is one."""

    async def status(self, reach: Scope, turn_id: str) -> Status | None:
        """A turn's status alone, which is cheap to ask for again and again; None as of `get`."""

    async def page(self, tenant: str, status: Status | None, user_id: str | None, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that match, newest first."""

    async def dead(self, tenant: str, which: DeadFilter) -> list[str]:
        """The ids of the dead turns that are meant, in the order of acceptance; no text is read."""

    async def dead_page(self, tenant: str, which: DeadFilter, page: Page) -> Slice[TurnStatus]:
        """A part of the dead turns that are meant, newest first."""

    async def pending(self, *scopes: Scope) -> int:
        """How many accepted turns of these owners together are not settled yet."""

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's books."""

    async def ledgers(self, tenants: Sequence[str]) -> Mapping[str, Ledger]:
        """The books of many tenants, each as it was at one moment."""

    async def gated(self, tenant: str, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that were settled without asking a model, newest first: for a person to look through."""

    async def usage(self, tenant: str) -> Mapping[str, Usage]:
        """What models have cost the tenant, by the model's name."""

    async def usages(self, tenants: Sequence[str]) -> Mapping[str, Mapping[str, Usage]]:
        """What models have cost many tenants, by tenant and by the model's name."""

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope."""

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose turns there are, erased ones aside: each combination of ids once."""

    async def text(self, reach: Scope, turn_id: str) -> Turn | None:
        """The turn itself, if it is within reach, as long as its text is kept."""


class OwnerLog(Protocol):
    """Everything that is kept of an owner's turns, for the owner to take along. Raises InboxUnavailable."""

    def of(self, scope: Scope) -> AsyncIterator[tuple[TurnStatus, Turn | None]]:
        """Every turn in scope by lane and acceptance, each with what was said as long as that is kept.

        Raises NewerFormat.
        """


class Watch(Protocol):
    """Looks at the inbox as a whole."""

    async def state(self) -> InboxState:
        """How it is. Raises InboxUnavailable."""


class Doorbell(Protocol):
    """Rings a worker for a lane. The message is put down in the same atomic step as the turn."""

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""

    def body(self, lane: Lane) -> str:
        """What every bell for one lane holds, and no bell for another."""

    def message(self, lane: Lane) -> bytes:
        """The bell for one lane, as the workers' broker reads it. Carries the lane, never text."""

    def hook_message(self, hook: str) -> bytes:
        """Protocol method: the message that wakes a worker for one webhook's deliveries.

        It is the same as `message`, for a webhook in the place of a lane: as the workers' broker reads it.
        """
