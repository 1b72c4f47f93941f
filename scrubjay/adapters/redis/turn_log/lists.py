"""Lists on Redis: sorted sets read together from the newest on, in parts. A part costs the same at any depth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts import reading
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.model import After, Page, Slice

_CHUNK = 500


async def newest(scripts: RedisScripts, sets: Sequence[str], page: Page) -> Slice[After]:
    """A part of what stands in some sorted sets, the greatest score first.

    Args:
        scripts: runs a script.
        sets: no member stands in two of them.
        page: which part.

    Raises InboxUnavailable.
    """
    count, skip, rows = await reading.newest(scripts, sets, page)
    rows = sorted(rows, reverse=True)  # Redis sorts members of one score by their bytes
    if page.after is not None:
        last = (page.after.stamp, page.after.name.encode())
        rows = [row for row in rows if row < last]
    part = [After(stamp=score, name=member.decode()) for score, member in rows[skip : skip + page.size + 1]]
    after = part[page.size - 1] if len(part) > page.size else None
    return Slice(count, part[: page.size], after)


async def walked(scripts: RedisScripts, sets: Sequence[str], after: After | None = None) -> AsyncIterator[list[After]]:
    """All of what stands in some sorted sets, the greatest score first, a chunk at a time. Raises InboxUnavailable."""
    while True:
        part = await newest(scripts, sets, Page(size=_CHUNK, after=after))
        if part.items:
            yield part.items
        if part.after is None:
            return
        after = part.after


async def set_members(redis: Redis, name: str) -> AsyncIterator[list[str]]:
    """Every member of a set, a chunk at a time; one may come twice. Raises InboxUnavailable."""
    cursor = None
    while cursor != 0:
        cursor, some = await answered(redis.sscan(name, cursor or 0, count=_CHUNK))
        yield [member.decode() for member in some]
