"""What an installation is called by: its keys in Redis, its collections in Qdrant, Celery's tasks and queue."""

from __future__ import annotations

REDIS_PREFIX = "sj:"
COLLECTION_PREFIX = "scrubjay-memories-"
DRAIN_TASK = "scrubjay.drain"
DELIVER_TASK = "scrubjay.deliver"
SWEEP_TASK = "scrubjay.sweep"
QUEUE = "scrubjay"


def celery_name(name: str, redis_prefix: str) -> str:
    """What an installation calls a queue or an exchange of Celery's: with its prefix, where it has one of its own.

    Args:
        name: as it is called where Redis is not shared. The queue's is also the name of a list in Redis.
        redis_prefix: what the installation's keys in Redis begin with.
    """
    return name if redis_prefix == REDIS_PREFIX else redis_prefix + name
