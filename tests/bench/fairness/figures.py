"""What the quiet tenant waited, and how far noisy lanes lie apart: the arithmetic."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Situation(StrEnum):
    """What goes on beside the quiet tenant: another tenant's work, or lanes of its own."""

    ALONE = "alone"
    NOISY = "noisy"
    POISONED = "poisoned"
    REPLAYING = "replaying"
    ERASING = "erasing"
    NOISY_LANE = "noisy-lane"
    POISONED_LANES = "poisoned-lanes"

    @property
    def heading(self) -> str:
        """As it stands in the tables."""
        return _TITLES[self]


_TITLES: Mapping[Situation, str] = {
    Situation.ALONE: "alone",
    Situation.NOISY: "beside a noisy tenant",
    Situation.POISONED: "beside a poisoned tenant",
    Situation.REPLAYING: "beside a replaying tenant",
    Situation.ERASING: "beside an erasing tenant",
    Situation.NOISY_LANE: "beside a noisy lane of its own",
    Situation.POISONED_LANES: "beside poisoned lanes of its own",
}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least so large a share, in (0, 1], of the values does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


@dataclass(frozen=True)
class Activity:
    """What went on beside the quiet tenant in one round.

    Args:
        counts: by name.
        unfair: why the round shows nothing: what should have gone on and did not, a sentence each.
    """

    counts: Mapping[str, float] = field(default_factory=dict)
    unfair: Sequence[str] = ()


@dataclass(frozen=True)
class Wait:
    """From accept to settle in one situation of one round.

    Args:
        situation: what went on beside.
        seconds: of every turn of the quiet tenant.
        beside: how much of it.
        processor: the share of one core that each process used meanwhile.
    """

    situation: Situation
    seconds: Sequence[float]
    beside: Activity = Activity()
    processor: Mapping[str, float] = field(default_factory=dict)

    def at(self, share: float) -> float:
        """A percentile in seconds."""
        return percentile(self.seconds, share)


@dataclass(frozen=True)
class Comparison:
    """All rounds."""

    waits: Sequence[Wait]

    def of(self, situation: Situation) -> list[Wait]:
        """One situation's waits, round by round."""
        return [wait for wait in self.waits if wait.situation is situation]

    def median(self, situation: Situation, share: float) -> float:
        """The median of the rounds' percentiles, in seconds."""
        return statistics.median(wait.at(share) for wait in self.of(situation))

    def ratio(self, situation: Situation, share: float = 0.99) -> float:
        """How many times as long as alone."""
        return self.median(situation, share) / self.median(Situation.ALONE, share)

    def unfair(self) -> list[str]:
        """Why the comparison shows nothing, round by round."""
        return [f"{wait.situation.heading}, {reason}" for wait in self.waits for reason in wait.beside.unfair]


@dataclass(frozen=True)
class Spread:
    """When lanes that were filled at the same time were done.

    Args:
        threads: lanes that all workers together can work on at once.
        seconds: after the last post, for each lane.
    """

    threads: int
    seconds: Sequence[float]

    @property
    def apart(self) -> float:
        """The time between the first and the last lane being done, as a share of the last one's."""
        return (max(self.seconds) - min(self.seconds)) / max(self.seconds)
