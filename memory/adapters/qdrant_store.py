"""The memory store on Qdrant: one collection per embedding model, dense and BM25 vectors, one point per version."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from memory import rank
from memory.adapters import qdrant_payload as payloads
from memory.adapters.qdrant_filters import conditions
from memory.adapters.qdrant_ranking import RANKING
from memory.errors import LeaseLost, StoreRejected, StoreUnavailable
from memory.model import Lane, Lease, Memory, Page, Recalled, Scope, Write
from memory.model.filters import Condition
from memory.ports import Embedder, Near, Query
from memory.versions import in_order

BM25 = "qdrant/bm25"
_SCROLL = 256
_NOT_FOUND = 404
_OUR_FAULT = (400, 409, 413, 422)


class StoreMissing(StoreUnavailable):
    """The collection is gone: it is made again at the next call."""


class QdrantStore:
    """The port `MemoryStore` on Qdrant 1.20 or newer (conditional upserts, BM25, substrings).

    Args:
        client: an open client; closed by whoever opened it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
    """

    def __init__(self, client: AsyncQdrantClient, embedder: Embedder) -> None:
        self._client = client
        self._embedder = embedder
        self._opened = False
        self.collection = ""

    async def _ready(self, vector: Sequence[float] | None = None) -> str:
        """The collection, made with its indexes where it is missing; looked at once, as Qdrant may start after us.

        Args:
            vector: any of the embedder's. Where none is at hand, the collection that is there is taken, and only if
                there is none the embedder is asked for a vector, as the length is part of the name.
        """
        if not self._opened:
            await self._open(vector)
        if vector is not None and not self.collection.endswith(f"-{len(vector)}"):
            raise StoreUnavailable(_two_lengths(self._embedder.name, len(vector), self.collection))
        return self.collection

    async def _open(self, vector: Sequence[float] | None) -> None:
        prefix = f"memories-{re.sub(r'[^a-z0-9]+', '-', self._embedder.name.lower()).strip('-')}-"
        there = [one.name for one in (await _answered(self._client.get_collections())).collections]
        ours = [name for name in there if name.removeprefix(prefix).isdecimal()]
        if vector is None and len(ours) == 1:
            self.collection = ours[0]
        else:
            dimension = len(vector or (await self._embedder.embed(["turnstone"]))[0])
            self.collection = f"{prefix}{dimension}"
            if self.collection not in ours:
                await self._create_first(dimension, ours)
        present = (await _answered(self._client.get_collection(self.collection))).payload_schema
        for field, schema in payloads.INDEXES.items():
            if field not in present:
                await _answered(self._client.create_payload_index(self.collection, field, schema, wait=True))
        self._opened = True

    async def _create_first(self, dimension: int, others: Sequence[str]) -> None:
        """Make the collection, but not beside memories with vectors of another length: one of the two must be wrong.

        Raises StoreUnavailable: the turns wait until somebody has looked.
        """
        for other in others:
            if (await _answered(self._client.count(other))).count:
                raise StoreUnavailable(_two_lengths(self._embedder.name, dimension, other))
        try:
            await self._create(dimension)
        except StoreRejected:  # another process was faster
            if not await _answered(self._client.collection_exists(self.collection)):
                raise

    async def _create(self, dimension: int) -> None:
        dense = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        await _answered(
            self._client.create_collection(
                self.collection,
                vectors_config={"dense": dense},
                sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
        )

    async def _ask(self, call: Awaitable[Any]) -> Any:
        try:
            return await _answered(call)
        except StoreMissing:
            self._opened = False
            raise

    async def ping(self) -> None:
        """Raises StoreUnavailable when Qdrant does not answer."""
        await _answered(self._client.collection_exists("memories"))

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        Raises LeaseLost, and writes nothing, when the loop's clock has passed `good_until`: a process that was stopped
        since its last look must look again.
        """
        if not writes:
            return
        collection = await self._ready(writes[0].vector)
        points = [
            models.PointStruct(
                id=write.point_id,
                vector={"dense": list(write.vector), "bm25": _document(write.memory.text)},
                payload=payloads.to_payload(write, lease.token),
            )
            for write in writes
        ]
        if asyncio.get_running_loop().time() > good_until:
            raise LeaseLost("the last look at the lease is too old to write on")
        await self._ask(
            self._client.upsert(collection, points, wait=True, update_filter=payloads.not_fenced_off(lease.token))
        )

    async def neighbours(self, lane: Lane, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories of the lane's owner by cosine, nearest first."""
        if not looks:
            return []
        collection = await self._ready(looks[0].vector)
        requests = [
            models.QueryRequest(
                query=list(look.vector),
                using="dense",
                filter=payloads.weighed(lane, look.taken_back_after),
                limit=limit,
                with_payload=True,
            )
            for look in looks
        ]
        answers = await self._ask(self._client.query_batch_points(collection, requests))
        return [[_recalled(point, point.score) for point in answer.points] for answer in answers]

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most: dense and BM25 candidates, scored together by the rule of `memory.rank`."""
        collection = await self._ready(query.vector)
        scope, more = query.scope, conditions(query.filters)
        found = payloads.as_of(scope, query.as_of, *more) if query.as_of else payloads.current(scope, *more)
        prefetch = [
            models.Prefetch(query=list(query.vector), using="dense", filter=found, limit=rank.CANDIDATES),
            models.Prefetch(query=_document(query.text), using="bm25", filter=found, limit=rank.CANDIDATES),
        ]
        answer = await self._ask(
            self._client.query_points(
                collection,
                prefetch=prefetch,
                query=RANKING,
                limit=query.limit,
                score_threshold=query.threshold,
                with_payload=True,
            )
        )
        return [_recalled(point, point.score) for point in _known(answer.points)]

    async def get(self, reach: Scope, memory_id: str) -> Memory | None:
        """The current version of a memory; None when unknown, retracted or out of reach."""
        collection, found = await self._ready(), payloads.standing_point(reach, memory_id)
        points, _ = await self._ask(self._client.scroll(collection, found, limit=1, with_payload=True))
        return next((payloads.from_payload(point.payload) for point in points), None)

    async def page(self, scope: Scope, page: Page, filters: Condition | None = None) -> tuple[int, list[Memory]]:
        """The number of current memories in scope that meet the filters, and one page of them, newest first."""
        collection = await self._ready()
        found = payloads.current(scope, *conditions(filters))
        count = await self._ask(self._client.count(collection, count_filter=found, exact=True))
        answer = await self._ask(
            self._client.query_points(
                collection,
                query=models.OrderByQuery(order_by=models.OrderBy(key="position", direction=models.Direction.DESC)),
                query_filter=found,
                offset=page.offset,
                limit=page.size,
                with_payload=True,
            )
        )
        return count.count, [payloads.from_payload(point.payload) for point in _known(answer.points)]

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""
        collection = await self._ready()
        found, offset = payloads.versions(reach, memory_id), None
        memories: list[Memory] = []
        while True:
            points, offset = await self._ask(
                self._client.scroll(collection, found, limit=_SCROLL, offset=offset, with_payload=True)
            )
            memories += [payloads.from_payload(point.payload) for point in points]
            if offset is None:
                return in_order(memories)

    async def standing(self, scope: Scope, before: datetime) -> list[str]:
        """The memories whose standing version is in scope and was made by turns accepted up to `before`, by id."""
        found, offset = payloads.stands_until(scope, before), None
        collection, ids = await self._ready(), list[str]()
        while True:
            points, offset = await self._ask(
                self._client.scroll(collection, found, limit=_SCROLL, offset=offset, with_payload=["memory_id"])
            )
            ids += [point.payload["memory_id"] for point in points]
            if offset is None:
                return ids

    async def delete(self, reach: Scope, memory_id: str) -> int:
        """Remove a memory with all its versions; returns how many versions there were."""
        return await self._remove(payloads.versions(reach, memory_id))

    async def drop(self, reach: Scope, point_id: str) -> None:
        """Remove one version that does not stand; nothing happens where there is none."""
        await self._remove(payloads.point(reach, point_id))

    async def erase(self, scope: Scope, before: datetime) -> int:
        """Remove every version in scope made by turns accepted up to `before`; returns how many."""
        return await self._remove(payloads.made_until(scope, before))

    async def left(self, scope: Scope, before: datetime) -> int:
        """Count the versions in scope made by turns accepted up to `before`."""
        collection = await self._ready()
        found = payloads.made_until(scope, before)
        return int((await self._ask(self._client.count(collection, found, exact=True))).count)

    async def _remove(self, found: models.Filter) -> int:
        collection = await self._ready()
        count = (await self._ask(self._client.count(collection, found, exact=True))).count
        if count:
            selector = models.FilterSelector(filter=found)
            await self._ask(self._client.delete(collection, selector, wait=True))
        return int(count)


def _two_lengths(embedder: str, dimension: int, collection: str) -> str:
    return (
        f"{embedder} gives vectors of {dimension} numbers, but its memories are in {collection}: mend the embedder, or "
        "remove that collection if it is the wrong one"
    )


def _document(text: str) -> models.Document:
    return models.Document(text=text, model=BM25)


def _known(points: Sequence[Any]) -> list[Any]:
    """For people: what only a newer Turnstone can read is left out. Whoever decides on memories must not do so."""
    return [point for point in points if payloads.is_known(point.payload)]


def _recalled(point: models.ScoredPoint, score: float) -> Recalled:
    return Recalled(memory=payloads.from_payload(point.payload or {}), score=max(0.0, min(1.0, score)))


async def _answered(call: Awaitable[Any]) -> Any:
    """Await a call of the client. Raises StoreUnavailable (try later) or StoreRejected (the request is wrong)."""
    try:
        return await call
    except UnexpectedResponse as error:
        if error.status_code == _NOT_FOUND:
            raise StoreMissing("Qdrant has lost the collection; it is made again") from error
        if error.status_code in _OUR_FAULT:
            raise StoreRejected(f"Qdrant refused the request: {error}") from error
        raise StoreUnavailable(f"Qdrant answered {error.status_code}; try again shortly") from error
    except (ResponseHandlingException, ApiException, OSError) as error:
        raise StoreUnavailable("Qdrant does not answer; try again shortly") from error
