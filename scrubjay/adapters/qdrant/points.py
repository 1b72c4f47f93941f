"""Points by a filter, all of them: read page by page, counted, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.model import Memory

_SCROLL = 256


class QdrantPoints:
    """Every point that a filter selects, in one collection or in all collections of this installation.

    Args:
        collection: the embedder's.
    """

    def __init__(self, collection: QdrantCollection) -> None:
        self._collection = collection

    async def pages(
        self, name: str, selection: models.Filter, fields: list[str] | bool
    ) -> AsyncIterator[list[models.Payload]]:
        """The payloads of the points in one collection, a page at a time.

        Args:
            name: of the collection.
            selection: which points.
            fields: the payload fields that are needed; True: all.

        Raises StoreUnavailable.
        """
        offset = None
        while True:
            call = self._collection.client.scroll(name, selection, limit=_SCROLL, offset=offset, with_payload=fields)
            points, offset = await self._collection.ask(call)
            yield [point.payload for point in points]
            if offset is None:
                return

    async def memories(self, selection: models.Filter) -> list[Memory]:
        """Every memory that a filter selects in the embedder's collection. Raises NewerFormat, StoreUnavailable."""
        name, memories = await self._collection.ready(), list[Memory]()
        async for page in self.pages(name, selection, True):
            memories += map(payloads.from_payload, page)
        return memories

    async def count(self, selection: models.Filter) -> int:
        """Count the points in all collections. Raises StoreUnavailable."""
        return sum([await self._count(name, selection) for name in await self._collection.of_installation()])

    async def remove(self, name: str, selection: models.Filter) -> int:
        """Remove the points from one collection; returns how many there were. Raises StoreUnavailable."""
        count = await self._count(name, selection)
        if count:
            selector = models.FilterSelector(filter=selection)
            call = self._collection.client.delete(name, selector, wait=True)
            await self._collection.ask(call, writes=True)
        return count

    async def _count(self, name: str, selection: models.Filter) -> int:
        call = self._collection.client.count(name, selection, exact=True)
        return int((await self._collection.ask(call)).count)
