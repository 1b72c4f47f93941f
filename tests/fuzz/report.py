"""The tables of a fuzzing run, its file, and whether it found anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from tests.bench.claims import BUILD, table
from tests.fuzz.tally import HUNG_UP, Tally

TARGET = BUILD / "fuzz.json"


@dataclass
class Findings:
    """What both parts have seen; None for a part that was not run."""

    schema: Tally | None = None
    schema_seconds: float = 0
    malformed: Tally | None = None
    malformed_seconds: float = 0

    def parts(self) -> list[tuple[str, Tally, float]]:
        """The parts that were run, with their titles and seconds."""
        both = [
            ("By the OpenAPI document", self.schema, self.schema_seconds),
            ("Malformed", self.malformed, self.malformed_seconds),
        ]
        return [(title, tally, seconds) for title, tally, seconds in both if tally is not None]


def concluded(findings: Findings, options: Mapping[str, Any], console: Console) -> int:
    """Print the tables, write the file; returns the exit status."""
    for title, tally, seconds in findings.parts():
        _show(f"{title}: {tally.requests:,} requests in {seconds:,.0f} s", tally, console)
    BUILD.mkdir(exist_ok=True)
    parts = {title: {"seconds": round(seconds, 1), **tally.as_json()} for title, tally, seconds in findings.parts()}
    TARGET.write_text(json.dumps({"options": options, **parts}, indent=2) + "\n")
    failures = [failure for _, tally, _ in findings.parts() for failure in tally.failures.values()]
    for number, failure in enumerate(failures, 1):
        console.rule(f"{number}. {failure.operation}: {failure.what}, {failure.times} times", align="left")
        console.print(failure.answer, failure.reproduction, sep="\n", markup=False, soft_wrap=True)
    console.print(f"written to {TARGET}; {f'{len(failures)} kinds of failure' if failures else 'no failures'}")
    return 1 if failures else 0


def _show(title: str, tally: Tally, console: Console) -> None:
    columns = sorted({status for counts in tally.statuses.values() for status in counts if status != HUNG_UP})
    shown = table(title, "operation", "requests", *columns, HUNG_UP, "failures")
    for operation, counts in sorted(tally.statuses.items()):
        cells = [f"{counts[status]:,}" if counts[status] else "" for status in (*columns, HUNG_UP)]
        shown.add_row(operation, f"{counts.total():,}", *cells, str(tally.failures_of(operation) or ""))
    console.print(shown)
