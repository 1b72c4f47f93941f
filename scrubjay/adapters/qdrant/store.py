"""The memory store on Qdrant: one collection per embedding model, dense and BM25 vectors, one point per version."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from qdrant_client import AsyncQdrantClient

from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.adapters.qdrant.entities import QdrantEntities
from scrubjay.adapters.qdrant.leased_writes import QdrantLeasedWrites
from scrubjay.adapters.qdrant.neighbours import QdrantNeighbours
from scrubjay.adapters.qdrant.owners import QdrantOwners
from scrubjay.adapters.qdrant.points import QdrantPoints
from scrubjay.adapters.qdrant.reads import QdrantReads
from scrubjay.adapters.qdrant.writes import WRITE_BYTES, QdrantWriter
from scrubjay.model import Entity, Feedback, Kind, Lane, Lease, Memory, Page, Recalled, Scope, Slice, Vector, Write
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.model.filters import Condition
from scrubjay.model.names import COLLECTION_PREFIX
from scrubjay.ports import Clock, Embedder, Near, Query


class QdrantStore:
    """The port `MemoryStore` on Qdrant 1.17 or newer; see `limits` for what only 1.20 can do.

    It is put together from parts, one for each part of the port, and hands each call to the part that serves it. The
    parts share one `QdrantCollection` and know nothing of each other.

    Args:
        client: an open client; the caller closes it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        clock: tells what has expired.
        most_bytes: of one request.
        prefix: what the names of all collections of this installation begin with.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        embedder: Embedder,
        clock: Clock = OWN_CLOCK,
        most_bytes: int = WRITE_BYTES,
        prefix: str = COLLECTION_PREFIX,
    ) -> None:
        collection = QdrantCollection(client, embedder, prefix)
        points = QdrantPoints(collection)
        writer = QdrantWriter(client, collection.server, most_bytes)
        self._collection = collection
        self._reads = QdrantReads(collection, points, clock)
        self._entities = QdrantEntities(collection, clock)
        self._neighbours = QdrantNeighbours(collection, points, clock, most_bytes)
        self._writes = QdrantLeasedWrites(collection, writer)
        self._owners = QdrantOwners(collection, points)

    @property
    def collection(self) -> QdrantCollection:
        """The collection of the embedder, shared by all parts."""
        return self._collection

    async def ping(self) -> None:
        """Raises StoreUnavailable when the collection cannot be read and written; see `QdrantCollection.ping`."""
        await self._collection.ping()

    async def limits(self) -> Sequence[str]:
        """What this server cannot do for us, each in one sentence. Raises StoreUnavailable."""
        return await self._collection.limits()

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most for a query: dense and lexical, fused."""
        return await self._reads.search(query)

    async def get(self, reach: Scope, memory_id: str) -> Memory | None:
        """The current version of a memory within reach."""
        return await self._reads.get(reach, memory_id)

    async def page(
        self, scope: Scope, page: Page, filters: Condition | None = None, *, show_expired: bool = False
    ) -> Slice[Memory]:
        """A part of the current memories in scope that meet the filters, newest first."""
        return await self._reads.page(scope, page, filters, show_expired=show_expired)

    async def quarantine_page(self, reach: Scope, page: Page, memory_id: str | None = None) -> Slice[Memory]:
        """A part of the memories within reach that are held back, or the one with this id, newest first."""
        return await self._reads.quarantine_page(reach, page, memory_id)

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory within reach, oldest first."""
        return await self._reads.history(reach, memory_id)

    async def standing_at(self, reach: Scope, ids: Collection[str]) -> dict[str, Memory]:
        """What stands, was taken back or is held back under these ids within reach, by id."""
        return await self._reads.standing_at(reach, ids)

    async def current(self, scope: Scope) -> int:
        """Count the memories in scope that stand now."""
        return await self._reads.current(scope)

    async def entities(
        self, reach: Scope, kinds: Collection[Kind], page: Page
    ) -> tuple[Mapping[Kind, int], list[Entity]]:
        """How many entities of each kind have memories that stand, and one page of them: by kind, then by name."""
        return await self._entities.entities(reach, kinds, page)

    async def entity(self, reach: Scope, kind: Kind, name: str) -> Entity | None:
        """One entity; None where it has no memories that stand."""
        return await self._entities.entity(reach, kind, name)

    async def neighbours(self, lane: Lane, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories of the lane's owner by cosine, nearest first."""
        return await self._neighbours.neighbours(lane, looks, limit)

    async def beside(self, scopes: Collection[Scope], topics: Collection[str]) -> list[Memory]:
        """The memories of some topics that may be hidden by what is said in these scopes, or may hide it."""
        return await self._neighbours.beside(scopes, topics)

    async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """All memories of some topics of a lane that stand, retracted ones as well."""
        return await self._neighbours.members(lane, topics)

    async def marked_past(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """The past versions of some topics of a lane that tell of another memory having stood for them."""
        return await self._neighbours.marked_past(lane, topics)

    async def vectors(self, lane: Lane, point_ids: Collection[str]) -> dict[str, Vector]:
        """The vectors of some points of a lane, by id; those that are not there are left out."""
        return await self._neighbours.vectors(lane, point_ids)

    async def hidden_topics(self, lane: Lane) -> set[str]:
        """The topics of the memories of a lane that stand and for which another one stands in some view."""
        return await self._neighbours.hidden_topics(lane)

    async def topics(self, scope: Scope, before: int) -> dict[Lane, set[str]]:
        """The topics, by lane, of the memories in scope whose standing version came up to `before` in the order."""
        return await self._neighbours.topics(scope, before)

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is."""
        await self._writes.apply(lease, writes, good_until)

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put versions under new ids; a point that already has one of these ids, of any owner, stays as it is."""
        await self._writes.insert(lease, writes, good_until)

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        """Put feedback to the memory that stands under an id; None takes it away. A newer lease's is left as it is."""
        await self._writes.judge(lease, memory_id, feedback)

    async def greatest_order(self) -> int:
        """The greatest number of the order that any version in the store has, of any tenant; 0 where it is empty."""
        return await self._owners.greatest_order()

    async def lanes(self, scope: Scope, before: int | None = None) -> list[Lane]:
        """The lanes of all versions in scope, or of those that came up to `before` in the order."""
        return await self._owners.lanes(scope, before)

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose versions there are, whatever their format: each combination of ids once."""
        return await self._owners.owners(tenant)

    def versions(self, scope: Scope) -> AsyncIterator[Memory]:
        """Every version in scope, in no order, a page at a time."""
        return self._owners.versions(scope)

    async def delete(self, reach: Scope, memory_id: str, token: int | None = None) -> int:
        """Remove a memory with all its versions, or those written up to a fencing token; returns how many."""
        return await self._owners.delete(reach, memory_id, token)

    async def erase(self, scope: Scope, before: int) -> int:
        """Remove every version in scope that came up to `before` in the order; returns how many."""
        return await self._owners.erase(scope, before)

    async def newer(self, scope: Scope, after: int, lanes: Collection[Lane]) -> int:
        """Count the versions in scope and in these lanes that came after a place in the order."""
        return await self._owners.newer(scope, after, lanes)

    async def left(self, scope: Scope, before: int | None = None) -> int:
        """Count the versions in scope, of those that came up to `before` in the order if that is given."""
        return await self._owners.left(scope, before)
