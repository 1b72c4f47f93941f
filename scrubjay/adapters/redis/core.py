"""What the adapters of one installation share on Redis: opened and made once, and handed to each part."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.ports import WakeupMessages


@dataclass(frozen=True, slots=True)
class RedisCore:
    """What the parts of the inbox and of the lanes work with.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        lanes: runs the steps, and names lanes.
        wakeups: makes the messages that wake workers.
        limits: bounds.
        pseudonyms: what stands for an owner.
        order: runs the steps that draw a number of the order.
    """

    redis: Redis
    lanes: LaneScripts
    wakeups: WakeupMessages
    limits: InboxLimits
    pseudonyms: Pseudonyms
    order: RedisOrder

    @property
    def scripts(self) -> RedisScripts:
        """Runs the steps that are of no lane."""
        return self.lanes.scripts

    @property
    def keys(self) -> Keys:
        """Makes the keys."""
        return self.scripts.keys
