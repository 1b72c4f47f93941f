"""What is done to all of an owner's versions in Qdrant: told, found again by what they say, removed, counted.

An owner is looked for in every collection of ours: with another embedding model a service goes on in another one, and
what was remembered before stays where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.model import OWNERS, Lane, Memory, Scope

_SCROLL = 256
_IDS_AT_ONCE = 500


class QdrantOwners(QdrantCollection):
    """The part of the port `MemoryStore` that is about owners as a whole, and about removing."""

    async def greatest_order(self) -> int:
        """The greatest number of the order that any of our versions has; 0 where there is none.

        It is the greatest fencing token, as a version is written under a token that is drawn after its turn's number.
        """
        greatest = 0
        for collection in await self._every():
            newest = models.OrderByQuery(order_by=models.OrderBy(key="fence", direction=models.Direction.DESC))
            answer = await self._ask(
                self._client.query_points(collection, query=newest, limit=1, with_payload=["fence"])
            )
            greatest = max(greatest, *(point.payload["fence"] for point in answer.points), 0)
        return greatest

    async def topics(self, scope: Scope, before: int) -> dict[Lane, set[str]]:
        """The topics, by lane, of the memories in scope whose standing version came up to `before` in the order."""
        if not await self._ours():
            return {}  # nothing stands, and opening would ask the embedder for the length of its vectors
        collection, topics = await self._ready(), defaultdict[Lane, set[str]](set)
        fields = ["topic", "tenant", *OWNERS]
        async for page in self._pages(collection, selectors.stands_until(scope, before), fields):
            for payload in page:
                topics[payloads.scope_of(payload).lane].add(payload["topic"])
        return topics

    async def hidden_topics(self, lane: Lane) -> set[str]:
        """The topics of the memories of a lane that stand and for which another one stands in some view."""
        collection, topics = await self._ready(), set[str]()
        hidden = selectors.hidden_anywhere(selectors.of_lane(lane, selectors.stands()))
        async for page in self._pages(collection, hidden, ["topic"]):
            topics |= {payload["topic"] for payload in page}
        return topics

    async def delete(self, reach: Scope, memory_id: str, token: int | None = None) -> int:
        """Remove a memory with all its versions, or those written up to a fencing token; returns how many."""
        return await self._remove(await self._ready(), selectors.versions(reach, memory_id, token))

    async def erase(self, scope: Scope, before: int) -> int:
        """Remove every version in scope that came up to `before` in the order; returns how many."""
        selection = selectors.made_until(scope, before)
        return sum([await self._remove(collection, selection) for collection in await self._every()])

    async def left(self, scope: Scope, before: int | None = None) -> int:
        """Count the versions in scope, of those that came up to `before` in the order if that is given."""
        return await self._counted(_until(scope, before))

    async def newer(self, scope: Scope, after: int, lanes: Collection[Lane]) -> int:
        """Count the versions in scope and in these lanes that came after a place in the order."""
        count, wanted = 0, {lane.key for lane in lanes}
        for collection in await self._every():
            async for page in self._pages(collection, selectors.made_after(scope, after), ["tenant", *OWNERS]):
                count += sum(payloads.scope_of(payload).lane.key in wanted for payload in page)
        return count

    async def current(self, scope: Scope) -> int:
        """Count the memories in scope that stand now."""
        return await self._counted(selectors.current(scope))

    async def lanes(self, scope: Scope, before: int | None = None) -> list[Lane]:
        """The lanes of all versions in scope, or of those that came up to `before` in the order."""
        if scope.user_id is not None:
            return [scope.lane]
        lanes_by_key, wanted = dict[str, Lane](), _until(scope, before)
        for collection in await self._every():
            async for page in self._pages(collection, wanted, ["tenant", *OWNERS]):
                lanes = (payloads.scope_of(payload).lane for payload in page)
                lanes_by_key |= {lane.key: lane for lane in lanes}
        return list(lanes_by_key.values())

    async def owners(self, tenant: str) -> list[Scope]:
        """Whose versions there are, whatever their format: each combination of ids once."""
        scopes, everything = set[Scope](), selectors.within(Scope(tenant=tenant))
        for collection in await self._every():
            async for page in self._pages(collection, everything, ["tenant", *OWNERS]):
                scopes |= set(map(payloads.scope_of, page))
        return list(scopes)

    async def versions(self, scope: Scope) -> AsyncIterator[Memory]:
        """Every version in scope, in no order, a page at a time. Raises NewerFormat."""
        for collection in await self._every():
            async for page in self._pages(collection, selectors.within(scope), True):
                for payload in page:
                    yield payloads.from_payload(payload)

    async def _every(self) -> list[str]:
        there = (await self._ask(self._client.get_collections())).collections
        return [collection.name for collection in there if collection.name.startswith(self._prefix)]

    async def _pages(
        self, collection: str, selection: models.Filter, fields: list[str] | bool
    ) -> AsyncIterator[list[models.Payload]]:
        offset = None
        while True:
            points, offset = await self._ask(
                self._client.scroll(collection, selection, limit=_SCROLL, offset=offset, with_payload=fields)
            )
            yield [point.payload for point in points]
            if offset is None:
                return

    async def _counted(self, selection: models.Filter) -> int:
        return sum([await self._count(collection, selection) for collection in await self._every()])

    async def _count(self, collection: str, selection: models.Filter) -> int:
        return int((await self._ask(self._client.count(collection, selection, exact=True))).count)

    async def _remove(self, collection: str, selection: models.Filter) -> int:
        count = await self._count(collection, selection)
        if count:
            selector = models.FilterSelector(filter=selection)
            await self._ask(self._client.delete(collection, selector, wait=True), writes=True)
        return count


def _until(scope: Scope, before: int | None) -> models.Filter:
    """Every version in scope, or those that came up to a place in the order."""
    return selectors.within(scope) if before is None else selectors.made_until(scope, before)
