"""The memory store on Qdrant: one collection per embedding model, dense and BM25 vectors, one point per version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from qdrant_client import AsyncQdrantClient, models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import REFUSED_READ
from scrubjay.adapters.qdrant.entities import QdrantEntities
from scrubjay.adapters.qdrant.filters import characters, conditions, fields
from scrubjay.adapters.qdrant.lists import part_of
from scrubjay.adapters.qdrant.neighbours import QdrantNeighbours, is_taken, recalled
from scrubjay.adapters.qdrant.ranking import RANKING, candidates
from scrubjay.adapters.qdrant.writes import WRITE_BYTES, QdrantWriter, document, still_good
from scrubjay.errors import FilterNotServed, StoreRejected, StoreUnavailable
from scrubjay.model import Feedback, Lease, Memory, Page, Recalled, Scope, Slice, Write
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.model.filters import Condition, names_ids_of
from scrubjay.model.names import COLLECTION_PREFIX
from scrubjay.model.topics import not_last, view
from scrubjay.model.versions import in_order
from scrubjay.offload import off_loop
from scrubjay.ports import Clock, Embedder, Query

T = TypeVar("T")
_SCROLL = 256
_MARKS_AT_ONCE = 100  # of at most some 100 kB each
_TOPICS_WORKED_OUT = 1_000  # of one answer; of more than these, memories are shown that others stand for


class QdrantStore(QdrantNeighbours, QdrantEntities):
    """The port `MemoryStore` on Qdrant 1.17 or newer; see `limits` for what only 1.20 can do.

    Args:
        client: an open client; closed by whoever opened it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        most_bytes: of one request.
        clock: tells what has expired.
    """

    def __init__(
        self,
        client: AsyncQdrantClient,
        embedder: Embedder,
        clock: Clock = OWN_CLOCK,
        most_bytes: int = WRITE_BYTES,
        prefix: str = COLLECTION_PREFIX,
    ) -> None:
        super().__init__(client, embedder, clock, prefix, most_bytes)
        self._writer = QdrantWriter(client, self._server, most_bytes)

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        The token protects points that exist. A point that was deleted meanwhile is written again by a holder that comes
        too late: against that stand the lease, `good_until`, and the second look of `scrubjay.erase.tombstones`.

        Raises LeaseLost, and writes nothing more, when the loop's clock has passed `good_until`: a process that was
        stopped since its last look must look again.
        """
        whole, kept = [write for write in writes if write.vector], [write for write in writes if not write.vector]
        if whole:
            collection, points = await self._points(lease, whole)
            unfenced = selectors.not_fenced_off(lease.token)
            await self._writer.put(collection, points, good_until, update_filter=unfenced)
        for start in range(0, len(kept), _MARKS_AT_ONCE):
            still_good(good_until)
            operations = [
                models.OverwritePayloadOperation(
                    overwrite_payload=models.SetPayload(
                        payload=payloads.to_payload(write, lease.token),
                        filter=selectors.unfenced_point(lease.token, write),
                    )
                )
                for write in kept[start : start + _MARKS_AT_ONCE]
            ]
            await self._ask(self._client.batch_update_points(await self._ready(), operations), writes=True)

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put versions under ids that nobody has; whatever has one already, whosesoever it is, stays as it is.

        Raises LeaseLost as `apply` does.
        """
        if writes:
            collection, points = await self._points(lease, writes)
            await self._writer.put(collection, points, good_until, update_mode=models.UpdateMode.INSERT_ONLY)

    async def _points(self, lease: Lease, writes: Sequence[Write]) -> tuple[str, list[models.PointStruct]]:
        """The collection, and the points that the writes make in it."""
        collection = await self._ready(writes[0].vector)
        return collection, [
            models.PointStruct(
                id=write.point_id,
                vector={"dense": list(write.vector), "bm25": document(write.memory.text)},
                payload=payloads.to_payload(write, lease.token),
            )
            for write in writes
        ]

    async def standing_at(self, reach: Scope, ids: Collection[str]) -> dict[str, Memory]:
        """What stands, was taken back or is held back under these ids within reach, by id."""
        collection, memories, ordered_ids = await self._ready(), dict[str, Memory](), sorted(ids)
        for start in range(0, len(ordered_ids), _SCROLL):
            wanted = selectors.points(reach, ordered_ids[start : start + _SCROLL])
            points, _ = await self._ask(
                self._client.scroll(collection, wanted, limit=_SCROLL, with_payload=True, with_vectors=False)
            )
            own = [point.payload for point in _known(points) if point.payload["memory_id"] == point.id]
            memories |= {memory.id: memory for memory in map(payloads.from_payload, own)}
        return memories

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        """Put feedback to the memory that stands under an id; None takes it away. A newer lease's is left as it is."""
        collection = await self._ready()
        selection = selectors.ours(lease, memory_id)
        if feedback is None:
            call = self._client.delete_payload(collection, ["feedback"], points=selection, wait=True)
            await self._ask(call, writes=True)
        else:
            payload = {"feedback": feedback.model_dump(mode="json", exclude_none=True)}
            await self._ask(self._client.set_payload(collection, payload, points=selection, wait=True), writes=True)

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most: dense and BM25 candidates, scored together as in `model.scoring`."""
        collection = await self._ready(query.vector)
        moment = query.as_of or await self._clock.now()

        async def answer(conditions: list[models.Condition]) -> Any:
            within = selectors.searched(query.scope, query.as_of, *conditions)
            within = await self._seen(within, query.scope, query.filters, moment, then=query.as_of is not None)
            if not query.show_expired:
                within = selectors.unexpired(within, moment)
            return await self._server.answer(
                self._client.query_points(
                    collection,
                    prefetch=candidates(query, within, self._server.version),
                    query=RANKING,
                    limit=query.limit,
                    score_threshold=query.threshold,
                    with_payload=True,
                )
            )

        points = (await self._filtered(answer, query.filters)).points
        return [recalled(point, point.score) for point in _known(points)]

    async def _seen(
        self, selection: models.Filter, scope: Scope, filters: Condition | None, moment: datetime, *, then: bool = False
    ) -> models.Filter:
        """Of what is found that which is shown to whoever asks for it: of each topic what was said last among it.

        That is a view, unless the filter names some of several ids, or none in particular: then it is worked out.
        """
        if filters is None or names_ids_of(filters) <= scope.ids.keys():
            return selectors.shown(selection, view(scope.ids), moment, then=then)
        if then:
            return selection  # what stood for what in the past is known of views alone
        collection, topics = await self._ready(), set[str]()
        hidden = selectors.unexpired(selectors.hidden_anywhere(selection), moment)
        async for page in self._pages(collection, hidden, ["topic"]):
            topics |= {payload["topic"] for payload in page}
            if len(topics) >= _TOPICS_WORKED_OUT:
                break
        selection = selectors.seen_or_retracted(selection)
        members = (
            await self._all(selectors.both(selection, selectors.some_topics(scope, sorted(topics)))) if topics else []
        )
        behind = [member.id for member in not_last(members, moment)]
        return (
            selectors.but_not(selection, selectors.points(Scope(tenant=scope.tenant), behind)) if behind else selection
        )

    async def get(self, reach: Scope, memory_id: str) -> Memory | None:
        """The current version of a memory; None when unknown, retracted or out of reach."""
        collection, selection = await self._ready(), selectors.standing_point(reach, memory_id)
        points, _ = await self._ask(self._client.scroll(collection, selection, limit=1, with_payload=True))
        return next((payloads.from_payload(point.payload) for point in points), None)

    async def page(
        self, scope: Scope, page: Page, filters: Condition | None = None, *, show_expired: bool = False
    ) -> Slice[Memory]:
        """A part of the current memories in scope that meet the filters, newest first."""
        await self._ready()
        now = await self._clock.now()

        async def answer(conditions: list[models.Condition]) -> Slice[Memory]:
            selection = await self._seen(selectors.current(scope, *conditions), scope, filters, now)
            return await self._page(selection if show_expired else selectors.unexpired(selection, now), page)

        return await self._filtered(answer, filters)

    async def held_page(self, reach: Scope, page: Page, memory_id: str | None = None) -> Slice[Memory]:
        """A part of the memories within reach that are held back, or the one with this id, newest first."""
        return await self._filtered(lambda _: self._page(selectors.held(reach, memory_id), page), None)

    async def _filtered(self, answer: Callable[[list[models.Condition]], Awaitable[T]], filters: Condition | None) -> T:
        """What a caller's filter finds. A refusal is the filter's fault where the same is answered without it.

        Raises FilterNotServed, which names the filter's fields, or StoreUnavailable.
        """
        try:
            work = partial(conditions, filters, self._server.version)
            return await answer(await off_loop(characters(filters), work))
        except StoreRejected as error:
            if filters is not None and await is_taken(answer([])):
                raise FilterNotServed(f"{fields(filters)}: the store cannot serve this filter") from error
            raise StoreUnavailable(REFUSED_READ) from error

    async def _page(self, selection: models.Filter, page: Page) -> Slice[Memory]:
        collection = await self._ready()
        count = await self._server.answer(self._client.count(collection, count_filter=selection, exact=True))

        async def fetch(start: int | None, offset: int, limit: int) -> Sequence[Any]:
            order = models.OrderBy(key="position", direction=models.Direction.DESC, start_from=start)
            call = self._client.query_points(
                collection,
                query=models.OrderByQuery(order_by=order),
                query_filter=selection,
                offset=offset,
                limit=limit,
                with_payload=True,
            )
            answer: models.QueryResponse = await self._server.answer(call)
            return answer.points

        points, after = await part_of(fetch, page)
        return Slice(count.count, [payloads.from_payload(point.payload) for point in _known(points)], after)

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""
        collection = await self._ready()
        selection, offset = selectors.told(reach, memory_id), None
        memories: list[Memory] = []
        while True:
            points, offset = await self._ask(
                self._client.scroll(collection, selection, limit=_SCROLL, offset=offset, with_payload=True)
            )
            memories += [payloads.from_payload(point.payload) for point in points]
            if offset is None:
                return in_order(memories)


def _known(points: Sequence[Any]) -> list[Any]:
    """For people: what only a newer Scrubjay can read is left out. Whoever decides on memories must not do so."""
    return [point for point in points if payloads.is_known(point.payload)]
