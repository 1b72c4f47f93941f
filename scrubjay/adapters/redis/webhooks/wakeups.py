"""The bells of webhooks: rung when something was noted, and by the sweep when one was lost or a pause has ended."""

from __future__ import annotations

import asyncio
import contextlib

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts import RedisScripts, answered
from scrubjay.errors import InboxUnavailable
from scrubjay.ports import Doorbell

AWAKE_MS = 10_000  # whoever was rung for asks for a delivery before that, again and again
_MOST_BELLS = 100


class HookBells:
    """Rings for webhooks.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        bell: makes the message that wakes a worker.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, bell: Doorbell) -> None:
        self._redis = redis
        self._run = scripts.run
        self._keys = scripts.keys
        self._bell = bell

    async def ring(self, hook: str, *, leave: bool = False) -> int:
        """Ring for a webhook that is due, unless somebody is at it; returns how many bells that made.

        Args:
            hook: what stands for it.
            leave: whoever is at it is about to leave.
        """
        names = [self._keys.hook_awake(hook), self._keys.hooks_due, self._bell.queue]
        return int(await self._run("hook_ring", names, [hook, self._bell.hook_message(hook), AWAKE_MS, int(leave)]))

    async def ring_all(self, tenant: str) -> None:
        """Push a wake-up message to Redis' queue of the workers for each of a tenant's webhooks that is due.

        It is called as something was just noted; if it fails, the sweep does the same.
        """
        with contextlib.suppress(InboxUnavailable):
            known = await answered(self._redis.hkeys(self._keys.hooks(tenant)))
            await asyncio.gather(*(self.ring(self._keys.hook(tenant, one.decode())) for one in known))

    async def ring_due(self, monotonic_ms: int) -> int:
        """Ring for those of all tenants that are due by the monotonic clock; returns how many bells that made."""
        due = await answered(
            self._redis.zrangebyscore(self._keys.hooks_due, "-inf", monotonic_ms, start=0, num=_MOST_BELLS)
        )
        return sum(await asyncio.gather(*(self.ring(hook.decode()) for hook in due)))
