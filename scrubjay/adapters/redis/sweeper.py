"""The sweep on Redis: lanes that are due, wake-up messages that were lost, what is past its retention, the audit."""

from __future__ import annotations

import asyncio

from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.limits import MOST_MESSAGES, READY
from scrubjay.adapters.redis.scripts import sweeping
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.trimming import trim_some
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups
from scrubjay.logging_setup import attempted

_WOKEN_AT_ONCE, _MOST_WOKEN = 100, 20_000  # lanes, in a step and in a sweep
_LEAST_WAKING_SECONDS = 0.5
_WAKING_SHARE = 0.5  # of the time between two sweeps, at most
_TRIMMING_SHARE = 0.25  # of the time between two sweeps, at most


class RedisSweeper:
    """Sweeps: the port `Sweeper` on Redis.

    Args:
        core: what the adapters share.
        audit: looks through the ledgers.
        hook_wakeups: wakes workers for webhooks.
    """

    def __init__(self, core: RedisCore, audit: RedisAudit, hook_wakeups: HookWakeups) -> None:
        self._redis, self._scripts = core.redis, core.scripts
        self._limits, self._wakeups = core.limits, core.wakeups
        self._audit = audit
        self._hook_wakeups = hook_wakeups

    async def sweep(self) -> int:
        """Make lanes ready that are due and unheld, and wake workers; then trim and audit. Returns the messages sent.

        Every process may call it as often as it likes: Redis lets one through per `sweep_seconds`. Each of these steps
        is done, whatever becomes of the others.
        """
        term = await sweeping.elect(self._scripts, self._limits.sweep_ms)
        if term is None:
            return 0
        await attempted("wake", self._wake())
        sent = await attempted("ring", self._send_wakeups()) or 0
        sent += await attempted("webhooks", self._hook_wakeups.wake_due(term.monotonic_ms)) or 0
        oldest_us = term.now_us - self._limits.retention_seconds * 1_000_000
        share = self._limits.sweep_seconds * _TRIMMING_SHARE
        await attempted("trim", trim_some(self._redis, self._scripts, oldest_us, share))
        await attempted("audit", self._audit.look())
        return sent

    async def _wake(self) -> None:
        """Make ready what is due. What is due for longest comes first; the rest waits for the next sweep."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + max(self._limits.sweep_seconds * _WAKING_SHARE, _LEAST_WAKING_SECONDS)
        for _ in range(0, _MOST_WOKEN, _WOKEN_AT_ONCE):
            looked_at = await sweeping.wake(self._scripts, _WOKEN_AT_ONCE, self._limits.longest_lease_ms)
            if looked_at < _WOKEN_AT_ONCE or clock() > deadline:
                break

    async def _send_wakeups(self) -> int:
        """Send as many messages as lanes are ready, up to the most there may be: some may have been lost."""
        ready = await answered(self._redis.zcount(self._scripts.keys.lanes, READY, "+inf"))
        missing = min(ready, MOST_MESSAGES) - await answered(self._redis.llen(self._wakeups.queue))
        return await sweeping.send_wakeups(self._scripts, self._wakeups, missing) if missing > 0 else 0
