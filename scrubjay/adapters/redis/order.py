"""The order: one counter in Redis from which turns, fencing tokens and epochs are drawn.

Where the counter is missing (Redis is new, was emptied, or was restored without it), numbers of before may be greater
than what a clock says now. So the store is asked for the greatest number that it holds, before any token is drawn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from scrubjay.adapters.redis.scripts import Argument, RedisScripts

log = structlog.get_logger(__name__)

UNSEEDED = b"unseeded"


class RedisOrder:
    """Runs the scripts that draw a number for what decides.

    Args:
        scripts: runs the steps.
        greatest: the greatest number in the store; 0 where it holds none.
    """

    def __init__(self, scripts: RedisScripts, greatest: Callable[[], Awaitable[int]]) -> None:
        self._run = scripts.run
        self._greatest = greatest

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run one script. Raises InboxUnavailable, and StoreUnavailable where the counter must be seeded first."""
        answer = await self._run(name, keys, args)
        while answer == UNSEEDED:
            await self.seed()
            answer = await self._run(name, keys, args)
        return answer

    async def seed(self) -> None:
        """Let the order go on after all that the store holds. Raises InboxUnavailable and StoreUnavailable."""
        greatest = await self._greatest()
        await self._run("seed", [], [greatest])
        log.info("order_seeded", greatest=greatest)
