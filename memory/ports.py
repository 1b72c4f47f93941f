"""The ports: what the use cases need from the world, small enough to memorise. Every port has `ping()`.

`ping()` raises a Transient error that names the part when it is away. The adapters stand in `memory/adapters`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from memory.books import Ledger, Removal
from memory.model import (
    Batch,
    Confirmation,
    Extraction,
    Fact,
    Lane,
    Lease,
    Memory,
    Message,
    Page,
    Plan,
    Recalled,
    Reconciliation,
    Scope,
    Status,
    Submission,
    Turn,
    TurnStatus,
    Usage,
    Value,
    Vector,
    Write,
)


class Pingable(Protocol):
    """Anything that is opened can be pinged."""

    async def ping(self) -> None:
        """Return when the part answers; raise a Transient error naming it when it does not."""


class Question(Value):
    """One structured question to a language model.

    Args:
        name: the schema's name on the wire (`extraction` or `reconciliation`).
        system: the instructions.
        user: the material.
        schema: a JSON schema, strict: every property required, no others allowed.
    """

    name: str
    system: str
    user: str
    schema_: Mapping[str, Any]


class Answer(Value):
    """A model's answer: the text as it came (not yet parsed), and what it cost.

    `complete` is False when the model stopped for another reason than having finished.
    """

    text: str
    complete: bool = True
    usage: Usage = Usage(calls=1)


class LanguageModel(Pingable, Protocol):
    """A chat model behind the OpenAI wire. Raises ModelUnavailable or ModelRejected."""

    @property
    def name(self) -> str:
        """The model's name, kept with each memory."""

    async def ask(self, question: Question) -> Answer:
        """Ask for an answer that follows the question's schema."""

    async def chat(self, messages: Sequence[Message]) -> str:
        """Answer a conversation in free text."""


class Extractor(Pingable, Protocol):
    """Turns a batch of turns of one lane into candidate facts, in the order said."""

    @property
    def name(self) -> str:
        """Which extractor this is, for the banner and `/health/ready`."""

    @property
    def prompt_version(self) -> str | None:
        """The prompt's hash, None without a prompt."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """Find the facts. Raises ModelUnavailable (try later), BadAnswer or ModelRejected (will not get better)."""


class Reconciler(Pingable, Protocol):
    """Decides what each candidate means for what is already known."""

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        """Decide.

        Args:
            candidates: facts, in the order said.
            neighbours: for each candidate its nearest current memories of the same owner, nearest first; among them
                earlier candidates of the batch, which name themselves by `Recalled.candidate`.

        Returns one decision a candidate, in order; `target` is a position in `memory.reconcile.union(neighbours)`,
        None for ADD and for a repetition within the batch.
        """


class Embedder(Pingable, Protocol):
    """Texts to vectors. Raises ModelUnavailable when it is a remote one and away."""

    @property
    def name(self) -> str:
        """The model's name: one collection of memories exists per name and length of its vectors."""

    @property
    def same_floor(self) -> float:
        """Cosine from which two sentences may be the same statement (a floor belongs to the embedder)."""

    @property
    def related_floor(self) -> float:
        """Cosine below which two sentences of this embedder have nothing to do with each other."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in the same order."""


class Query(Value):
    """One recall: whose memory, the words and their vector, and how the answer is bounded."""

    scope: Scope
    text: str
    vector: tuple[float, ...]
    limit: int = 5
    threshold: float | None = None
    as_of: datetime | None = None


class Near(Value):
    """One look for neighbours.

    Args:
        vector: of the text whose neighbours are wanted.
        taken_back_after: look also among what was retracted after this moment; None: only at what stands now.
    """

    vector: tuple[float, ...]
    taken_back_after: datetime | None = None


