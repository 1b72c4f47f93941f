"""The outboxes of webhooks: what turns did becomes a delivery for each webhook that wants it, a part at a time."""

from __future__ import annotations

from scrubjay.adapters.redis.scripts import Argument, RedisScripts
from scrubjay.adapters.redis.webhooks.wakeups import AWAKE_MS
from scrubjay.model import Lane

ALL = ""  # in the place of a webhook's id: all of a tenant's, whose outboxes are to be worked off
_AT_ONCE = 20  # deliveries a step: some hundred commands


class FanOut:
    """Works the outboxes off.

    Args:
        scripts: runs the steps.
        retention_seconds: how long a delivery is kept once it is done.
    """

    def __init__(self, scripts: RedisScripts, retention_seconds: int) -> None:
        self._run = scripts.run
        self._keys = scripts.keys
        self._retention_seconds = retention_seconds

    async def step(self, tenant: str, lane: Lane | None = None) -> tuple[int, bool]:
        """Run the Lua script that notes the next webhook deliveries of a tenant, or of one lane, from the outboxes.

        Returns how many, and whether there is more to note. Raises InboxUnavailable.
        """
        own = self._keys.hook(tenant, ALL)
        names = [
            self._keys.hooks(tenant),
            self._keys.hook_lanes(tenant),
            self._keys.hook_awake(own),
            self._keys.hooks_due,
        ]
        args: list[Argument] = [tenant, _AT_ONCE, self._retention_seconds, self._keys.turn_prefix(tenant)]
        args += [self._keys.hook_outbox_prefix(), AWAKE_MS, "" if lane is None else lane.key]
        noted, more = await self._run("hook_fan_out", names, args)
        return int(noted), bool(more)

    async def whole(self, lane: Lane) -> None:
        """Note all webhook deliveries of one lane's outbox in Redis, script call by call. Raises InboxUnavailable."""
        while (await self.step(lane.tenant, lane))[1]:
            pass
