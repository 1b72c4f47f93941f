"""The table of recoveries, and a bar for each second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from tests.bench.claims import table
from tests.bench.recovery.figures import Recovery, summary


def rows(recovery: Recovery) -> Mapping[str, Sequence[float]]:
    """What is shown, each with its times in seconds."""
    kills = recovery.kills
    return {
        "kill to last turn it held": [kill.recovery for kill in kills],
        "kill to each turn it held": [seconds for kill in kills for seconds in kill.affected],
        "kill to last turn accepted before": [kill.all_done for kill in kills],
        "· rest of the lease": [seconds for kill in kills for seconds in kill.leases_left],
        "· lease ended to takeover (sweep)": [seconds for kill in kills for seconds in kill.takeovers],
    }


def show(recovery: Recovery, console: Console) -> None:
    """Print the medians and the worst, also in leases, and a histogram."""
    title = f"{len(recovery.kills)} kills of workers that held turns, lease {recovery.lease_seconds:g} s"
    shown = table(title, "", "n", "median s", "worst s", "median leases", "worst leases")
    for name, values in rows(recovery).items():
        seconds = summary(values)
        leases = [f"{value / recovery.lease_seconds:.2f}" for value in seconds]
        shown.add_row(name, str(len(values)), *(f"{value:.2f}" for value in seconds), *leases)
    console.print(shown)
    bars = table("Kills by recovery", "seconds", "kills", "")
    bars.columns[-1].justify = "left"
    for start, count in recovery.buckets(1):
        bars.add_row(f"{start:.0f} to {start + 1:.0f}", str(count), "▇" * count)
    console.print(bars)
    if recovery.missed:
        console.print(f"{recovery.missed} more kills hit nothing and were repeated")


def as_json(recovery: Recovery) -> dict[str, Any]:
    """Every kill, and the medians and the worst."""
    totals = {
        name: dict(zip(("median", "worst"), summary(values), strict=True)) for name, values in rows(recovery).items()
    }
    return {"seconds": totals, **asdict(recovery)}
