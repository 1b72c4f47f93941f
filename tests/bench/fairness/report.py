"""The tables of what quiet lanes waited, and of how noisy lanes lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from tests.bench.claims import table
from tests.bench.fairness.figures import Comparison, Situation, Spread

_SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def show(title: str, comparison: Comparison, console: Console) -> None:
    """One line a situation: medians of the rounds, and the range of p99 over the rounds."""
    shown = table(title, "quiet lanes", "turns", "p50 s", "p99 s", "max s", "p99 by round", "ratio", "beside them")
    for situation in Situation:
        waits = comparison.of(situation)
        if not waits:
            continue
        medians = [f"{comparison.median(situation, share):.3f}" for share in _SHARES.values()]
        by_round = " ".join(f"{wait.at(0.99):.2f}" for wait in waits)
        ratio = f"{comparison.ratio(situation):.2f}"
        turns = sum(len(wait.seconds) for wait in waits)
        shown.add_row(situation, f"{turns:,}", *medians, by_round, ratio, _beside(comparison, situation))
    console.print(shown)


def _beside(comparison: Comparison, situation: Situation) -> str:
    waits = comparison.of(situation)
    if situation is Situation.NOISY:
        first, last = min(wait.waiting[0] for wait in waits), min(wait.waiting[1] for wait in waits)
        return f"{first:,} waiting, in the end {last:,}"
    if situation is Situation.POISONED:
        return f"{sum(wait.dead for wait in waits):,} turns died"
    return ""


def show_spreads(spreads: Sequence[Spread], console: Console) -> None:
    """When noisy lanes that were filled together were done."""
    shown = table("Noisy lanes, filled together", "places in the workers", "lanes", "first s", "last s", "apart")
    for one in spreads:
        ends = f"{min(one.seconds):.1f}", f"{max(one.seconds):.1f}"
        shown.add_row(str(one.threads), str(len(one.seconds)), *ends, f"{one.apart:.0%}")
    console.print(shown)


def as_json(comparisons: Mapping[str, Comparison], spreads: Sequence[Spread]) -> dict[str, Any]:
    """Everything, round by round."""
    rounds = {
        name: [
            {
                "situation": wait.situation,
                "turns": len(wait.seconds),
                **{label: round(wait.at(share), 4) for label, share in _SHARES.items()},
                "waiting": wait.waiting,
                "dead": wait.dead,
            }
            for wait in comparison.waits
        ]
        for name, comparison in comparisons.items()
    }
    apart = [{"places": one.threads, "seconds": one.seconds, "apart": one.apart} for one in spreads]
    return {"rounds": rounds, "noisy_lanes": apart}
