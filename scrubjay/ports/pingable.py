"""What everything that is opened has in common."""

from __future__ import annotations

from typing import Protocol


class Pingable(Protocol):
    """Anything that is opened can be pinged."""

    async def ping(self) -> None:
        """Return when the part answers; raise a Transient error naming it when it does not."""
