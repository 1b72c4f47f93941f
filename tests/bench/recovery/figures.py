"""How long it took until the work of a killed worker was done by another: the arithmetic."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kill:
    """One `kill -9` that hit. All times are in seconds.

    Args:
        worker: who was killed.
        affected: from the kill until a turn was settled, for each that the worker held: it needed a second attempt.
        others: the same for whatever else was not settled then: held by a worker that lives on, by nobody yet, or in a
            lane that the dead one had leased and had not yet taken a turn from.
        leases_left: from the kill until a lease of the dead worker ended by itself, for each lane taken over.
        takeovers: from there until another worker had the lane: the wait for the sweep and its bell.
    """

    worker: str
    affected: Sequence[float]
    others: Sequence[float]
    leases_left: Sequence[float]
    takeovers: Sequence[float]

    @property
    def recovery(self) -> float:
        """Until the last turn that the worker held was settled."""
        return max(self.affected)

    @property
    def all_done(self) -> float:
        """Until nothing was left that was accepted before the kill."""
        return max([*self.affected, *self.others])


@dataclass(frozen=True)
class Recovery:
    """All kills that hit.

    Args:
        lease_seconds: the lease that was set.
        kills: in order.
        missed: kills that hit nothing, and were repeated.
    """

    lease_seconds: float
    kills: Sequence[Kill]
    missed: int

    @property
    def worst(self) -> float:
        """The longest time until nothing was left that was accepted before a kill."""
        return max(kill.all_done for kill in self.kills)

    def buckets(self, width_seconds: float) -> list[tuple[float, int]]:
        """How many kills recovered within each stretch of time, from the shortest to the longest, by its beginning."""
        counts = [int(kill.recovery // width_seconds) for kill in self.kills]
        return [(number * width_seconds, counts.count(number)) for number in range(min(counts), max(counts) + 1)]


def summary(values: Sequence[float]) -> tuple[float, float]:
    """The median and the worst of some times; zeros when there are none."""
    return (statistics.median(values), max(values)) if values else (0.0, 0.0)
