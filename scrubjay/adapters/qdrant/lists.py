"""Lists of memories in Qdrant, sorted by position: a part is read from the place on where the one before ended.

Qdrant starts at a position that it rounds to a float, which is too coarse for them, and sorts equal ones as it likes.
So a part is read from the next float on, with some to spare, and is sorted and cut here.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from scrubjay.model import DEEPEST, After, Page

_TOP = After(stamp=2**62, name="")  # before every memory
_SPARE = 16

Fetch = Callable[[int | None, int, int], Awaitable[Sequence[Any]]]


async def part_of(fetch: Fetch, page: Page) -> tuple[list[Any], After | None]:
    """The points of a part, and the last one's place where there are more.

    Args:
        fetch: gives the points from a position on (None: from the greatest), after so many, at most so many.
        page: which part. A page by its number may overlap the one before where memories stand at one position.
    """
    wanted = page.size + 1
    if page.number == 1:
        points = await _behind(fetch, page.after or _TOP, wanted)
    else:
        points = list(await fetch(None, page.offset, wanted))
    part = points[: page.size]
    return part, After(stamp=_place(part[-1])[0], name=str(part[-1].id)) if len(points) == wanted else None


async def _behind(fetch: Fetch, after: After, wanted: int) -> list[Any]:
    """The next points behind a place, so many of them if there are."""
    limit = wanted + _SPARE
    while True:
        points = await fetch(_above(after.stamp), 0, limit)
        full = len(points) == limit
        # Of the last position some may be missing.
        known = [point for point in points if not full or _place(point)[0] > _place(points[-1])[0]]
        behind = [point for point in known if _place(point) < (after.stamp, after.name)]
        if not full or len(behind) >= wanted or limit > DEEPEST:
            return sorted(behind, key=_place, reverse=True)[:wanted]
        limit *= 2


def _place(point: Any) -> tuple[int, str]:
    return point.payload["position"], str(point.id)


def _above(position: int) -> int:
    near = float(position)
    return int(near if near >= position else math.nextafter(near, math.inf))
