"""Which tenants' lanes a process takes on: how many it works on at once follows its event loop, and all tenants get in.

All lanes of a process are worked on by one event loop. Where they are too many for it, everybody's steps take longer,
and nobody gets more done: what a tenant with many busy users has at work here then delays a tenant with one. So while
several tenants are active, a process works on no more lanes than its loop keeps up with. A tenant that has none at work
here always gets in. While only one is active there is nobody to be kept waiting, and no limit.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

from scrubjay.ingest.drain import Remembering, drain_held

_LATELY_SECONDS = 10.0
_SEVERAL = 2
_LEAST = 2
_KEPT_FREE = 8  # one thread in so many, for tenants that have nothing at work here
_LOOK_SECONDS = 0.05
_LOOKS = 5  # between two changes of the limit: a single late look may be anybody's doing
_CALM_SECONDS, _BUSY_SECONDS = 0.010, 0.020
_STEP_DOWN = 0.75


class LaneSlots:
    """The lanes at work in this process, by tenant.

    Args:
        threads: how many drains run at once at most.
    """

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - threads // _KEPT_FREE)
        self.limit = self._most
        self._at_work = Counter[str]()
        self._claiming = 0
        self._seen_at = OrderedDict[str, float]()

    async def drain_next(self, parts: Remembering) -> int:
        """Work on the lane whose turn it is, if one is ready that may be worked on here.

        Returns how many turns were settled. Raises InboxUnavailable.
        """
        async with AsyncExitStack() as stack:
            left_out = self.left_out()
            with self._counted_while_claiming():
                lease = await stack.enter_async_context(parts.lanes.claim(left_out))
            if lease is None:
                return 0
            stack.enter_context(self._at_work_on(lease.lane.tenant))
            return await drain_held(lease, parts)

    def left_out(self) -> Sequence[str]:
        """The tenants whose lanes are not to be taken on now."""
        full = self._at_work.total() + self._claiming >= self.limit
        return tuple(self._at_work) if full and self._are_several() else ()

    def _are_several(self) -> bool:
        """Whether more than one tenant had lanes at work here lately."""
        long_ago = asyncio.get_running_loop().time() - _LATELY_SECONDS
        while self._seen_at and next(iter(self._seen_at.values())) < long_ago:
            self._seen_at.popitem(last=False)
        return len(self._seen_at.keys() | self._at_work.keys()) >= _SEVERAL

    @contextmanager
    def _counted_while_claiming(self) -> Iterator[None]:
        self._claiming += 1
        try:
            yield
        finally:
            self._claiming -= 1

    @contextmanager
    def _at_work_on(self, tenant: str) -> Iterator[None]:
        self._seen_at[tenant] = asyncio.get_running_loop().time()
        self._seen_at.move_to_end(tenant)
        self._at_work[tenant] += 1
        try:
            yield
        finally:
            self._at_work[tenant] -= 1
            if not self._at_work[tenant]:
                del self._at_work[tenant]

    async def follow_the_loop(self) -> None:
        """Let the limit follow how late the event loop is, while there are several tenants, until cancelled."""
        while True:
            if self._are_several():
                self.adapt(statistics.median([await self._late() for _ in range(_LOOKS)]))
            else:
                await asyncio.sleep(_LATELY_SECONDS / _LOOKS)

    @staticmethod
    async def _late() -> float:
        loop = asyncio.get_running_loop()
        due = loop.time() + _LOOK_SECONDS
        await asyncio.sleep(_LOOK_SECONDS)
        return loop.time() - due

    def adapt(self, late_seconds: float) -> None:
        """One lane more where the loop keeps up, a quarter fewer where it does not.

        Args:
            late_seconds: by how much its timers are late.
        """
        if late_seconds > _BUSY_SECONDS:
            self.limit = max(min(_LEAST, self._most), int(self.limit * _STEP_DOWN))
        elif late_seconds < _CALM_SECONDS:
            self.limit = min(self._most, self.limit + 1)
