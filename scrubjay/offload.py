"""Work that a caller can make large, kept away from the event loop and bounded in number.

Nothing on an event loop may compute for more than some milliseconds: everybody else waits for it. Work on texts grows
with their length, so above a length it runs in one of a few threads. Calls whose number a caller chooses run a few at
a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")

LARGEST_ON_LOOP = 10_000  # characters: masking or marking them takes some ten milliseconds at worst
_TEXT_THREADS = 2
_AT_ONCE = 8

# Of its own: the default pool also looks up names and runs the local embedder, which must not wait behind texts.
_TEXTS = ThreadPoolExecutor(_TEXT_THREADS, thread_name_prefix="scrubjay-texts")


async def off_loop(characters: int, work: Callable[[], T]) -> T:
    """Do work on texts, in a thread where they are large. Raises what the work raises.

    Args:
        characters: how long the texts are together.
        work: takes time in proportion to that, and touches nothing that the loop's own thread touches meanwhile.
    """
    if characters <= LARGEST_ON_LOOP:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_TEXTS, work)


async def each(call: Callable[[S], Awaitable[T]], items: Iterable[S], *, at_once: int = _AT_ONCE) -> list[T]:
    """Run an asynchronous call for each of many items, a bounded number at a time, so that no caller can take up the
    event loop; returns the answers in the items' order. Raises what the first call that fails raises.

    Args:
        call: made for each item.
        items: as many as a caller likes.
        at_once: how many calls run at a time.
    """
    slots = asyncio.Semaphore(at_once)

    async def in_slot(item: S) -> T:
        async with slots:
            return await call(item)

    return await asyncio.gather(*map(in_slot, items))
