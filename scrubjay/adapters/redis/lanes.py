"""The lanes on Redis: leases, batches, failures, epochs and announcements together are the port `Lanes`."""

from __future__ import annotations

from scrubjay.adapters.redis.batches import RedisBatches
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.failures import RedisFailures
from scrubjay.adapters.redis.leasing import RedisLeasing
from scrubjay.adapters.redis.webhooks.announcing import RedisAnnouncements


class RedisLanes:
    """The port `Lanes` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Each method is that of the part that does the work.

    Args:
        leasing: holds lanes.
        batches: works on what was taken.
        failures: what follows when a batch has failed.
        epochs: which turns an erase has covered.
        announcements: announces changes by hand to webhooks.
    """

    def __init__(
        self,
        leasing: RedisLeasing,
        batches: RedisBatches,
        failures: RedisFailures,
        epochs: RedisEpochs,
        announcements: RedisAnnouncements,
    ) -> None:
        self.leasing, self.batches, self.failures = leasing, batches, failures
        self.lease, self.claim, self.edit, self.hand_back = (
            leasing.lease,
            leasing.claim,
            leasing.edit,
            leasing.hand_back,
        )
        self.take, self.record = batches.take, batches.record
        self.confirm, self.settle = batches.confirm, batches.settle
        self.outcomes, self.postpone, self.fail = failures.outcomes, failures.postpone, failures.fail
        self.epochs, self.erased = epochs.covering, epochs.erased
        self.note, self.tell = announcements.note, announcements.tell
