"""Reading and searching memories for people: search, lists, one memory, its history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import REFUSED_READ, QdrantCollection, is_taken
from scrubjay.adapters.qdrant.filters import characters, conditions, fields
from scrubjay.adapters.qdrant.lists import part_of
from scrubjay.adapters.qdrant.points import QdrantPoints
from scrubjay.adapters.qdrant.ranking import RANKING, candidates
from scrubjay.errors import FilterNotServed, StoreRejected, StoreUnavailable
from scrubjay.model import Memory, Page, Recalled, Scope, Slice
from scrubjay.model.filters import Condition, names_ids_of
from scrubjay.model.topics import not_last, view
from scrubjay.model.versions import in_order
from scrubjay.offload import off_loop
from scrubjay.ports import Clock, Query

T = TypeVar("T")
_IDS_AT_ONCE = 256
_TOPICS_WORKED_OUT = 1_000  # of one answer; with more topics, hidden memories of the others are shown as well


class QdrantReads:
    """The port `MemoryReads` on Qdrant.

    Args:
        collection: the embedder's.
        points: reads every point that a filter selects.
        clock: tells what has expired.
    """

    def __init__(self, collection: QdrantCollection, points: QdrantPoints, clock: Clock) -> None:
        self._collection = collection
        self._points = points
        self._clock = clock

    async def search(self, query: Query) -> list[Recalled]:
        """The memories that matter most: dense and BM25 candidates, scored together as in `model.scoring`."""
        name, server = await self._collection.ready(query.vector), self._collection.server
        moment = query.as_of or await self._clock.now()

        async def answer(conditions: list[models.Condition]) -> Any:
            within = selectors.searched(query.scope, query.as_of, *conditions)
            if query.as_of is None:
                within = await self._visible(within, query.scope, query.filters, moment)
            elif _is_view(query.scope, query.filters):  # what hid what in the past is known of views alone
                within = selectors.shown(within, view(query.scope.ids), moment, is_past=True)
            if not query.show_expired:
                within = selectors.unexpired(within, moment)
            return await server.answer(
                self._collection.client.query_points(
                    name,
                    prefetch=candidates(query, within, server.version),
                    query=RANKING,
                    limit=query.limit,
                    score_threshold=query.threshold,
                    with_payload=True,
                )
            )

        points = (await self._filtered(answer, query.filters)).points
        return [payloads.scored_memory(point) for point in payloads.known_points(points)]

    async def get(self, reach: Scope, memory_id: str) -> Memory | None:
        """The current version of a memory; None when unknown, retracted or out of reach."""
        name, selection = await self._collection.ready(), selectors.standing_point(reach, memory_id)
        call = self._collection.client.scroll(name, selection, limit=1, with_payload=True)
        points, _ = await self._collection.ask(call)
        return next((payloads.from_payload(point.payload) for point in points), None)

    async def page(
        self, scope: Scope, page: Page, filters: Condition | None = None, *, show_expired: bool = False
    ) -> Slice[Memory]:
        """A part of the current memories in scope that meet the filters, newest first."""
        await self._collection.ready()
        now = await self._clock.now()

        async def answer(conditions: list[models.Condition]) -> Slice[Memory]:
            visible = await self._visible(selectors.current(scope, *conditions), scope, filters, now)
            return await self._page(visible if show_expired else selectors.unexpired(visible, now), page)

        return await self._filtered(answer, filters)

    async def quarantine_page(self, reach: Scope, page: Page, memory_id: str | None = None) -> Slice[Memory]:
        """A part of the quarantined memories within reach, or the one with this id, newest first."""
        return await self._filtered(lambda _: self._page(selectors.quarantined(reach, memory_id), page), None)

    async def history(self, reach: Scope, memory_id: str) -> list[Memory]:
        """Every version of a memory, oldest first."""
        return in_order(await self._points.memories(selectors.history(reach, memory_id)))

    async def standing_at(self, reach: Scope, ids: Collection[str]) -> dict[str, Memory]:
        """The current, retracted and quarantined memories under these ids within reach, by id."""
        name, memories, sorted_ids = await self._collection.ready(), dict[str, Memory](), sorted(ids)
        for start in range(0, len(sorted_ids), _IDS_AT_ONCE):
            selection = selectors.points(reach, sorted_ids[start : start + _IDS_AT_ONCE])
            call = self._collection.client.scroll(
                name, selection, limit=_IDS_AT_ONCE, with_payload=True, with_vectors=False
            )
            points, _ = await self._collection.ask(call)
            standing = [point for point in payloads.known_points(points) if point.payload["memory_id"] == point.id]
            memories |= {point.id: payloads.from_payload(point.payload) for point in standing}
        return memories

    async def current(self, scope: Scope) -> int:
        """Count the memories in scope that stand now."""
        return await self._points.count(selectors.current(scope))

    async def _visible(
        self, selection: models.Filter, scope: Scope, filters: Condition | None, moment: datetime
    ) -> models.Filter:
        """The selected points that a caller may see: of each topic, what was said last among the selected ones.

        That is a view, unless the filter names several values of one id, or no certain one: then it is worked out.
        """
        if _is_view(scope, filters):
            return selectors.shown(selection, view(scope.ids), moment)
        name, topics = await self._collection.ready(), set[str]()
        hidden = selectors.unexpired(selectors.hidden_anywhere(selection), moment)
        async for page in self._points.pages(name, hidden, ["topic"]):
            topics |= {payload["topic"] for payload in page}
            if len(topics) >= _TOPICS_WORKED_OUT:
                break
        if not topics:
            return selection
        in_topics = selectors.some_topics(scope, sorted(topics))
        members = await self._points.memories(selectors.both(selectors.shown_or_retracted(selection), in_topics))
        behind = [member.id for member in not_last(members, moment)]
        if not behind:
            return selection
        return selectors.but_not(selection, selectors.points(Scope(tenant=scope.tenant), behind))

    async def _filtered(self, answer: Callable[[list[models.Condition]], Awaitable[T]], filters: Condition | None) -> T:
        """What a caller's filter selects. A refusal is the filter's fault if the store answers without it.

        Raises FilterNotServed, which names the filter's fields, or StoreUnavailable.
        """
        try:
            work = partial(conditions, filters, self._collection.server.version)
            return await answer(await off_loop(characters(filters), work))
        except StoreRejected as error:
            if filters is not None and await is_taken(answer([])):
                raise FilterNotServed(f"{fields(filters)}: the store cannot serve this filter") from error
            raise StoreUnavailable(REFUSED_READ) from error

    async def _page(self, selection: models.Filter, page: Page) -> Slice[Memory]:
        name, client, server = await self._collection.ready(), self._collection.client, self._collection.server
        count = await server.answer(client.count(name, count_filter=selection, exact=True))

        async def fetch(start: int | None, offset: int, limit: int) -> Sequence[Any]:
            order = models.OrderBy(key="position", direction=models.Direction.DESC, start_from=start)
            call = client.query_points(
                name,
                query=models.OrderByQuery(order_by=order),
                query_filter=selection,
                offset=offset,
                limit=limit,
                with_payload=True,
            )
            answer: models.QueryResponse = await server.answer(call)
            return answer.points

        points, after = await part_of(fetch, page)
        return Slice(
            count.count, [payloads.from_payload(point.payload) for point in payloads.known_points(points)], after
        )


def _is_view(scope: Scope, filters: Condition | None) -> bool:
    """Whether a filter names no ids but those of the scope: then the view of the scope tells what is hidden."""
    return filters is None or names_ids_of(filters) <= scope.ids.keys()
