"""The ledger of a tenant, and how the inbox as a whole is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scrubjay.model import QueueState, Value


class Ledger(Value):
    """The tenant's ledger: accepted = settled + waiting + dead + erased + lost, always.

    Of the settled ones `gated` cost no call of a model; `dropped_facts` rested on quotes that nobody had said.
    Of the `lost` ones Redis no longer had the text when their time came: somebody or something took it out.
    `oldest_waiting_at` is when the turn was accepted that has waited longest.
    """

    accepted: int
    settled: int
    waiting: int
    dead: int
    erased: int
    lost: int = 0
    gated: int = 0
    dropped_facts: int = 0
    oldest_waiting_at: datetime | None = None

    @property
    def balanced(self) -> bool:
        """Whether the ledger balances; a difference is an alarm."""
        return self.accepted == self.accounted

    @property
    def accounted(self) -> int:
        """How many turns there are in all states together."""
        return self.settled + self.waiting + self.dead + self.erased + self.lost


# How Redis must be set, so that a 202 is true: on disk before it is given, and never evicted.
SAFE_SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


class InboxState(Value):
    """How the inbox as a whole is.

    Args:
        backlog: turns that wait, of all tenants, as the counter says by which new ones are refused.
        max_backlog: from so many on.
        backlog_drift: how much more the counter said than waited, when they were last compared; a difference is an
            alarm.
        audits: how often ledgers were audited, each time those of a few tenants.
        audited_at: when that was last.
        audit_is_late: it has not been done for several sweeps, so nobody sweeps.
        lanes_awake: lanes in which turns wait or are worked on.
        lanes_overdue: those that should have been rung for several sweeps ago.
        queue: lanes that back off, how long the oldest due turn has waited, and the workers.
        used_bytes: what Redis uses of its memory; None where its user may not run INFO,
        max_bytes: of so many; 0 without a limit.
        settings: those of SAFE_SETTINGS that it tells, as they are; `appendfsync` needs CONFIG, the others INFO.
        read_at: Redis' time when all this was read.
        clock_jumps: how often Redis' clock was seen to jump by more than a second,
        clock_jumped_seconds: and by how much the last time, if that was within a day; negative: back.
    """

    backlog: int
    max_backlog: int
    backlog_drift: int
    audits: int
    audited_at: datetime | None
    audit_is_late: bool
    lanes_awake: int
    lanes_overdue: int
    queue: QueueState
    used_bytes: int | None
    max_bytes: int | None
    settings: Mapping[str, str]
    read_at: datetime
    clock_jumps: int
    clock_jumped_seconds: float
