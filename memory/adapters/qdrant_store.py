"""The memory store on Qdrant: one collection per embedding model, dense and BM25 vectors, one point per version."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from qdrant_client import models

from memory import rank
from memory.adapters import qdrant_payload as payloads
from memory.adapters.qdrant_collection import answered
from memory.adapters.qdrant_entities import QdrantEntities
from memory.adapters.qdrant_filters import conditions
from memory.adapters.qdrant_lists import part_of
from memory.adapters.qdrant_owners import QdrantOwners
from memory.adapters.qdrant_ranking import RANKING
from memory.errors import LeaseLost
from memory.model import Feedback, Lane, Lease, Memory, Page, Recalled, Scope, Slice, Write
from memory.model.filters import Condition
from memory.ports import Near, Query
from memory.versions import in_order

BM25 = "qdrant/bm25"
_SCROLL = 256


class QdrantStore(QdrantOwners, QdrantEntities):
    """The port `MemoryStore` on Qdrant 1.20 or newer (conditional upserts, BM25, substrings).

    Args:
        client: an open client; closed by whoever opened it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        clock: tells what has expired.
    """

    async def ping(self) -> None:
        """Raises StoreUnavailable when Qdrant does not answer."""
        await answered(self._client.collection_exists("memories"))

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        Raises LeaseLost, and writes nothing, when the loop's clock has passed `good_until`: a process that was stopped
        since its last look must look again.
        """
        if writes:
            collection, points = await self._points(lease, writes)
            _still_good(good_until)
            unfenced = payloads.not_fenced_off(lease.token)
            await self._ask(self._client.upsert(collection, points, wait=True, update_filter=unfenced))

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put versions under ids that nobody has; whatever has one already, whosesoever it is, stays as it is.

        Raises LeaseLost as `apply` does.
        """
        if writes:
            collection, points = await self._points(lease, writes)
            _still_good(good_until)
            new_alone = models.UpdateMode.INSERT_ONLY
            await self._ask(self._client.upsert(collection, points, wait=True, update_mode=new_alone))

    async def _points(self, lease: Lease, writes: Sequence[Write]) -> tuple[str, list[models.PointStruct]]:
        """The collection, and the points that the writes make in it."""
        collection = await self._ready(writes[0].vector)
        return collection, [
            models.PointStruct(
                id=write.point_id,
                vector={"dense": list(write.vector), "bm25": _document(write.memory.text)},
                payload=payloads.to_payload(write, lease.token),
            )
            for write in writes
        ]

    async def standing_at(self, reach: Scope, ids: Collection[str]) -> dict[str, Memory]:
        """What stands, was taken back or is held back under these ids within reach, by id."""
        collection, found, asked = await self._ready(), dict[str, Memory](), sorted(ids)
        for start in range(0, len(asked), _SCROLL):
            wanted = payloads.points(reach, asked[start : start + _SCROLL])
            points, _ = await self._ask(
                self._client.scroll(collection, wanted, limit=_SCROLL, with_payload=True, with_vectors=False)
            )
            own = [point.payload for point in _known(points) if point.payload["memory_id"] == point.id]
            found |= {memory.id: memory for memory in map(payloads.from_payload, own)}
        return found

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        """Put feedback to the memory that stands under an id; None takes it away. A newer lease's is left as it is."""
        collection = await self._ready()
        found = payloads.ours(lease, memory_id)
        if feedback is None:
            await self._ask(self._client.delete_payload(collection, ["feedback"], points=found, wait=True))
        else:
            told = {"feedback": feedback.model_dump(mode="json", exclude_none=True)}
            await self._ask(self._client.set_payload(collection, told, points=found, wait=True))

    async def neighbours(self, lane: Lane, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories of the lane's owner by cosine, nearest first."""
        if not looks:
            return []
        collection, now = await self._ready(looks[0].vector), await self._clock.now()
        requests = [
            models.QueryRequest(
                query=list(look.vector),
                using="dense",
                filter=payloads.weighed(lane, look.taken_back, now),
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
        if not query.show_expired:
            found = payloads.unexpired(found, query.as_of or await self._clock.now())
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

    async def page(
        self, scope: Scope, page: Page, filters: Condition | None = None, *, show_expired: bool = False
    ) -> Slice[Memory]:
        """A part of the current memories in scope that meet the filters, newest first."""
        found = payloads.current(scope, *conditions(filters))
        return await self._page(found if show_expired else payloads.unexpired(found, await self._clock.now()), page)

    async def held_page(self, reach: Scope, page: Page, memory_id: str | None = None) -> Slice[Memory]:
        """A part of the memories within reach that are held back, or the one with this id, newest first."""
        return await self._page(payloads.held(reach, memory_id), page)

    async def _page(self, found: models.Filter, page: Page) -> Slice[Memory]:
        collection = await self._ready()
        count = await self._ask(self._client.count(collection, count_filter=found, exact=True))

        async def fetch(start: int | None, offset: int, limit: int) -> Sequence[Any]:
            order = models.OrderBy(key="position", direction=models.Direction.DESC, start_from=start)
            call = self._client.query_points(
                collection,
                query=models.OrderByQuery(order_by=order),
                query_filter=found,
                offset=offset,
                limit=limit,
                with_payload=True,
            )
            return list((await self._ask(call)).points)

        points, after = await part_of(fetch, page)
        return Slice(count.count, [payloads.from_payload(point.payload) for point in _known(points)], after)

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""
        collection = await self._ready()
        found, offset = payloads.told(reach, memory_id), None
        memories: list[Memory] = []
        while True:
            points, offset = await self._ask(
                self._client.scroll(collection, found, limit=_SCROLL, offset=offset, with_payload=True)
            )
            memories += [payloads.from_payload(point.payload) for point in points]
            if offset is None:
                return in_order(memories)


def _still_good(good_until: float) -> None:
    if asyncio.get_running_loop().time() > good_until:
        raise LeaseLost("the last look at the lease is too old to write on")


def _document(text: str) -> models.Document:
    return models.Document(text=text, model=BM25)


def _known(points: Sequence[Any]) -> list[Any]:
    """For people: what only a newer Turnstone can read is left out. Whoever decides on memories must not do so."""
    return [point for point in points if payloads.is_known(point.payload)]


def _recalled(point: models.ScoredPoint, score: float) -> Recalled:
    return Recalled(memory=payloads.from_payload(point.payload or {}), score=max(0.0, min(1.0, score)))
