"""The books: a tenant's ledger, how the inbox as a whole is, receipts of erases, removals that are to be repeated."""

from __future__ import annotations

from collections.abc import Mapping
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


# How Redis must be set, so that a 202 is true: on disk before it is given, and never evicted.
SAFE_SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


class InboxState(Value):
    """How the inbox as a whole is.

    Args:
        backlog: turns that wait, of all tenants, as the counter says by which new ones are refused.
        max_backlog: from so many on.
        backlog_drift: how much more the counter said than waited, when they were last compared; a difference is an
            alarm.
        audits: how often the books were looked through, each time those of a few tenants.
        audited_at: when that was last.
        audit_is_late: it has not been done for several sweeps, so nobody sweeps.
        lanes_awake: lanes in which turns wait or are worked on.
        lanes_overdue: those that should have been rung for several sweeps ago.
        used_bytes: what Redis uses of its memory,
        max_bytes: of so many; 0 without a limit.
        settings: those of SAFE_SETTINGS that it tells, as they are.
    """

    backlog: int
    max_backlog: int
    backlog_drift: int
    audits: int
    audited_at: datetime | None
    audit_is_late: bool
    lanes_awake: int
    lanes_overdue: int
    used_bytes: int
    max_bytes: int
    settings: Mapping[str, str]


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
