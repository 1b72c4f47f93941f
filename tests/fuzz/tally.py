"""What a fuzzing run has seen: requests by operation and status, and each kind of failure with its first request."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HUNG_UP = "hung up"  # no answer: the other side closed the connection


@dataclass
class Failure:
    """One kind of failure.

    Args:
        operation: such as `POST /turns`.
        what: what was wrong, in a few words.
        answer: the status and what was answered, shortened.
        reproduction: a command line that shows it.
        times: how often it was seen.
    """

    operation: str
    what: str
    answer: str
    reproduction: str
    times: int = 1


@dataclass
class Tally:
    """Counts what comes."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[tuple[str, str], Failure] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return sum(counts.total() for counts in self.statuses.values())

    def answered(self, operation: str, status: str) -> None:
        """One request and what came of it."""
        self.statuses[operation][status] += 1

    def failed(self, failure: Failure) -> None:
        """One failure; of a kind that was seen before only the number is kept."""
        seen = self.failures.setdefault((failure.operation, failure.what), failure)
        if seen is not failure:
            seen.times += 1

    def failures_of(self, operation: str) -> int:
        """How many failures an operation had."""
        return sum(failure.times for failure in self.failures.values() if failure.operation == operation)

    def as_json(self) -> Mapping[str, Any]:
        """The same for a file."""
        return {
            "requests": self.requests,
            "operations": {name: dict(sorted(counts.items())) for name, counts in sorted(self.statuses.items())},
            "failures": [vars(failure) for failure in self.failures.values()],
        }
