"""Which tenants' lanes a process takes on: how many it works on at once follows its event loop, and all tenants get in.

All lanes of a process are worked on by one event loop. The more of the time it computes, the longer everybody's steps
wait for it: what a tenant with many busy users has at work here then delays a tenant with a few. So while several
tenants are active, those that had more than their share of the batches lately are kept to as many lanes as leave the
loop room. The others always get in. While only one tenant is active there is nobody to be kept waiting, and no limit.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import NamedTuple

from scrubjay.ingest.drain import DrainServices, drain_held

_LATELY_SECONDS = 10.0
_SEVERAL = 2
_LEAST = 2
_KEPT_FREE = 8  # one thread in so many, for tenants that have no more than their share
_LOOK_SECONDS = 0.05
_LOOKS = 5  # between two changes of the limit: a single late look may be anybody's doing
_CALM_SHARE, _BUSY_SHARE = 0.35, 0.45
_CALM_SECONDS, _BUSY_SECONDS = 0.010, 0.020
_STEP_DOWN = 0.75


class LoopLoad(NamedTuple):
    """How busy the event loop is.

    Args:
        share: of the time for which its thread computes, 0 to 1.
        late_seconds: by how much its timers are late; where the machine is short of processor that tells more.
    """

    share: float
    late_seconds: float

    @property
    def is_busy(self) -> bool:
        """Whether steps of all tenants are held up."""
        return self.share > _BUSY_SHARE or self.late_seconds > _BUSY_SECONDS

    @property
    def is_calm(self) -> bool:
        """Whether there is room for more."""
        return self.share < _CALM_SHARE and self.late_seconds < _CALM_SECONDS


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
        self._begun = deque[tuple[float, str]]()
        self._begun_by_tenant = Counter[str]()

    async def drain_next(self, services: DrainServices) -> int:
        """Work on the lane whose turn it is, if one is ready that may be worked on here.

        Returns how many turns were settled. Raises InboxUnavailable.
        """
        async with AsyncExitStack() as stack:
            left_out = self.left_out()
            with self._counted_while_claiming():
                lease = await stack.enter_async_context(services.lanes.claim(left_out))
            if lease is None:
                return 0
            stack.enter_context(self._at_work_on(lease.lane.tenant))
            return await drain_held(lease, services)

    def left_out(self) -> Sequence[str]:
        """The tenants whose lanes are not to be taken on now."""
        active = self._active()
        if len(active) < _SEVERAL:
            return ()
        share = self._begun_by_tenant.total() / len(active)
        above = [tenant for tenant in self._at_work if self._begun_by_tenant[tenant] >= share]
        theirs = sum(self._at_work[tenant] for tenant in above) + self._claiming
        is_full = theirs >= self.limit or self._at_work.total() + self._claiming >= self._most
        return above if is_full else ()

    def _active(self) -> set[str]:
        """The tenants that had lanes at work here lately."""
        long_ago = asyncio.get_running_loop().time() - _LATELY_SECONDS
        while self._begun and self._begun[0][0] < long_ago:
            _, tenant = self._begun.popleft()
            self._begun_by_tenant[tenant] -= 1
            if not self._begun_by_tenant[tenant]:
                del self._begun_by_tenant[tenant]
        return self._begun_by_tenant.keys() | self._at_work.keys()

    @contextmanager
    def _counted_while_claiming(self) -> Iterator[None]:
        self._claiming += 1
        try:
            yield
        finally:
            self._claiming -= 1

    @contextmanager
    def _at_work_on(self, tenant: str) -> Iterator[None]:
        self._begun.append((asyncio.get_running_loop().time(), tenant))
        self._begun_by_tenant[tenant] += 1
        self._at_work[tenant] += 1
        try:
            yield
        finally:
            self._at_work[tenant] -= 1
            if not self._at_work[tenant]:
                del self._at_work[tenant]

    async def follow_the_loop(self) -> None:
        """Let the limit follow how busy the event loop is, while there are several tenants, until cancelled."""
        while True:
            if len(self._active()) >= _SEVERAL:
                self.adapt(await _load())
            else:
                await asyncio.sleep(_LATELY_SECONDS / _LOOKS)

    def adapt(self, load: LoopLoad) -> None:
        """One lane more where the loop has room, a quarter fewer where it has none."""
        if load.is_busy:
            self.limit = max(min(_LEAST, self._most), int(self.limit * _STEP_DOWN))
        elif load.is_calm:
            self.limit = min(self._most, self.limit + 1)


async def _load() -> LoopLoad:
    """How busy the running loop is, from a few looks."""
    computed, began = time.thread_time(), time.monotonic()
    late_seconds = statistics.median([await _late() for _ in range(_LOOKS)])
    return LoopLoad((time.thread_time() - computed) / (time.monotonic() - began), late_seconds)


async def _late() -> float:
    loop = asyncio.get_running_loop()
    due = loop.time() + _LOOK_SECONDS
    await asyncio.sleep(_LOOK_SECONDS)
    return loop.time() - due
