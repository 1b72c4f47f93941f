"""A desk on an empty Redis."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from tests.contract.desk import Desk, desk_on


@pytest.fixture
async def desk(redis: Redis) -> Desk:
    """An empty inbox with its lanes and its statuses."""
    return desk_on(redis, InboxLimits(lease_seconds=15, max_attempts=2))
