"""What a fault run comes to: two tables, a JSON file and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from tests.chaos.fault_run.checks import Finding
from tests.chaos.fault_run.fault_run import FaultRun
from tests.chaos.fault_run.sizes import Strike
from tests.chaos.fault_run.witness import asdict_of

_MOST_SHOWN = 5


def missing(fault_run: FaultRun) -> list[str]:
    """The faults that have not taken effect as often as they had to: such a fault run has proved nothing."""
    wanted, had = fault_run.size.at_least, fault_run.tally.took_effect
    return [f"{fault}: {had.get(fault, 0)} of {n}" for fault, n in wanted.items() if had.get(fault, 0) < n]


def passed(fault_run: FaultRun, findings: Sequence[Finding]) -> bool:
    """Whether nothing was violated, and every fault took effect."""
    return not missing(fault_run) and not any(finding.violations for finding in findings)


def show(fault_run: FaultRun, findings: Sequence[Finding], console: Console) -> None:
    """Print what struck and what held."""
    faults = Table("fault", "took effect", title="What struck", title_justify="left")
    for strike in Strike:
        if strike in fault_run.size.at_least:
            faults.add_row(strike, str(fault_run.tally.took_effect.get(strike, 0)))
    console.print(faults)
    outcomes = Table("", "promise", "looked at", "violations", title="What held", title_justify="left")
    for finding in findings:
        mark = "[green]0[/green]" if not finding.violations else f"[red]{len(finding.violations)}[/red]"
        outcomes.add_row(str(finding.number or ""), finding.promise, finding.looked_at, mark)
    console.print(outcomes)
    console.print(summary(fault_run), highlight=False)
    for line in missing(fault_run):
        console.print(f"took effect too seldom: {line}", style="red", markup=False)
    for finding in findings:
        for line in finding.violations[:_MOST_SHOWN]:
            console.print(f"{finding.number}: {line}", style="red", markup=False)
    for line in fault_run.system.logs.worst[:_MOST_SHOWN]:
        console.print(line, style="yellow", markup=False)


def summary(fault_run: FaultRun) -> str:
    """The fault run in two sentences."""
    record, logs = fault_run.record, fault_run.system.logs
    answers = ", ".join(f"{n:,} of {answer}" for answer, n in sorted(record.answers.items()))
    return (
        f"{record.accepted:,} turns over {len(record.sent)} lanes accepted in {fault_run.seconds:.0f} s; answers to "
        f"POST /turns: {answers} (none: no answer). "
        f"All had their end {fault_run.drained_in:.1f} s after the last fault; "
        f"{len(record.replayed)} dead letters were replayed, {len(fault_run.poisoned)} poisoned ones stayed dead; "
        f"{logs.total('lane_backs_off'):,} back-offs, {logs.total('batch_failed'):,} batches failed."
    )


def as_json(fault_run: FaultRun, findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything, for the file."""
    return {
        "passed": passed(fault_run, findings),
        "turns": fault_run.record.accepted,
        "lanes": len(fault_run.record.sent),
        "seconds": round(fault_run.seconds, 1),
        "drained_in_seconds": round(fault_run.drained_in, 1),
        "replayed": len(fault_run.record.replayed),
        "poisoned": len(fault_run.poisoned),
        "answers": dict(fault_run.record.answers),
        "faults": fault_run.tally.as_json(),
        "model_faults": dict(fault_run.system.model.hits()),
        "missing": missing(fault_run),
        "findings": [vars(finding) for finding in findings],
        "books": [{"after": round(at, 2), **asdict_of(ledger)} for at, ledger in fault_run.witness.seen],
        "logged": {part: dict(counts) for part, counts in fault_run.system.logs.counts.items()},
        "errors": fault_run.system.logs.worst,
    }


def write(fault_run: FaultRun, findings: Sequence[Finding], target: Path) -> None:
    """Write the JSON file and, beside it, the picture."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(as_json(fault_run, findings), indent=1) + "\n")
    draw(fault_run, target.with_suffix(".svg"))


def draw(fault_run: FaultRun, target: Path) -> None:
    """The backlog and what was accepted and settled over time, and below it when each fault struck."""
    seen = fault_run.witness.seen
    times = [at for at, _ in seen]
    strikes = [strike for strike in Strike if strike in fault_run.size.at_least]
    figure = Figure(figsize=(11, 7), layout="constrained")
    turns, faults = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    turns.plot(times, [ledger.accepted for _, ledger in seen], label="accepted", color="#1f5fa8")
    turns.plot(
        times,
        [ledger.settled + ledger.dead + ledger.erased for _, ledger in seen],
        label="settled, dead or erased",
        color="#2f8f4e",
    )
    turns.fill_between(times, [ledger.waiting for _, ledger in seen], label="waiting", color="#e0a030", alpha=0.6)
    turns.set_ylabel("turns")
    turns.legend(loc="upper left", frameon=False)
    for start, end, strike in fault_run.tally.moments:
        faults.barh(strikes.index(Strike(strike)), max(end - start, 0.4), left=start, height=0.6, color="#b03030")
    faults.set_yticks(range(len(strikes)), [strike.partition(" (")[0] for strike in strikes], fontsize=8)
    faults.invert_yaxis()
    faults.set_xlabel("seconds")
    for axes in (turns, faults):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.2)
    turns.set_title(f"{fault_run.record.accepted:,} turns, {len(fault_run.tally.moments)} faults", loc="left")
    figure.savefig(target, format="svg")
