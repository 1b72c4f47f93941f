"""Counting requests: a bucket for each key in Redis, from which every process takes a handful at a time.

So most requests cost no call of Redis, and all processes together never let more through than the limit. What a process
has taken and does not use is lost: half a second's worth at most.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cachetools import TTLCache

from scrubjay.adapters.redis.scripts import RedisScripts
from scrubjay.ports import Rate

_MINUTE_SECONDS = 60.0
_HANDFULS_A_MINUTE = 120
_REMEMBERED_SECONDS = 60
_MOST_REMEMBERED = 50_000


@dataclass
class _Purse:
    """What this process holds of somebody's requests.

    Args:
        held: requests that were taken out of the bucket and not made yet.
        left: how many were in the bucket then.
        empty_until: on the loop's clock, in seconds: before that there is no use in asking Redis.
    """

    held: int = 0
    left: float = 0.0
    empty_until: float = 0.0
    filling: asyncio.Task[None] | None = None


class RedisRates:
    """The port `Rates`.

    Args:
        scripts: runs the steps.
    """

    def __init__(self, scripts: RedisScripts) -> None:
        self._run = scripts.run
        self._purses: TTLCache[tuple[str, int], _Purse] = TTLCache(_MOST_REMEMBERED, _REMEMBERED_SECONDS)
        self._keys = scripts.keys

    async def count(self, name: str, per_minute: int) -> Rate:
        """One more request of somebody. Raises InboxUnavailable."""
        purse = self._purses.setdefault((name, per_minute), _Purse())
        now = asyncio.get_running_loop().time()
        while purse.held < 1 and purse.empty_until <= now:
            if purse.filling is None or purse.filling.done():
                purse.filling = asyncio.create_task(self._fill(purse, name, per_minute))
            await asyncio.shield(purse.filling)
            now = asyncio.get_running_loop().time()
        spent = purse.held >= 1
        purse.held -= spent
        whole = purse.held + purse.left
        return Rate(
            limit=per_minute,
            remaining=int(whole),
            reset_seconds=max(0.0, per_minute - whole) * _MINUTE_SECONDS / per_minute,
            retry_after_seconds=None if spent else purse.empty_until - now,
        )

    async def _fill(self, purse: _Purse, name: str, per_minute: int) -> None:
        handful = max(1, per_minute // _HANDFULS_A_MINUTE)
        taken, left = await self._run("rate", [self._keys.rate(name)], [per_minute, handful])
        purse.held, purse.left = purse.held + int(taken), float(left)
        if not taken:
            missing_seconds = (1 - purse.left) * _MINUTE_SECONDS / per_minute
            purse.empty_until = asyncio.get_running_loop().time() + missing_seconds
