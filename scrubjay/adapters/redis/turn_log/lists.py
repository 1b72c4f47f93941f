"""Lists on Redis: sorted sets read together from the newest on, in parts. A part costs the same at any depth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts import Argument, answered
from scrubjay.model import After, Page, Slice

_CHUNK = 500

Run = Callable[[str, Sequence[str], Sequence[Argument]], Awaitable[Any]]


async def newest(run: Run, sets: Sequence[str], page: Page) -> Slice[After]:
    """A part of what stands in some sorted sets, the greatest score first.

    Args:
        run: runs a script.
        sets: no member stands in two of them.
        page: which part.

    Raises InboxUnavailable.
    """
    start: list[Argument] = [page.offset, ""] if page.after is None else [0, page.after.stamp]
    count, skip, words = await run("newest", sets, [page.size + 1, *start])
    # Redis sorts members of one score by their bytes.
    rows = sorted(zip(map(_score, words[1::2]), words[::2], strict=True), reverse=True)
    if page.after is not None:
        last = (page.after.stamp, page.after.name.encode())
        rows = [row for row in rows if row < last]
    part = [After(stamp=score, name=member.decode()) for score, member in rows[skip : skip + page.size + 1]]
    after = part[page.size - 1] if len(part) > page.size else None
    return Slice(int(count), part[: page.size], after)


async def walked(run: Run, sets: Sequence[str], after: After | None = None) -> AsyncIterator[list[After]]:
    """All of what stands in some sorted sets, the greatest score first, a chunk at a time. Raises InboxUnavailable."""
    while True:
        part = await newest(run, sets, Page(size=_CHUNK, after=after))
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


def _score(word: bytes) -> int:
    return int(float(word))
