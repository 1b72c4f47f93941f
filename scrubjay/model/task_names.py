"""What the inbox, the worker and Celery's configuration call the tasks and the queue."""

from __future__ import annotations

REDIS_PREFIX = "sj:"
DRAIN_TASK = "scrubjay.drain"
DELIVER_TASK = "scrubjay.deliver"
SWEEP_TASK = "scrubjay.sweep"
QUEUE = "scrubjay"


def queue_of(redis_prefix: str) -> str:
    """The queue of an installation, also the name of a list in Redis: `scrubjay`, unless it has a prefix of its own.

    Args:
        redis_prefix: what the installation's keys in Redis begin with.
    """
    return QUEUE if redis_prefix == REDIS_PREFIX else redis_prefix + QUEUE
