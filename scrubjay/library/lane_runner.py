"""Working lanes off in this process: what a worker does that was woken, done for the turns that were accepted here.

Here the lane is worked on at once, whoever's turn it is. The wake-up messages that accepting it sends are for whatever
worker listens. Where none does, some stay in the queue: they are few and name nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from scrubjay.bootstrap import Parts
from scrubjay.errors import BadRequest, ScrubjayError
from scrubjay.ingest.drain import drain
from scrubjay.ingest.sweep import sweep_forever
from scrubjay.library.cancellation import ended
from scrubjay.logging_setup import places
from scrubjay.model import OWNERS, Lane, Page, Scope, Status, TurnStatus
from scrubjay.search.recall import wait_until_settled

log = structlog.get_logger(__name__)

_WAITING = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
_PAGE = 200
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.1, 1.0


class Working:
    """The lanes that are worked on here.

    Args:
        parts: everything opened.
        sweep_seconds: how often lanes are tried again in which turns are left.
    """

    def __init__(self, parts: Parts, sweep_seconds: float) -> None:
        self._parts = parts
        self._sweep_seconds = sweep_seconds
        self._unfinished = set[Lane]()
        self._over = False
        self._tasks = dict[Lane, asyncio.Task[None]]()

    @asynccontextmanager
    async def going_on(self, tenants: list[str]) -> AsyncIterator[None]:
        """Work on what waits from before, and on what is left over, until this is left: then lanes are handed back.

        Args:
            tenants: whose turns from before.
        """
        for tenant in tenants:
            self._unfinished |= await self.lanes(tenant, _WAITING)
        sweeping = sweep_forever(self._sweep_seconds, self._parts.sweep)
        loops = [asyncio.create_task(sweeping), asyncio.create_task(self._again_forever())]
        try:
            yield
        finally:
            self._over = True
            await ended([*loops, *self._tasks.values()])

    def begin(self, lane: Lane) -> asyncio.Task[None]:
        """See to it that the lane is being worked on. What becomes of its turns stands in the inbox.

        Raises BadRequest when nothing is worked on here any more.
        """
        if self._over:
            raise BadRequest("this memory was closed: what it has accepted is remembered once it is opened again")
        self._unfinished.add(lane)
        task = self._tasks.get(lane)
        if task is None:
            task = self._tasks[lane] = asyncio.create_task(self._work(lane))
            task.add_done_callback(partial(self._done, lane))
        return task

    def _done(self, lane: Lane, task: asyncio.Task[None]) -> None:
        """Drop a lane's drain that has ended in the process of an in-process `Memory`, and log its failure."""
        del self._tasks[lane]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("drain_failed", exception=places(error))

    async def ended(self, reach: Scope, lane: Lane, turn_id: str, wait_seconds: float) -> TurnStatus | None:
        """Work on a turn's lane until the turn has come to its end, or for so long; returns how the turn is then.

        Whoever else holds the lane is waited for.
        """
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + wait_seconds, _FIRST_PAUSE_SECONDS
        while True:
            work, left = self.begin(lane), max(0.0, deadline - clock())
            done = await wait_until_settled(reach, turn_id, min(left, pause), self._parts.turns)
            if done or left <= pause:
                return await self._parts.turns.get(reach, turn_id)
            if work.done() and not work.cancelled():
                work.result()  # what nobody foresaw is the caller's to know
            pause = min(_LAST_PAUSE_SECONDS, pause * 2)

    async def _work(self, lane: Lane) -> None:
        """Drain a lane within the process of an in-process `Memory`, in place of a worker, until no turn settles."""
        settled = 1
        try:
            while settled:  # a drain gives a full lane up after a while
                settled = await drain(lane, self._parts.drain)
            if not await self._parts.turns.pending(lane.scope):
                self._unfinished.discard(lane)
        except ScrubjayError as error:
            log.warning("drain_gave_up", error=error.code, reason=error.plain)

    async def _again_forever(self) -> None:
        while True:
            for lane in list(self._unfinished):
                self.begin(lane)
            await asyncio.sleep(self._sweep_seconds)

    async def lanes(self, tenant: str, statuses: Iterable[Status] = Status) -> set[Lane]:
        """The lanes that have turns of these statuses, whoever has accepted them."""
        lanes, turns = set[Lane](), self._parts.turns
        for status in statuses:
            part = await turns.page(tenant, status, None, Page(size=_PAGE))
            while True:
                scopes = [Scope(tenant=tenant, **_ids(turn)) for turn in part.items]
                lanes |= {scope.lane for scope in scopes if scope.ids}  # an erased turn is nobody's any more
                if part.after is None:
                    break
                part = await turns.page(tenant, status, None, Page(size=_PAGE, after=part.after))
        return lanes


def _ids(turn: TurnStatus) -> dict[str, str | None]:
    return {field: getattr(turn, field) for field in OWNERS}
