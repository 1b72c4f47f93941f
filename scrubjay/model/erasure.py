"""What an erase removed, what it left, its receipt, and removals that are to be repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from scrubjay.model import Scope, Value


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
        texts: what was said.
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
