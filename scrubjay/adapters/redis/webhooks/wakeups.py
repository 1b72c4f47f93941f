"""Wake-ups for webhooks: sent when something was noted, and by the sweep when one was lost or a pause has ended.

Such a message goes to the front of the queue: delivering is only begun on it, which takes no time, and before it may
stand messages for lanes, of which each keeps a thread for a while.
"""

from __future__ import annotations

import asyncio
import contextlib

from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.adapters.redis.scripts.webhooks import hook_send_wakeup
from scrubjay.errors import InboxUnavailable
from scrubjay.ports import WakeupMessages

_AT_ONCE, _MOST_LOOKED_AT = 100, 1_000  # webhooks, in a sweep


class HookWakeups:
    """Wakes workers for webhooks.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, wakeups: WakeupMessages) -> None:
        self._redis = redis
        self._scripts = scripts
        self._keys = scripts.keys
        self._wakeups = wakeups

    async def wake(self, hook: str, *, leave: bool = False) -> int:
        """Wake a worker for a webhook that is due, unless somebody is at it; returns how many messages that made.

        Args:
            hook: what stands for it.
            leave: whoever is at it is about to leave.
        """
        return await hook_send_wakeup(self._scripts, hook, self._wakeups, leave=leave)

    async def wake_all(self, tenant: str) -> None:
        """Push a wake-up message to Redis' queue of the workers for each of a tenant's webhooks that is due.

        It is called as something was just noted; if it fails, the sweep does the same.
        """
        with contextlib.suppress(InboxUnavailable):
            known = await answered(self._redis.hkeys(self._keys.hooks(tenant)))
            await asyncio.gather(*(self.wake(self._keys.hook(tenant, hook.decode())) for hook in known))

    async def wake_due(self, monotonic_ms: int) -> int:
        """Send messages for those of all tenants that are due by the monotonic clock; returns how many.

        Those that somebody is at are due as well, and hide no other: some more are looked at.
        """
        sent = 0
        for start in range(0, _MOST_LOOKED_AT, _AT_ONCE):
            due = await answered(
                self._redis.zrangebyscore(self._keys.hooks_due, "-inf", monotonic_ms, start=start, num=_AT_ONCE)
            )
            sent += sum(await asyncio.gather(*(self.wake(hook.decode()) for hook in due)))
            if len(due) < _AT_ONCE or sent >= _AT_ONCE:
                break
        return sent
