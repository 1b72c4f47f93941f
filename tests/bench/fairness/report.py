"""The tables: what the quiet tenant waited, what went on beside it, and how noisy lanes lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from tests.bench.claims import Claim, table
from tests.bench.fairness.figures import Comparison, Situation, Spread, Wait

RATIO, AIM = 1.25, 1.15
LANES_RATIO = 1.5
OTHER_TENANTS = (Situation.NOISY, Situation.POISONED, Situation.REPLAYING, Situation.ERASING)
MOST: Mapping[Situation, float] = {
    **dict.fromkeys(OTHER_TENANTS, RATIO),
    **dict.fromkeys((Situation.NOISY_LANE, Situation.POISONED_LANES), LANES_RATIO),
}
_SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def claims(comparison: Comparison) -> list[Claim]:
    """What is promised of each situation that was measured."""
    return [
        Claim(f"p99 {situation.heading}, times that of alone", most, comparison.ratio(situation))
        for situation, most in MOST.items()
        if comparison.of(situation)
    ]


def show(comparison: Comparison, console: Console) -> None:
    """One line a situation: medians of the rounds, and p99 of each round."""
    columns = ("quiet tenant", "turns", "p50 s", "p99 s", "max s", "p99 by round", "ratio", f"aim {AIM}")
    shown = table("From accept to settle", *columns)
    for situation in Situation:
        waits = comparison.of(situation)
        if not waits:
            continue
        medians = [f"{comparison.median(situation, share):.3f}" for share in _SHARES.values()]
        by_round = " ".join(f"{wait.at(0.99):.2f}" for wait in waits)
        ratio = comparison.ratio(situation)
        aim = ("met" if ratio <= AIM else "missed") if situation in OTHER_TENANTS else ""
        turns = sum(len(wait.seconds) for wait in waits)
        shown.add_row(situation.heading, f"{turns:,}", *medians, by_round, f"{ratio:.2f}", aim)
    console.print(shown)
    _show_beside(comparison, console)
    _show_processor(comparison, console)


def _show_beside(comparison: Comparison, console: Console) -> None:
    shown = table("What went on beside it, medians of the rounds", "situation", "what", "how many")
    for situation in Situation:
        for name, count in _medians([wait.beside.counts for wait in comparison.of(situation)]).items():
            shown.add_row(situation, name, f"{count:,.6g}")
    console.print(shown)


def _show_processor(comparison: Comparison, console: Console) -> None:
    names = sorted({name for wait in comparison.waits for name in wait.processor})
    shown = table("Processor, as a share of one core, medians of the rounds", "situation", *names)
    for situation in Situation:
        if waits := comparison.of(situation):
            shares = _medians([wait.processor for wait in waits])
            shown.add_row(situation, *(f"{shares[name]:.0%}" for name in names))
    console.print(shown)


def _medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.median(figures[name] for figures in rounds) for name in (rounds[0] if rounds else {})}


def show_spreads(spreads: Sequence[Spread], console: Console) -> None:
    """When noisy lanes that were filled together were done."""
    shown = table("Noisy lanes, filled together", "places in the workers", "lanes", "first s", "last s", "apart")
    for spread in spreads:
        ends = f"{min(spread.seconds):.1f}", f"{max(spread.seconds):.1f}"
        shown.add_row(str(spread.threads), str(len(spread.seconds)), *ends, f"{spread.apart:.0%}")
    console.print(shown)


def as_json(comparison: Comparison, spreads: Sequence[Spread]) -> dict[str, Any]:
    """Everything, round by round."""
    apart = [{"places": spread.threads, "seconds": spread.seconds, "apart": spread.apart} for spread in spreads]
    return {"rounds": [_round(wait) for wait in comparison.waits], "noisy_lanes": apart, "aim": AIM}


def _round(wait: Wait) -> dict[str, Any]:
    return {
        "situation": wait.situation,
        "turns": len(wait.seconds),
        **{label: round(wait.at(share), 4) for label, share in _SHARES.items()},
        "beside": dict(wait.beside.counts),
        "unfair": list(wait.beside.unfair),
        "processor": {name: round(share, 3) for name, share in wait.processor.items()},
    }
