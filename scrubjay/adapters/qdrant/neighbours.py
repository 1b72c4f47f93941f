"""Neighbours of a candidate: what Qdrant is asked for, and how the answers become one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import REFUSED_READ, QdrantCollection, is_taken
from scrubjay.adapters.qdrant.points import QdrantPoints
from scrubjay.adapters.qdrant.writes import vector_bytes
from scrubjay.errors import StoreRejected, StoreUnavailable
from scrubjay.model import OWNERS, Lane, Memory, Recalled, Scope
from scrubjay.model.topics import order_of, view
from scrubjay.ports import Clock, Near

REQUESTS = 3  # for each look
_OTHERS = 3  # neighbours of other scopes for each look


class QdrantNeighbours:
    """The port `Neighbours` on Qdrant: memories read for a decision.

    Args:
        collection: the embedder's.
        points: reads every point that a filter selects.
        clock: tells what has expired.
        most_bytes: of one request.
    """

    def __init__(self, collection: QdrantCollection, points: QdrantPoints, clock: Clock, most_bytes: int) -> None:
        self._collection = collection
        self._points = points
        self._clock = clock
        self._most_bytes = most_bytes

    async def neighbours(self, lane: Lane, looks: Sequence[Near], limit: int) -> list[list[Recalled]]:
        """For each look the nearest current memories of the lane's owner by cosine, nearest first.

        Of its own scope up to `limit`, and some of other scopes: those that stand for their topic in the lane, and the
        nearest of all. Where one of these is near, so is what the look's own scope tells of its topic.
        """
        if not looks:
            return []
        name, near = await self._collection.ready(looks[0].vector), list[list[Recalled]]()
        now = await self._clock.now()
        at_once = max(1, self._most_bytes // (REQUESTS * vector_bytes(len(looks[0].vector))))
        for start in range(0, len(looks), at_once):
            requests = list[models.QueryRequest]()
            for look in looks[start : start + at_once]:
                requests += requests_for(look, lane, now, limit)
            answers = await self._nearest(name, requests)
            near += [[payloads.scored_memory(point) for point in answer.points] for answer in answers]
        pairs = [
            (own, once([*nearest, *others])) for own, others, nearest in zip(*[iter(near)] * REQUESTS, strict=True)
        ]
        known = await self._of_own_scope(lane, looks, pairs, now)
        return [
            own_beside_others(own, others, known.get(look.scope, {}))
            for look, (own, others) in zip(looks, pairs, strict=True)
        ]

    async def _of_own_scope(
        self,
        lane: Lane,
        looks: Sequence[Near],
        pairs: Sequence[tuple[list[Recalled], list[Recalled]]],
        now: datetime,
    ) -> dict[Scope, dict[str, Memory]]:
        """By scope and topic, a scope's own memories of the topics of which a memory of another scope is near."""
        wanted = defaultdict[Scope, set[str]](set)
        for look, (own, others) in zip(looks, pairs, strict=True):
            wanted[look.scope] |= _topics_of(others) - _topics_of(own)
        known = dict[Scope, dict[str, Memory]]()
        for scope, topics in wanted.items():
            if topics:
                in_scope = selectors.both(selectors.weighed(lane, None, now), selectors.just(scope))
                of_topics = selectors.both(in_scope, selectors.some_topics(lane.scope, sorted(topics)))
                known[scope] = {
                    memory.topic: memory for memory in sorted(await self._points.memories(of_topics), key=order_of)
                }
        return known

    async def beside(self, scopes: Collection[Scope], topics: Collection[str]) -> list[Memory]:
        """The memories of some topics that may be hidden by what is said in these scopes, or may hide it.

        Args:
            scopes: of one lane.
            topics: as memories name them.

        Returns those that stand, retracted ones as well; not those that have expired, or for which one of the others
        stands for good.
        """
        if not topics:
            return []
        return await self._points.memories(
            selectors.living(selectors.beside(scopes, sorted(topics)), await self._clock.now())
        )

    async def members(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """All memories of some topics of a lane that stand, retracted ones as well."""
        wanted = selectors.of_topics(sorted(topics))
        return await self._points.memories(selectors.of_lane(lane, wanted, selectors.stands())) if topics else []

    async def marked_past(self, lane: Lane, topics: Collection[str]) -> list[Memory]:
        """The past versions of some topics of a lane that tell of another memory having stood for them."""
        past = selectors.of_lane(lane, selectors.of_topics(sorted(topics)), selectors.superseded())
        return await self._points.memories(selectors.hidden_anywhere(past)) if topics else []

    async def hidden_topics(self, lane: Lane) -> set[str]:
        """The topics of the memories of a lane that stand and for which another one stands in some view."""
        hidden = selectors.hidden_anywhere(selectors.of_lane(lane, selectors.stands()))
        pages = self._points.pages(await self._collection.ready(), hidden, ["topic"])
        return {payload["topic"] async for page in pages for payload in page}

    async def topics(self, scope: Scope, before: int) -> dict[Lane, set[str]]:
        """The topics, by lane, of the memories in scope whose standing version came up to `before` in the order."""
        if not await self._collection.of_embedder():
            return {}  # nothing stands, and opening would ask the embedder for the length of its vectors
        topics, selection = defaultdict[Lane, set[str]](set), selectors.stands_until(scope, before)
        fields = ["topic", "tenant", *OWNERS]
        async for page in self._points.pages(await self._collection.ready(), selection, fields):
            for payload in page:
                topics[payloads.scope_of(payload).lane].add(payload["topic"])
        return topics

    async def _nearest(self, name: str, requests: list[models.QueryRequest]) -> Any:
        """Raises StoreRejected where one of these is refused, StoreUnavailable where another vector's would be too."""
        client, server = self._collection.client, self._collection.server
        try:
            return await server.answer(client.query_batch_points(name, requests))
        except StoreRejected as error:
            dimension = int(name.rpartition("-")[2])
            harmless = requests[0].model_copy(update={"query": [1.0] * dimension})
            if await is_taken(server.answer(client.query_batch_points(name, [harmless]))):
                raise
            raise StoreUnavailable(REFUSED_READ) from error


def requests_for(look: Near, lane: Lane, now: datetime, limit: int) -> list[models.QueryRequest]:
    """The requests for one look: its own scope's neighbours, those that stand for their topic, the nearest of all."""
    weighed, own = selectors.weighed(lane, look.taken_back, now), selectors.just(look.scope)
    others = selectors.but_not(weighed, own)
    in_lane = selectors.shown(others, view(lane.scope.ids), now)
    return [
        _nearest(look.vector, selectors.both(weighed, own), limit),
        _nearest(look.vector, in_lane, min(limit, _OTHERS)),
        _nearest(look.vector, others, 1),
    ]


def _nearest(vector: Sequence[float], within: models.Filter, limit: int) -> models.QueryRequest:
    return models.QueryRequest(query=list(vector), using="dense", filter=within, limit=limit, with_payload=True)


def _topics_of(neighbours: Iterable[Recalled]) -> set[str]:
    return {neighbour.memory.topic for neighbour in neighbours}


def once(neighbours: Iterable[Recalled]) -> list[Recalled]:
    """Each memory once, as it comes first."""
    first: dict[str, Recalled] = {}
    for neighbour in neighbours:
        first.setdefault(neighbour.memory.id, neighbour)
    return list(first.values())


def own_beside_others(
    own: Sequence[Recalled], others: Sequence[Recalled], known: Mapping[str, Memory]
) -> list[Recalled]:
    """Neighbours of both kinds, nearest first; one in another scope brings the own scope's memory of its topic with it.

    Args:
        own: of the own scope.
        others: of other scopes.
        known: by topic, the own scope's memories of topics that are near in other scopes alone.
    """
    texts = {(neighbour.memory.topic, neighbour.memory.text) for neighbour in own}
    neighbours = list(own)
    for neighbour in others:
        memory = known.get(neighbour.memory.topic)
        if memory is not None:
            neighbours.append(neighbour.model_copy(update={"memory": memory}))
            texts.add((memory.topic, memory.text))
        if (neighbour.memory.topic, neighbour.memory.text) not in texts:
            neighbours.append(neighbour)
    return sorted(once(neighbours), key=lambda neighbour: neighbour.score, reverse=True)
