"""All of an owner's versions in Qdrant: listed, counted, removed.

All collections of this installation are searched: with another embedding model a service goes on in another collection,
and earlier memories stay in theirs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.adapters.qdrant.points import QdrantPoints
from scrubjay.model import OWNERS, Lane, Memory, Scope


class QdrantOwners:
    """The port `OwnerVersions` on Qdrant: all of an owner's versions, and removals.

    Args:
        collection: the embedder's.
        points: reads, counts and removes every point that a filter selects.
    """

    def __init__(self, collection: QdrantCollection, points: QdrantPoints) -> None:
        self._collection = collection
        self._points = points

    async def greatest_order(self) -> int:
        """The greatest number of the order that any of our versions has; 0 where there is none.

        It is the greatest fencing token, as a version is written under a token that is drawn after its turn's number.
        """
        greatest = 0
        newest = models.OrderByQuery(order_by=models.OrderBy(key="fence", direction=models.Direction.DESC))
        for name in await self._collection.of_installation():
            call = self._collection.client.query_points(name, query=newest, limit=1, with_payload=["fence"])
            answer = await self._collection.ask(call)
            greatest = max(greatest, *(point.payload["fence"] for point in answer.points), 0)
        return greatest

    async def delete(self, reach: Scope, memory_id: str, token: int | None = None) -> int:
        """Remove a memory with all its versions, or those written up to a fencing token; returns how many."""
        return await self._points.remove(await self._collection.ready(), selectors.versions(reach, memory_id, token))

    async def erase(self, scope: Scope, before: int) -> int:
        """Remove every version in scope that came up to `before` in the order; returns how many."""
        selection = selectors.made_until(scope, before)
        return sum([await self._points.remove(name, selection) for name in await self._collection.of_installation()])

    async def left(self, scope: Scope, before: int | None = None) -> int:
        """Count the versions in scope, of those that came up to `before` in the order if that is given."""
        return await self._points.count(_until(scope, before))

    async def newer(self, scope: Scope, after: int, lanes: Collection[Lane]) -> int:
        """Count the versions in scope and in these lanes that came after a place in the order."""
        keys, count = {lane.key for lane in lanes}, 0
        async for version_scope in self._scopes(selectors.made_after(scope, after)):
            count += version_scope.lane.key in keys
        return count

    async def lanes(self, scope: Scope, before: int | None = None) -> list[Lane]:
        """The lanes of all versions in scope, or of those that came up to `before` in the order."""
        if scope.user_id is not None:
            return [scope.lane]
        scopes = self._scopes(_until(scope, before))
        lanes = {version_scope.lane.key: version_scope.lane async for version_scope in scopes}
        return list(lanes.values())

    async def owners(self, tenant: str) -> list[Scope]:
        """The scopes of a tenant's versions, of any format: each combination of ids once."""
        return list({scope async for scope in self._scopes(selectors.within(Scope(tenant=tenant)))})

    async def versions(self, scope: Scope) -> AsyncIterator[Memory]:
        """Every version in scope, in no order, a page at a time. Raises NewerFormat."""
        for name in await self._collection.of_installation():
            async for page in self._points.pages(name, selectors.within(scope), True):
                for payload in page:
                    yield payloads.from_payload(payload)

    async def _scopes(self, selection: models.Filter) -> AsyncIterator[Scope]:
        """The scope of every selected point in all collections, one for each point."""
        for name in await self._collection.of_installation():
            async for page in self._points.pages(name, selection, ["tenant", *OWNERS]):
                for payload in page:
                    yield payloads.scope_of(payload)


def _until(scope: Scope, before: int | None) -> models.Filter:
    """Every version in scope, or those that came up to a place in the order."""
    return selectors.within(scope) if before is None else selectors.made_until(scope, before)
