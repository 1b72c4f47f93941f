"""Announcing to webhooks what turns and edits by hand have done: deliveries are noted, and workers are woken."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.scripts.webhooks import ALL, hook_again, hook_note
from scrubjay.adapters.redis.webhooks.outbox import FanOut
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups
from scrubjay.errors import InboxUnavailable
from scrubjay.model import Lane, Lease, Notification


class RedisAnnouncements:
    """The part of the port `Lanes` for webhooks.

    Args:
        core: what the adapters share.
        fan_out: works the outboxes off.
        wakeups: wakes workers for webhooks.
    """

    def __init__(self, core: RedisCore, fan_out: FanOut, wakeups: HookWakeups) -> None:
        self._lanes, self._limits, self._keys = core.lanes, core.limits, core.keys
        self._fan_out = fan_out
        self._wakeups = wakeups

    async def begin(self, lane: Lane) -> None:
        """Note the first deliveries at once; a worker notes the rest, or the sweep wakes one if we die here."""
        with contextlib.suppress(InboxUnavailable):
            if (await self._fan_out.step(lane.tenant, await self._lanes.of(lane))).is_more:
                await self._wakeups.wake(self._keys.hook(lane.tenant, ALL))
        await self._wakeups.wake_all(lane.tenant)

    async def note(self, lease: Lease, notification: Notification) -> Sequence[str]:
        """Note a change by hand for the webhooks that want it, before it is made; returns the deliveries' ids."""
        await self._fan_out.whole(await self._lanes.of(lease.lane))  # what turns did comes first
        return await hook_note(self._lanes, lease, notification, self._limits)

    async def tell(self, tenant: str, noted: Sequence[str]) -> None:
        """What was noted has been done: let it be delivered."""
        if noted:
            with contextlib.suppress(InboxUnavailable):  # it is due in a while by itself
                await hook_again(self._lanes.scripts, tenant, noted)
            await self._wakeups.wake_all(tenant)
