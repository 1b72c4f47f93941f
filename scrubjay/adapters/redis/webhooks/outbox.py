"""The outboxes of webhooks: what turns did becomes a delivery for each webhook that wants it, a part at a time."""

from __future__ import annotations

from scrubjay.adapters.redis.lane_names import LaneKeys
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.scripts.webhooks import FannedOut, hook_fan_out


class FanOut:
    """Works the outboxes off.

    Args:
        scripts: runs the steps.
        retention_seconds: how long a delivery is kept once it is done.
    """

    def __init__(self, scripts: RedisScripts, retention_seconds: int) -> None:
        self._scripts = scripts
        self._retention_seconds = retention_seconds

    async def step(self, tenant: str, lane: LaneKeys | None = None) -> FannedOut:
        """Run the Lua script that notes the next webhook deliveries of a tenant, or of one lane, from the outboxes.

        Raises InboxUnavailable.
        """
        return await hook_fan_out(self._scripts, tenant, lane.id if lane else None, self._retention_seconds)

    async def whole(self, lane: LaneKeys) -> None:
        """Note all webhook deliveries of one lane's outbox in Redis, script call by call. Raises InboxUnavailable."""
        while (await self.step(lane.tenant, lane)).is_more:
            pass
