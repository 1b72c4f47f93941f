"""Work that a caller can make large, kept away from the event loop and bounded in number, for all and for each.

Nothing on an event loop may compute for more than some milliseconds: everybody else waits for it. Work on texts grows
with their length, so above a length it runs in one of a few threads. Calls whose number a caller chooses run a few at
a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


@dataclass
class _Share:
    """What one owner has of the places.

    Args:
        places: that it may still take.
        users: how many wait for one or have one.
    """

    places: asyncio.Semaphore
    users: int = 0


class Places:
    """Places for work that may take long: so many in all, and few enough for one owner that others find one.

    Args:
        most: in all.
        of_one: of one owner.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._of_one = of_one
        self._shares = dict[str, _Share]()

    @contextlib.asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[None]:
        """Have a place until left; owners are served in the order in which they asked."""
        await self.take(owner)
        try:
            yield
        finally:
            self.give_back(owner)

    async def take(self, owner: str) -> None:
        """Take a place, waited for where there is none; it is to be given back."""
        share = self._shares.setdefault(owner, _Share(asyncio.Semaphore(self._of_one)))
        share.users += 1
        with contextlib.ExitStack() as undone:
            undone.callback(self._leave, owner)
            await share.places.acquire()
            undone.callback(share.places.release)
            await self._free.acquire()
            undone.pop_all()

    def give_back(self, owner: str) -> None:
        """Give a place back that the owner has."""
        self._free.release()
        self._shares[owner].places.release()
        self._leave(owner)

    def _leave(self, owner: str) -> None:
        self._shares[owner].users -= 1
        if not self._shares[owner].users:
            del self._shares[owner]
