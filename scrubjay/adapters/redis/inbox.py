"""The inbox on Redis: intake, sweep, replay, erasing and removals together are the port `Inbox`."""

from __future__ import annotations

from scrubjay.adapters.redis.erase.erasing import RedisErasing
from scrubjay.adapters.redis.erase.removals import RedisRemovals
from scrubjay.adapters.redis.intake import RedisIntake
from scrubjay.adapters.redis.reviving import RedisReviving
from scrubjay.adapters.redis.sweeping import RedisSweep


class RedisInbox:
    """The port `Inbox` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Each method is that of the part that does the work.

    Args:
        intake: accepts turns.
        sweep: sweeps.
        reviving: replays and discards turns.
        erasing: removes an owner's turns.
        removals: removals that are to be repeated.
    """

    def __init__(
        self,
        intake: RedisIntake,
        sweep: RedisSweep,
        reviving: RedisReviving,
        erasing: RedisErasing,
        removals: RedisRemovals,
    ) -> None:
        self.intake, self.sweeping, self.reviving = intake, sweep, reviving
        self.ping, self.accept, self.sweep = intake.ping, intake.accept, sweep.sweep
        self.revive, self.discard = reviving.revive, reviving.discard
        self.holding, self.raise_epoch, self.erase = erasing.holding, erasing.raise_epoch, erasing.erase
        self.unplan, self.left = erasing.unplan, erasing.left
        self.drop_notifications = erasing.drop_notifications
        self.note_removal, self.unfinished = removals.note_removal, removals.unfinished
        self.put_back, self.finished = removals.put_back, removals.finished
