"""Counting requests: a bucket for each key in Redis, from which every process takes a handful at a time.

So most requests cost no call of Redis, and all processes together never let more through than the limit. What a process
has taken and does not use is lost: half a second's worth at most.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cachetools import TTLCache

from scrubjay.adapters.redis.scripts.calls import rate
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.ports import Rate

_MINUTE_SECONDS = 60.0
_HANDFULS_A_MINUTE = 120
_REMEMBERED_SECONDS = 60
_MOST_REMEMBERED = 50_000


@dataclass
class _Allowance:
    """What this process holds of somebody's requests.

    Args:
        count: requests that were taken out of the bucket and not made yet.
        left: how many were in the bucket then.
        empty_until: on the loop's clock, in seconds: before that there is no use in asking Redis.
    """

    count: int = 0
    left: float = 0.0
    empty_until: float = 0.0
    filling: asyncio.Task[None] | None = None


class RedisRates:
    """The port `Rates`.

    Args:
        scripts: runs the steps.
    """

    def __init__(self, scripts: RedisScripts) -> None:
        self._scripts = scripts
        self._allowances: TTLCache[tuple[str, int], _Allowance] = TTLCache(_MOST_REMEMBERED, _REMEMBERED_SECONDS)

    async def count(self, name: str, per_minute: int) -> Rate:
        """One more request of somebody. Raises InboxUnavailable."""
        allowance = self._allowances.setdefault((name, per_minute), _Allowance())
        now = asyncio.get_running_loop().time()
        while allowance.count < 1 and allowance.empty_until <= now:
            if allowance.filling is None or allowance.filling.done():
                allowance.filling = asyncio.create_task(self._fill(allowance, name, per_minute))
            await asyncio.shield(allowance.filling)
            now = asyncio.get_running_loop().time()
        is_allowed = allowance.count >= 1
        allowance.count -= is_allowed
        whole = allowance.count + allowance.left
        return Rate(
            limit=per_minute,
            remaining=int(whole),
            reset_seconds=max(0.0, per_minute - whole) * _MINUTE_SECONDS / per_minute,
            retry_after_seconds=None if is_allowed else allowance.empty_until - now,
        )

    async def _fill(self, allowance: _Allowance, name: str, per_minute: int) -> None:
        handful = max(1, per_minute // _HANDFULS_A_MINUTE)
        taken, allowance.left = await rate(self._scripts, name, per_minute, handful)
        allowance.count += taken
        if not taken:
            missing_seconds = (1 - allowance.left) * _MINUTE_SECONDS / per_minute
            allowance.empty_until = asyncio.get_running_loop().time() + missing_seconds
