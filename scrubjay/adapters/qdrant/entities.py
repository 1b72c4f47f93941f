"""The entities in Qdrant: which users, agents, runs and apps have memories, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from qdrant_client import models

from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.model import KINDS, Entity, Kind, Page, Scope
from scrubjay.model.topics import view

MOST_OF_A_KIND = 10_000  # beyond it a list of all of them is of no use to anybody, and the count ends


class QdrantEntities(QdrantCollection):
    """The part of the port `MemoryStore` that tells of entities."""

    async def entities(
        self, reach: Scope, kinds: Collection[Kind], page: Page
    ) -> tuple[Mapping[Kind, int], list[Entity]]:
        """How many entities of each kind have memories that stand, and one page of them: by kind, then by name.

        One query for each kind, however many entities there are: the times of each would take two more for each.
        """
        collection, listed, counts = await self._ready(), list[Entity](), dict[Kind, int]()
        for kind in (kind for kind in KINDS if kind in kinds):
            hits = sorted(await self._named(collection, reach, kind))
            first = max(0, page.offset - sum(counts.values()))
            room = page.size - len(listed)
            listed += [Entity(kind=kind, name=name, memories=memories) for name, memories in hits[first:][:room]]
            counts[kind] = len(hits)
        return counts, listed

    async def entity(self, reach: Scope, kind: Kind, name: str) -> Entity | None:
        """One entity; None where it has no memories that stand."""
        collection = await self._ready()
        stand = await self._shown(reach, kind, selectors.equals(KINDS[kind], name))
        count = (await self._ask(self._client.count(collection, stand, exact=True))).count
        return await self._told(collection, reach, kind, name, count) if count else None

    async def _shown(self, reach: Scope, kind: Kind, *more: models.Condition) -> models.Filter:
        """What a list of an entity's memories shows: of each topic what was said last with the entity's id."""
        seen_in = view([*reach.ids, KINDS[kind]])
        return selectors.shown(selectors.current(reach, *more), seen_in, await self._clock.now())

    async def _named(self, collection: str, reach: Scope, kind: Kind) -> list[tuple[str, int]]:
        stand = await self._shown(reach, kind)
        call = self._client.facet(collection, KINDS[kind], facet_filter=stand, limit=MOST_OF_A_KIND, exact=True)
        return [(str(hit.value), hit.count) for hit in (await self._ask(call)).hits if hit.count]

    async def _told(self, collection: str, reach: Scope, kind: Kind, name: str, memories: int) -> Entity | None:
        """One entity with its times; None where it has gone meanwhile."""
        stand = await self._shown(reach, kind, selectors.equals(KINDS[kind], name))
        first, last = await asyncio.gather(
            self._time(collection, stand, "created_at", models.Direction.ASC),
            self._time(collection, stand, "updated_at", models.Direction.DESC),
        )
        if first is None or last is None:
            return None
        return Entity.model_validate(
            {"kind": kind, "name": name, "memories": memories, "created_at": first, "updated_at": last}
        )

    async def _time(
        self, collection: str, selection: models.Filter, field: str, direction: models.Direction
    ) -> str | None:
        order = models.OrderBy(key=field, direction=direction)
        call = self._client.scroll(collection, selection, limit=1, order_by=order, with_payload=[field])
        points, _ = await self._ask(call)
        return str(points[0].payload[field]) if points else None
