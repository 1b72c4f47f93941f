"""The books: what a tenant's ledger says, the receipt of an erase, and removals that are to be repeated."""

from __future__ import annotations

from datetime import datetime

from memory.model import Scope, Value


class Ledger(Value):
    """The tenant's books: accepted = settled + waiting + dead + erased, always.

    Of the settled ones `gated` cost no call of a model; `dropped_facts` rested on words that nobody had said.
    `oldest_waiting_at` is when the turn was accepted that has waited longest.
    """

    accepted: int
    settled: int
    waiting: int
    dead: int
    erased: int
    gated: int = 0
    dropped_facts: int = 0
    oldest_waiting_at: datetime | None = None

    @property
    def balanced(self) -> bool:
        """Whether the books agree; a difference is an alarm."""
        return self.accepted == self.settled + self.waiting + self.dead + self.erased


class Receipt(Value):
    """What an erase removed, by place, and whether a check afterwards found nothing left."""

    tenant: str
    erased_at: datetime
    turns: int
    memories: int
    verified: bool


class Removal(Value):
    """Something that was removed and is removed once more, when whoever was writing just then must have ended.

    An owner (every version made by turns accepted up to `until`), or one memory where `memory_id` is set.
    """

    scope: Scope
    memory_id: str | None = None
    until: datetime | None = None
