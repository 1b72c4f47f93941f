"""Everything that is stored, to be held against everything that was stored before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.fuzz.system import System

# What moves while nobody calls: the sweep and its audit, Celery's own, the clocks and the order, signs of life,
_SERVERS = ("sj:audit", "sj:sweeper", "sj:clock", "sj:lanes", "sj:lease:", "sj:rate:", "_kombu", "scrubjay")
_SIGNS = ("sj:workers", "sj:probe", "sj:due", "sj:unwell:")
# deliveries to webhooks that are tried again and again, and removals that the sweep does once more half a minute later.
RESTLESS = (*_SERVERS, *_SIGNS, "sj:hook_", "sj:hooks_due", "sj:delivery:", "sj:removals")


@dataclass(frozen=True)
class Stored:
    """All keys of Redis with what they hold, and all points of Qdrant."""

    keys: dict[str, str]
    points: tuple[str, ...]


async def stored(system: System) -> Stored:
    """Look now; whatever was accepted must be settled."""
    await system.settled()
    keys = await all_of_redis(system.redis)
    points = sorted(await all_of_qdrant(system.qdrant_url))
    return Stored({name: value for name, value in keys.items() if not name.startswith(RESTLESS)}, tuple(points))


def differences(before: Stored, after: Stored) -> Iterator[str]:
    """One sentence for each thing that was stored, changed or lost."""
    for name in sorted(before.keys | after.keys):
        then, now = before.keys.get(name), after.keys.get(name)
        if then != now:
            yield f"{name} was {'made' if then is None else 'lost' if now is None else 'changed'}"
    for point in sorted(set(after.points) - set(before.points)):
        yield f"a point was made or changed: {point[:200]}"
    for point in sorted(set(before.points) - set(after.points)):
        yield f"a point was lost or changed: {point[:200]}"
