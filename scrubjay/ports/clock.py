"""The port to the time that all processes share."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Redis' time. What has expired, and when something was said, is asked of it and of no process' own clock."""

    async def now(self) -> datetime:
        """Protocol method: what time it is by the clock that all processes share, which is Redis'.

        Right to a few seconds where Redis' clock has just jumped. Where Redis is away: our own.
        """

    async def agrees(self) -> bool:
        """Whether our own clock and Redis' agree to a minute. Where Redis is away nobody knows: False."""

    async def look(self) -> None:
        """Protocol method: compare Redis' clock with the monotonic one since the last look; tell of a jump.

        Raises InboxUnavailable.
        """
