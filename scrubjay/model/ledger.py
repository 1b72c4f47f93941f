"""The books: a tenant's ledger, how the inbox as a whole is, receipts of erases, removals that are to be repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from memory.model import QueueState, Scope, Value


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


class Erased(Value):
    """What one step of an erase removed of one lane.

    Args:
        ids: of the turns.
        turns: how many of them had which status: `waiting`, `running`, `retrying`, `settled` or `dead`.
        plans: recorded ones.
        texts: turns whose words were still kept.
    """

    ids: tuple[str, ...] = ()
    turns: Mapping[str, int] = Field(default_factory=dict)
    plans: int = 0
    texts: int = 0


class Quoting(Value):
    """Some turns that tell of memories.

    Args:
        turns: their ids.
        texts: what they quote of memories, each with the memory's id.
    """

    turns: tuple[str, ...]
    texts: frozenset[tuple[str, str]]


class Places(Value):
    """What an erase removed, by place: as `Erased`, and in Qdrant the memories that stood and all their versions."""

    turns: Mapping[str, int] = Field(default_factory=dict)
    plans: int = 0
    texts: int = 0
    memories: int = 0
    versions: int = 0


class Left(Value):
    """What a look afterwards found of an owner that should be gone, in Redis and in Qdrant.

    Args:
        turns: and deliveries of what they did.
        texts: what was said, and what other turns quote.
        plans: that hold any of it.
        versions: of memories.
    """

    turns: int = 0
    texts: int = 0
    plans: int = 0
    versions: int = 0

    @property
    def nothing(self) -> bool:
        """Whether all is gone."""
        return not any((self.turns, self.texts, self.plans, self.versions))


class Erasure(Value):
    """What an erase did. It names the owner: what is kept of it is its receipt.

    Args:
        scope: who was forgotten.
        erased_at: when that was, by Redis' clock.
        watermark: everything up to this number in the order is gone.
        known: whether anything of the owner was there, or the owner had been forgotten before.
        counts: what was removed.
        left: what a look afterwards found.
    """

    scope: Scope
    erased_at: datetime
    watermark: int
    known: bool
    counts: Places
    left: Left

    @property
    def turns(self) -> int:
        """How many turns were erased."""
        return sum(self.counts.turns.values())

    @property
    def memories(self) -> int:
        """How many versions of memories were removed."""
        return self.counts.versions

    @property
    def verified(self) -> bool:
        """Whether a look afterwards found nothing left."""
        return self.left.nothing


class Receipt(Value):
    """That an owner was forgotten, without saying who: kept, and signed with the server's key.

    Args:
        id: of the receipt.
        tenant: whose owner it was.
        erased_at: when that was, by Redis' clock.
        watermark: everything up to this number in the order of turns and edits is gone, whatever their times are.
        owner: a keyed hash of the ids that were named.
        scope: which ids were named, not what they were.
        turns: how many were erased.
        memories: how many versions were removed.
        verified: whether a look afterwards found nothing left.
        known: whether anything of the owner was there, or the owner had been forgotten before; where not, the ids were
            perhaps mistyped.
        counts: the same by place.
        left: what that look found.
        key_id: which key has signed.
        signature: Ed25519 in base64, over all other fields as canonical JSON; empty as long as it is not signed.
    """

    id: str
    tenant: str
    erased_at: datetime
    watermark: int
    owner: str
    scope: tuple[str, ...]
    turns: int
    memories: int
    verified: bool
    known: bool
    counts: Places
    left: Left
    key_id: str
    signature: str = ""

    @property
    def canonical(self) -> bytes:
        """What is signed: the fields but for the signature, as JSON with sorted keys and no spaces, in UTF-8."""
        fields = self.model_dump(mode="json", exclude={"signature"})
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode(errors="surrogatepass")  # what is to be checked may hold anything


class Removal(Value):
    """Something that was removed and is removed once more, when whoever was writing just then must have ended.

    An owner (every version that came up to `until` in the order), or one memory where `memory_id` is set (every version
    written under fencing tokens up to `until`).
    """

    scope: Scope
    memory_id: str | None = None
    until: int | None = None
