"""The bounds of the inbox: how long leases, retries and retentions last, and how much may wait."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MESSAGES = 64  # that wake workers for lanes, in the queue at a time: each finds its lane when it is heard
READY = (
    10**15
)  # what a lane that is ready has more in `lanes` than the moment since when it is due, as in `lua/_ready.lua`
_STORE_MS = 30_000
_TENANTS_SHARE = 5  # a fifth of all turns that may wait: a tenant beside others, unless a setting says how many
_STEP_MS = 5_000  # by so much a jump of Redis' clock can shorten a pause, as in `lua/_clock.lua`


# The answers of the scripts that a limit of what waits makes refuse a turn, the widest first.
LANE_FULL = "lane_full"
FULL = {
    "full": "too many turns of all tenants together are waiting",
    "tenant_full": "too many turns of this tenant are waiting",
    LANE_FULL: "too many turns of this owner are waiting",
}


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """Bounds of the inbox; units are in the names."""

    lease_seconds: float = 15
    max_attempts: int = 5
    max_backlog: int = 1_000_000
    max_tenant_backlog: int | None = None  # None: a part of `max_backlog`, and all of it for the only tenant
    max_lane_backlog: int = 20_000
    retry_max_seconds: float = 60
    retention_seconds: int = 7 * 24 * 3600
    text_retention_seconds: int | None = None  # None: as long as the status
    epoch_retention_seconds: int | None = None  # None: as long as the status
    sweep_seconds: float = 2

    @property
    def tenant_backlog(self) -> tuple[int, int]:
        """How many turns of a tenant may wait: of one beside others, and of the only tenant that ever had a turn."""
        if self.max_tenant_backlog is not None:
            return self.max_tenant_backlog, self.max_tenant_backlog
        return max(1, self.max_backlog // _TENANTS_SHARE), self.max_backlog

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
