"""The tables of the abuse, and what is claimed about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import quantiles
from typing import Any

from rich.console import Console

from tests.abuse.load import Tally
from tests.abuse.probes import Seen
from tests.bench.claims import Claim, concluded, table

RATIO, WORST_SECONDS = 20, 2.0


def p99(seconds: list[float]) -> float:
    """What one in a hundred takes at least."""
    return quantiles(seconds, n=100, method="inclusive")[98]


def probes_shown(idle: Mapping[str, Seen], abused: Mapping[str, Seen], console: Console) -> None:
    """What others saw, in milliseconds."""
    shown = table(
        "Others, in ms", "what", "idle p50", "idle p99", "p50", "p99", "worst", "p99 of idle", "failed", "times"
    )
    for name, before in idle.items():
        during = abused[name]
        figures = (_median(before.seconds), p99(before.seconds), _median(during.seconds), p99(during.seconds))
        shown.add_row(
            name,
            *(f"{1000 * value:,.1f}" for value in (*figures, max(during.seconds))),
            f"{figures[3] / figures[1]:.1f}",
            str(during.failed),
            str(len(during.seconds)),
        )
    console.print(shown)


def routes_shown(tally: Tally, labels: Iterable[str], console: Console) -> None:
    """How often each route was asked, and what it answered."""
    shown = table("Requests", "route", "made", "2xx", "others", "p50 s", "worst s", "kB each")
    shown.columns[0].no_wrap = True
    for label in labels:
        statuses, seconds = tally.statuses[label], tally.seconds[label]
        others = ", ".join(f"{n} x {status}" for status, n in sorted(statuses.items()) if not 200 <= status < 300)
        made = tally.requests(label)
        figures = (f"{_median(seconds):.2f}", f"{max(seconds, default=0):.2f}") if seconds else ("", "")
        kilobytes = f"{tally.sizes[label] / 1000 / made:,.1f}" if made else ""
        shown.add_row(label, str(made), str(tally.successes(label)), others, *figures, kilobytes)
    console.print(shown)


def claims(
    idle: Mapping[str, Seen], abused: Mapping[str, Seen], tally: Tally, wanted: Mapping[str, int]
) -> list[Claim]:
    """What must hold.

    Args:
        idle, abused: what the probes saw, by their names.
        tally: of the abuse.
        wanted: by route, how often it was to be asked.
    """
    results = [
        Claim(
            "routes that were asked less often than wanted", 0, sum(tally.requests(n) < w for n, w in wanted.items())
        ),
        Claim("routes that never succeeded", 0, sum(not tally.successes(label) for label in wanted)),
        Claim("answers 500", 0, sum(statuses[500] for statuses in tally.statuses.values())),
    ]
    for name, before in idle.items():
        during = abused[name]
        results.append(Claim(f"{name}: p99, times the idle p99", RATIO, p99(during.seconds) / p99(before.seconds)))
        results.append(Claim(f"{name}: worst, seconds", WORST_SECONDS, max(during.seconds)))
        results.append(Claim(f"{name}: failed", 0, during.failed))
    return results


def conclude(
    idle: Mapping[str, Seen], abused: Mapping[str, Seen], tally: Tally, wanted: Mapping[str, int], run: dict[str, Any],
    console: Console,
) -> int:  # fmt: skip
    """Print everything and write `build/abuse.json`; returns the exit status."""
    routes_shown(tally, wanted, console)
    for label, refusal in tally.refusals.items():
        console.print(f"{label}: {refusal}", markup=False)
    probes_shown(idle, abused, console)
    figures = {
        **run,
        "idle": {name: vars(seen) for name, seen in idle.items()},
        "abused": {name: vars(seen) for name, seen in abused.items()},
        "statuses": {label: dict(statuses) for label, statuses in tally.statuses.items()},
        "seconds": tally.seconds,
    }
    return concluded("abuse", figures, claims(idle, abused, tally, wanted), console)


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
