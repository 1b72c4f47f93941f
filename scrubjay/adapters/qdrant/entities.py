"""The entities in Qdrant: which users, agents, runs and apps have memories, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from qdrant_client import models

from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.model import KINDS, Entity, Kind, Page, Scope
from scrubjay.model.topics import view
from scrubjay.ports import Clock

MOST_OF_A_KIND = 10_000  # beyond it a list of all of them is of no use to anybody, and the count ends


class QdrantEntities:
    """The port `EntityReads` on Qdrant.

    Args:
        collection: the embedder's.
        clock: tells what has expired.
    """

    def __init__(self, collection: QdrantCollection, clock: Clock) -> None:
        self._collection = collection
        self._clock = clock

    async def entities(
        self, reach: Scope, kinds: Collection[Kind], page: Page
    ) -> tuple[Mapping[Kind, int], list[Entity]]:
        """How many entities of each kind have memories that stand, and one page of them: by kind, then by name.

        One query for each kind, however many entities there are: the times of each would take two more for each.
        """
        listed, counts = list[Entity](), dict[Kind, int]()
        for kind in (kind for kind in KINDS if kind in kinds):
            hits = sorted(await self._counted(reach, kind))
            first = max(0, page.offset - sum(counts.values()))
            room = page.size - len(listed)
            listed += [Entity(kind=kind, name=name, memories=memories) for name, memories in hits[first:][:room]]
            counts[kind] = len(hits)
        return counts, listed

    async def entity(self, reach: Scope, kind: Kind, name: str) -> Entity | None:
        """One entity; None where it has no memories that stand."""
        shown = await self._shown(reach, kind, selectors.equals(KINDS[kind], name))
        call = self._collection.client.count(await self._collection.ready(), shown, exact=True)
        count = (await self._collection.ask(call)).count
        if not count:
            return None
        first, last = await asyncio.gather(
            self._time(shown, "created_at", models.Direction.ASC),
            self._time(shown, "updated_at", models.Direction.DESC),
        )
        if first is None or last is None:
            return None  # its last memory has gone meanwhile
        return Entity.model_validate(
            {"kind": kind, "name": name, "memories": count, "created_at": first, "updated_at": last}
        )

    async def _shown(self, reach: Scope, kind: Kind, *more: models.Condition) -> models.Filter:
        """The points that a list of an entity's memories shows: of each topic what was said last with its id."""
        view_name = view([*reach.ids, KINDS[kind]])
        return selectors.shown(selectors.current(reach, *more), view_name, await self._clock.now())

    async def _counted(self, reach: Scope, kind: Kind) -> list[tuple[str, int]]:
        """The names of the entities of a kind, each with the number of its memories."""
        name, shown = await self._collection.ready(), await self._shown(reach, kind)
        call = self._collection.client.facet(name, KINDS[kind], facet_filter=shown, limit=MOST_OF_A_KIND, exact=True)
        return [(str(hit.value), hit.count) for hit in (await self._collection.ask(call)).hits if hit.count]

    async def _time(self, selection: models.Filter, field: str, direction: models.Direction) -> str | None:
        """The first or the last value of a time among the selected points; None where there are none."""
        order = models.OrderBy(key=field, direction=direction)
        call = self._collection.client.scroll(
            await self._collection.ready(), selection, limit=1, order_by=order, with_payload=[field]
        )
        points, _ = await self._collection.ask(call)
        return str(points[0].payload[field]) if points else None
