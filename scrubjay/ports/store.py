"""The port to the store of memories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scrubjay.model import (
    Entity,
    Feedback,
    Kind,
    Lane,
    Lease,
    Memory,
    Page,
    Recalled,
    Scope,
    Slice,
    Value,
    Vector,
    Write,
)
from scrubjay.model.filters import Condition
from scrubjay.ports.health import Pingable


class Query(Value):
    """One recall: the scope, the text and its vector, and the bounds of the answer."""

    scope: Scope
    text: str
    vector: tuple[float, ...]
    limit: int = 5
    threshold: float | None = None
    as_of: datetime | None = None
    filters: Condition | None = None
    show_expired: bool = False


class Near(Value):
    """One look for neighbours.

    Args:
        scope: the ids with which the text was said.
        vector: of the text whose neighbours are wanted.
        taken_back: look also among what was retracted after the first moment, and up to the second if there is one;
            None: only at what stands now.
    """

    scope: Scope
    vector: tuple[float, ...]
    taken_back: tuple[datetime, datetime | None] | None = None


class MemoryReads(Protocol):
    """Memories read and searched for people."""

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most for a query: dense and lexical, fused."""

    async def get(self, reach: Scope, memory_id: str) -> Memory | None:
        """The current version of a memory within reach."""

    async def page(
        self, scope: Scope, page: Page, filters: Condition | None = None, *, show_expired: bool = False
    ) -> Slice[Memory]:
        """A part of the current memories in scope that meet the filters, newest first."""

    async def quarantine_page(self, reach: Scope, page: Page, memory_id: str | None = None) -> Slice[Memory]:
        """A part of the memories within reach that are held back, or the one with this id, newest first.

        No other call shows them; erasing and deleting remove them like any other.
        """

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory within reach, oldest first."""

    async def standing_at(self, reach: Scope, ids: Collection[str]) -> dict[str, Memory]:
        """What stands, was taken back or is held back under these ids within reach, by id."""

    async def current(self, scope: Scope) -> int:
        """Count the memories in scope that stand now."""


class EntityReads(Protocol):
    """The users, agents, runs and apps that have memories."""

    async def entities(
        self, reach: Scope, kinds: Collection[Kind], page: Page
    ) -> tuple[Mapping[Kind, int], list[Entity]]:
        """How many entities of each kind have memories that stand, and one page of them: by kind, then by name."""

    async def entity(self, reach: Scope, kind: Kind, name: str) -> Entity | None:
        """One entity; None where it has no memories that stand."""


class Neighbours(Protocol):
    """Memories read for a decision: the neighbours of a candidate, and the memories of the same topics."""

    async def neighbours(self, lane: Lane, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories of the lane's owner by cosine, nearest first.

        Of its own scope up to `limit`, and some of other scopes: those that stand for their topic in the lane, and the
        nearest of all. Where one of these is near, so is what the look's own scope tells of its topic.
        """

    async def beside(self, scopes: Collection[Scope], topics: Collection[str]) -> list[Memory]:
        """The memories of some topics that may be hidden by what is said in these scopes, or may hide it.

        Args:
            scopes: of one lane.
            topics: as memories name them.

        Returns those that stand, retracted ones as well; not those that have expired, or for which one of the others
        stands for good.
        """

    async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """All memories of some topics of a lane that stand, retracted ones as well."""

    async def marked_past(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """The past versions of some topics of a lane that tell of another memory having stood for them."""

    async def vectors(self, lane: Lane, point_ids: Collection[str]) -> dict[str, Vector]:
        """The vectors of some points of a lane, by id; those that are not there are left out."""

    async def hidden_topics(self, lane: Lane) -> set[str]:
        """The topics of the memories of a lane that stand and for which another one stands in some view."""

    async def topics(self, scope: Scope, before: int) -> dict[Lane, set[str]]:
        """The topics, by lane, of the memories in scope whose standing version came up to `before` in the order."""


class MemoryWrites(Protocol):
    """Versions and feedback written under a lease and its fencing token."""

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        Those with vectors are put first. A version without a vector changes the payload of its point, if there is one.

        Many writes go in several requests: after an interruption, repeat all of them under the same ids.

        Raises LeaseLost when the event loop's clock has passed `good_until` (seconds): then no request begins.
        """

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put versions under new ids; a point that already has one of these ids, of any owner, stays as it is.

        Raises LeaseLost as `apply` does.
        """

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        """Put feedback to the memory that stands under an id; None takes it away. A newer lease's is left as it is."""


class OwnerVersions(Protocol):
    """All versions of an owner, in every collection: listed, counted and removed."""

    async def greatest_order(self) -> int:
        """The greatest number of the order that any version in the store has, of any tenant; 0 where it is empty."""

    async def lanes(self, scope: Scope, before: int | None = None) -> list[Lane]:
        """The lanes of all versions in scope, or of those that came up to `before` in the order."""

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose versions there are, whatever their format: each combination of ids once."""

    def versions(self, scope: Scope) -> AsyncIterator[Memory]:
        """Every version in scope, in no order, a page at a time."""

    async def delete(self, reach: Scope, memory_id: str, token: int | None = None) -> int:
        """Remove a memory with all its versions, or those written up to a fencing token; returns how many."""

    async def erase(self, scope: Scope, before: int) -> int:
        """Remove every version in scope that came up to `before` in the order; returns how many."""

    async def newer(self, scope: Scope, after: int, lanes: Collection[Lane]) -> int:
        """Count the versions in scope and in these lanes that came after a place in the order."""

    async def left(self, scope: Scope, before: int | None = None) -> int:
        """Count the versions in scope, of those that came up to `before` in the order if that is given."""


class MemoryStore(Pingable, MemoryReads, EntityReads, Neighbours, MemoryWrites, OwnerVersions, Protocol):
    """The store of memories. Every call carries a scope, a lane or a lease: no access without a tenant.

    `reach` is all that a caller may ever see: a tenant, and perhaps one user of it.

    Raises StoreUnavailable, also where the store refuses every request; StoreRejected where it refuses only this one;
    FilterNotServed.
    """

    async def limits(self) -> Sequence[str]:
        """What the store at hand cannot do, each in one sentence: nothing fails for it, but an answer may be poorer."""
