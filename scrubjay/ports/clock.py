"""The port to the time that all processes share."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Redis' time. What has expired, and when something was said, is asked of it and of no process' own clock."""

    async def now(self) -> datetime:
        """What time it is; right to a few seconds where Redis' clock has just jumped. Where Redis is away: our own."""

    async def agrees(self) -> bool:
        """Whether our own clock and Redis' agree to a minute. Where Redis is away nobody knows: False."""

    async def look(self) -> None:
        """Compare Redis' clock with the monotonic one since the last look; tell of a jump. Raises InboxUnavailable."""
