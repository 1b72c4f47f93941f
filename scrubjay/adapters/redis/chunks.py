"""Long keys, a few members at a time: no command holds Redis up for longer because more is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TypeVar

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.runner import answered

AT_ONCE = 200

T = TypeVar("T")


def chunks(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of a sequence, none longer than `size`."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


async def by_score(redis: Redis, name: str) -> AsyncIterator[list[str]]:
    """The members of a sorted set in which no two have one score, in their order. Raises InboxUnavailable.

    What is added or removed meanwhile moves no other member.
    """
    low = "-inf"
    while True:
        rows = await answered(redis.zrangebyscore(name, low, "+inf", start=0, num=AT_ONCE, withscores=True))
        if rows:
            yield [member.decode() for member, _ in rows]
        if len(rows) < AT_ONCE:
            return
        low = f"({rows[-1][1]:.0f}"


async def items(redis: Redis, name: str) -> AsyncIterator[list[str]]:
    """The items of a list that nobody changes, a few at a time. Raises InboxUnavailable."""
    rank = 0
    while True:
        rows = await answered(redis.lrange(name, rank, rank + AT_ONCE - 1))
        if rows:
            yield [item.decode() for item in rows]
        if len(rows) < AT_ONCE:
            return
        rank += len(rows)


async def members(redis: Redis, name: str) -> AsyncIterator[list[str]]:
    """The members of a sorted set, a few at a time and in no order; one that is there all the time is among them."""
    cursor = None
    while cursor != 0:
        # Some more than asked for may come, or all of what Redis keeps in one piece.
        cursor, rows = await answered(redis.zscan(name, cursor or 0, count=AT_ONCE * 3 // 4))
        for chunk in chunks(rows, AT_ONCE):
            yield [member.decode() for member, _ in chunk]
