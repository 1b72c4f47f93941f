"""The bounds of the inbox: how long leases, retries and retentions last, and how much may wait."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MESSAGES = 64  # that wake workers for lanes, in the queue at a time: each finds its lane when it is heard
READY = (
    10**15
)  # what a lane that is ready has more in `lanes` than the moment since when it is due, as in `lua/_ready.lua`
_STORE_MS = 30_000
_STEP_MS = 5_000  # by so much a jump of Redis' clock can shorten a pause, as in `lua/_clock.lua`


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """Bounds of the inbox; units are in the names."""

    lease_seconds: float = 15
    max_attempts: int = 5
    max_backlog: int = 1_000_000
    max_lane_backlog: int = 20_000
    retry_max_seconds: float = 60
    retention_seconds: int = 7 * 24 * 3600
    text_retention_seconds: int | None = None  # None: as long as the status
    epoch_retention_seconds: int | None = None  # None: as long as the status
    sweep_seconds: float = 2

    @property
    def sweep_ms(self) -> int:
        """The time between two sweeps in milliseconds."""
        return max(1, int(self.sweep_seconds * 1000))

    @property
    def text_seconds(self) -> int:
        """How long the words of a settled turn stay; never longer than its status."""
        longest = self.retention_seconds
        return longest if self.text_retention_seconds is None else min(self.text_retention_seconds, longest)

    @property
    def epoch_seconds(self) -> int:
        """How long it is known that an owner was forgotten; never shorter than turns are kept."""
        return max(self.retention_seconds, self.epoch_retention_seconds or 0)

    @property
    def lease_ms(self) -> int:
        """The lease in milliseconds."""
        return int(self.lease_seconds * 1000)

    @property
    def longest_lease_ms(self) -> int:
        """Nobody takes a lane for longer than this at once."""
        return self.lease_ms

    @property
    def finish_ms(self) -> int:
        """By then whoever could write under a lease of before has written, or never will, though a clock jumps once."""
        return self.lease_ms + _STORE_MS + _STEP_MS
