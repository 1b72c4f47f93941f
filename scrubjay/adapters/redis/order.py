"""The order: one counter in Redis from which turns, fencing tokens and epochs are drawn.

Where the counter is missing (Redis is new, was emptied, or was restored without it), numbers of before may be greater
than what a clock says now. So the store is asked for the greatest number that it holds, before any token is drawn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from scrubjay.adapters.redis.lane_names import with_current_names
from scrubjay.adapters.redis.scripts.order import OrderUnseededError, seed
from scrubjay.adapters.redis.scripts.runner import RedisScripts

T = TypeVar("T")
log = structlog.get_logger(__name__)


class RedisOrder:
    """Runs the scripts that draw a number for what decides.

    Args:
        scripts: runs the steps.
        greatest: the greatest number in the store; 0 where it holds none.
    """

    def __init__(self, scripts: RedisScripts, greatest: Callable[[], Awaitable[int]]) -> None:
        self._scripts = scripts
        self._greatest = greatest

    async def run(self, step: Callable[[], Awaitable[T]]) -> T:
        """Run a script that draws a number. Raises InboxUnavailable, and StoreUnavailable where it cannot be seeded.

        Args:
            step: runs the script; it may raise OrderUnseededError or LanesRenamedError, and is called again once
                that is mended.
        """
        while True:
            try:
                return await with_current_names(step)
            except OrderUnseededError:
                await self.seed()

    async def seed(self) -> None:
        """Let the order go on after all that the store holds. Raises InboxUnavailable and StoreUnavailable."""
        greatest = await self._greatest()
        await seed(self._scripts, greatest)
        log.info("order_seeded", greatest=greatest)