class MemoryStore(Pingable, Protocol):
    """Where memories live. Every call carries a Scope (or a tenant): nothing is ever read or written without one.

    Raises StoreUnavailable or StoreRejected.
    """

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        Raises LeaseLost when the event loop's clock has passed `good_until` (seconds): then nothing is written.
        """

    async def neighbours(self, scope: Scope, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories in scope by cosine, nearest first."""

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most for a query: dense and lexical, fused."""

    async def get(self, tenant: str, memory_id: str) -> Memory | None:
        """The current version of a memory."""

    async def page(self, scope: Scope, page: Page) -> tuple[int, list[Memory]]:
        """The number of current memories in scope, and one page of them, newest first."""

    async def history(self, tenant: str, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""

    async def delete(self, tenant: str, memory_id: str) -> int:
        """Remove a memory with all its versions; returns how many versions there were."""

    async def erase(self, scope: Scope, before: datetime) -> int:
        """Remove every version in scope that was made by turns accepted up to `before`; returns how many."""

    async def left(self, scope: Scope, before: datetime) -> int:
        """Count the versions in scope made by turns accepted up to `before`."""


class Accepted(Value):
    """The answer to a submission: its id, and whether this very submission had been accepted before."""

    id: str
    repeated: bool = False


class Inbox(Pingable, Protocol):
    """Where turns are accepted: the truth of the write path. Every call is one atomic step. Raises InboxUnavailable."""

    async def accept(self, submission: Submission, *, idempotency_key: str | None = None) -> Accepted:
        """Take a turn in: idempotency, backlog limit, append, status, bell. Raises InboxFull, IdempotencyConflict."""

    async def sweep(self) -> int:
        """Ring for every lane that is due and unheld, trim what is past retention; returns the bells rung."""

    async def raise_epoch(self, scope: Scope) -> datetime:
        """Raise an owner's epoch: turns accepted up to it are erased. Notes the removal down to be repeated."""

    async def erase(self, scope: Scope, lane: Lane, epoch: datetime) -> tuple[Lease, int]:
        """Take a lane by force and remove the scope's turns accepted up to the epoch.

        Returns the lease that now holds the lane (hand it back), and how many turns there were.
        """

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """The removals that are due to be repeated, each with its name for `finished`."""

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""

    async def revive(self, tenant: str, turn_id: str, *, replay: bool) -> bool:
        """Replay a dead turn, or discard it; False when there is no such dead turn."""


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

    async def epochs(self, scope: Scope) -> list[tuple[Scope, datetime]]:
        """The erases that cover a scope, each with its epoch."""

    async def erased(self, turns: Sequence[Turn]) -> frozenset[str]:
        """Which of these turns an erase has covered since they were accepted."""

    async def settle(self, lease: Lease, plan: Plan, erased: frozenset[str] = frozenset()) -> None:
        """The batch is applied: statuses, events, books; it leaves the lane."""

    async def postpone(self, lease: Lease, error: str, retry_after_seconds: float | None) -> float:
        """A transient failure: no attempt is spent, the lane sleeps for the returned seconds."""

    async def fail(self, lease: Lease, error: str) -> None:
        """A permanent failure of the batch: it is bisected; a turn that stands alone goes to the dead letters."""

    async def hand_back(self, lease: Lease) -> None:
        """Give the lane up, and ring for it if turns wait; nothing happens when it is no longer ours."""


class TurnLog(Protocol):
    """What became of the turns: the read side of the inbox."""

    async def get(self, tenant: str, turn_id: str) -> TurnStatus | None:
        """One turn's status."""

    async def page(
        self, tenant: str, status: Status | None, user_id: str | None, page: Page
    ) -> tuple[int, list[TurnStatus]]:
        """How many turns match, and one page of them, newest first."""

    async def pending(self, scope: Scope) -> int:
        """How many accepted turns of this owner are not settled yet."""

    async def ledger(self, tenant: str) -> Ledger:
        """The tenant's books."""

    async def tenants(self) -> list[str]:
        """Every tenant that ever had a turn accepted."""

    async def lanes(self, scope: Scope) -> list[Lane]:
        """Every lane that holds a turn in scope."""

    async def text(self, tenant: str, turn_id: str) -> Turn | None:
        """The turn itself, as long as its text is kept."""


class Doorbell(Protocol):
    """Rings a worker for a lane. The message is put down in the same atomic step as the turn."""

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""

    def message(self, lane: Lane) -> bytes:
        """The bell for one lane, as the workers' broker reads it. Carries the lane, never text."""
