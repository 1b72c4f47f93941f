"""The processes of a stack, run together: started stage by stage, stopped in the opposite order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.managed_process import Child, Part

POLL_SECONDS = 0.05


class ProcessGroup:
    """Supervises stages of parts.

    Args:
        stages: a stage is started when every part of the one before is ready.
        directory: owned by the caller; pid files and logs go there.
        tell: called with one line for each event worth reporting.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[Part]],
        directory: DataDirectory,
        *,
        tell: Callable[[str], None],
    ) -> None:
        self._stages = [[Child(part, directory, tell) for part in stage] for stage in stages]
        self._tasks: dict[Child, asyncio.Task[None]] = {}

    @property
    def children(self) -> list[Child]:
        """Every child, in the order of starting."""
        return [child for stage in self._stages for child in stage]

    async def start(self) -> None:
        """Return when every part is ready. Raises PartFailed when one cannot start; the others still run."""
        for stage in self._stages:
            for child in stage:
                self._tasks[child] = asyncio.create_task(child.supervise())
            await self._unless_a_child_fails(self._until_ready(stage))
        for child in self.children:
            child.forgiving = True

    async def stop(self) -> None:
        """End every part, the last stage first."""
        for stage in reversed(self._stages):
            running = [self._tasks[child] for child in stage if child in self._tasks]
            for child in stage:
                child.stop()
            await asyncio.gather(*running, return_exceptions=True)

    def hurry(self) -> None:
        """Shorten the grace of whatever is ending, or will be, to nothing."""
        for child in self.children:
            child.hurry()

    async def _until_ready(self, stage: Sequence[Child]) -> None:
        for child in stage:
            while not child.ready:
                child.ready = await child.part.ready()
                await asyncio.sleep(0 if child.ready else POLL_SECONDS)

    async def failed(self) -> None:
        """Return when a child is no longer supervised, which only a failure causes; raises that failure."""
        done, _ = await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _unless_a_child_fails(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for the work, or for the first child that gives up."""
        working, failed = asyncio.create_task(work), asyncio.create_task(self.failed())
        try:
            await asyncio.wait([working, failed], return_when=asyncio.FIRST_COMPLETED)
            await (failed if failed.done() else working)
        finally:
            working.cancel()
            failed.cancel()
