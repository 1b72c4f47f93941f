"""`python -m tests.chaos.proof`: each invariant's test fails when its mechanism is taken out.

In a copy of the tree the tests are run as they are (they must pass), then once for every mechanism without it (its
test must fail, by an assertion). Prints a table, writes `build/chaos-proof.json`; exit status 1 when a test does not
notice, or fails for another reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutations import MUTATIONS
from tests.chaos.proof.runs import Run, run
from tests.chaos.proof.tree import ROOT, Tree

_WRITTEN = ROOT / "build" / "chaos-proof.json"
_LONGEST_LINE = 160
_CAUGHT = {"failed": "[green]noticed[/]", "passed": "[red]survives[/]", "broken": "[red]broken[/]"}

Result = tuple[Mutation, Run]


def main() -> None:
    """Run the proof by the command line."""
    chosen = _arguments()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="chaos-proof-") as folder:
        base, results = _proven(Path(folder), chosen, console)
    _write(base, results)
    _print(console, base, results)
    sound = base.verdict == "passed" and all(outcome.verdict == "failed" for _, outcome in results)
    sys.exit(0 if sound else 1)


def _arguments() -> Sequence[Mutation]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.proof", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = sorted({mutation.invariant for mutation in MUTATIONS})
    parser.add_argument(
        "--only", default="", metavar="3,6", help="these invariants, by their numbers; all if not given"
    )
    chosen_numbers = [number.strip() for number in parser.parse_args().only.split(",") if number.strip()]
    for number in chosen_numbers:
        if number not in map(str, numbers):
            parser.error(f"there is no invariant {number}: choose among {numbers[0]} to {numbers[-1]}")
    return [mutation for mutation in MUTATIONS if not chosen_numbers or str(mutation.invariant) in chosen_numbers]


def _proven(folder: Path, chosen: Sequence[Mutation], console: Console) -> tuple[Run, list[Result]]:
    """The run of the tests as they are; if it passes, a run for each mutation."""
    results: list[Result] = []
    tests = list(dict.fromkeys(mutation.test for mutation in chosen))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("the tests as they are", total=1 + len(chosen))
        tree = Tree(folder)
        base = run(folder, tests)
        progress.advance(bar)
        for mutation in chosen if base.verdict == "passed" else ():
            progress.update(bar, description=f"{mutation.invariant}: {mutation.what}")
            with tree.without(mutation.edits):
                results.append((mutation, run(folder, [mutation.test])))
            progress.advance(bar)
    return base, results


def _print(console: Console, base: Run, results: Sequence[Result]) -> None:
    table = Table(
        "", "taken out", "", "its test", "s", title="Each mechanism taken out, one at a time", show_lines=True
    )
    for mutation, outcome in results:
        test = mutation.test.rpartition("::")[2]
        caught_by = f"{test}\n[dim]{_escaped(outcome.message)}[/]"
        table.add_row(
            str(mutation.invariant), mutation.what, _CAUGHT[outcome.verdict], caught_by, f"{outcome.seconds:.0f}"
        )
    console.print(table)
    if base.verdict != "passed":
        console.print(f"[red]The tests do not pass as they are:[/] {_escaped(base.message)}")
        return
    noticed = sum(outcome.verdict == "failed" for _, outcome in results)
    console.print(
        f"The tests pass as they are ({base.seconds:.0f} s) and notice {noticed} of {len(results)}; {_WRITTEN}"
    )


def _escaped(line: str) -> str:
    return line[:_LONGEST_LINE].replace("[", r"\[")


def _write(base: Run, results: Sequence[Result]) -> None:
    _WRITTEN.parent.mkdir(exist_ok=True)
    rows = [
        {
            "invariant": mutation.invariant, "taken_out": mutation.what,
            "files": [edit.file for edit in mutation.edits], "test": mutation.test,
            "verdict": outcome.verdict, "said": outcome.message, "seconds": round(outcome.seconds, 1),
        }
        for mutation, outcome in results
    ]  # fmt: skip
    base_row = {"verdict": base.verdict, "said": base.message, "seconds": round(base.seconds, 1)}
    _WRITTEN.write_text(json.dumps({"base": base_row, "mutations": rows}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
