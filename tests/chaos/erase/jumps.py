"""Jumps of Redis' clock, both ways and far, while owners are forgotten."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.faketime import MovableClock

_HOUR, _DAY = 3600, 86_400
# After each round the clock is right again. No jump is so long that what is kept for days would end.
_JUMPS = (_HOUR, -_HOUR, _DAY, -2 * _DAY, _DAY, 5, 3 * _HOUR, -4 * _HOUR, _HOUR - 5)


@asynccontextmanager
async def jumping(clock: MovableClock, every_seconds: float) -> AsyncIterator[None]:
    """Move the clock again and again until left; then set it right.

    Args:
        clock: of Redis.
        every_seconds: how long it stays where it is.
    """

    async def jump() -> None:
        for seconds in itertools.cycle(_JUMPS):
            await asyncio.sleep(every_seconds)
            clock.jump(seconds)

    task = asyncio.create_task(jump())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        clock.right()


def long_jumps(clock: MovableClock) -> int:
    """How many jumps of an hour or more there were."""
    return sum(abs(seconds) >= _HOUR for seconds in clock.jumps)
