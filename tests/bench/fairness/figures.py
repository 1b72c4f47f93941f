"""What the quiet lanes waited, and how far noisy lanes lie apart: the arithmetic."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Situation(StrEnum):
    """What goes on beside the quiet lanes."""

    ALONE = "alone"
    NOISY = "beside a noisy lane"
    POISONED = "beside poisoned lanes"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least so large a share, in (0, 1], of the values does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


@dataclass(frozen=True)
class Wait:
    """From accept to settle in one situation of one round.

    Args:
        situation: what went on beside.
        seconds: of every turn of the quiet lanes.
        waiting: turns that the noisy lane held at the beginning and at the end.
        dead: turns of the poisoned lanes that went to the dead letters.
    """

    situation: Situation
    seconds: Sequence[float]
    waiting: tuple[int, int] = (0, 0)
    dead: int = 0

    def at(self, share: float) -> float:
        """A percentile in seconds."""
        return percentile(self.seconds, share)


@dataclass(frozen=True)
class Comparison:
    """All rounds of one kind of stack."""

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

    def unfair(self, noisy_floor: int) -> list[str]:
        """Why the comparison shows nothing: what should have gone on beside the quiet lanes and did not.

        Args:
            noisy_floor: so many turns the noisy lane must hold to the end.
        """
        reasons = [
            f"the noisy lane held only {wait.waiting[1]:,} turns at the end of a round, {noisy_floor:,} were wanted"
            for wait in self.of(Situation.NOISY)
            if wait.waiting[1] < noisy_floor
        ]
        return reasons + ["no poisoned turn died in a round" for wait in self.of(Situation.POISONED) if not wait.dead]


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
