"""`python -m tests.chaos.fault_run`: kill, stop and starve everything while turns come in, then look what was kept.

Posts uniquely numbered turns over many lanes to the embedded stack, with two Redis servers behind one address.
Meanwhile API, workers, Redis, the Qdrant server and the scripted model are killed, stopped, failed over, filled up or
made to answer nonsense, and Redis' clock is moved. Then it waits for quiet and checks the invariants from outside. Exit
status 1 when one is violated, or when a fault never took effect: such a run has proved nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tests.chaos.faketime import FaketimeMissing
from tests.chaos.fault_run.checks import Finding
from tests.chaos.fault_run.fault_run import FaultRun, gathering, rage
from tests.chaos.fault_run.promises import check
from tests.chaos.fault_run.report import passed, show, write
from tests.chaos.fault_run.sizes import LONG, SHORT, Size


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="the fault run of `make test`: under a minute, 300 turns")
    parser.add_argument("--turns", type=int, help=f"at least so many turns (default {LONG.turns:,})")
    parser.add_argument("--lanes", type=int, help=f"over so many lanes (default {LONG.lanes})")
    parser.add_argument("--seed", type=int, help="of all that is left to chance (default: another one each time)")
    parser.add_argument(
        "--json",
        type=Path,
        default=Path("build/chaos.json"),
        help="default build/chaos.json; the picture goes beside it",
    )
    parser.add_argument("--data", type=Path, help="keep the stack's data and logs here (default: a temporary folder)")
    return parser.parse_args()


async def run(size: Size, folder: Path, seed: int, progress: Progress) -> tuple[FaultRun, list[Finding]]:
    """One fault run and what is found afterwards, with progress bars."""
    posted = progress.add_task("turns accepted", total=size.turns)
    settled = progress.add_task("turns that have their end", total=size.turns)
    struck = progress.add_task("faults that took effect", total=sum(size.at_least.values()))

    def tell(fault_run: FaultRun) -> None:
        ledger, effects = fault_run.witness.last, sum(fault_run.tally.took_effect.values())
        total = max(size.turns, fault_run.record.accepted)
        progress.update(posted, completed=fault_run.record.accepted, total=total)
        progress.update(
            settled, completed=ledger.settled + ledger.dead + ledger.erased, total=max(total, ledger.accepted)
        )
        progress.update(struck, completed=effects)

    async with gathering(size, folder, seed) as fault_run:
        await rage(fault_run, tell)
        checking = progress.add_task("checking what was kept", total=None)
        findings = await check(fault_run)
        progress.update(checking, total=1, completed=1)
        fault_run.system.logs.look()
        return fault_run, findings


def main() -> None:
    """Run a fault run."""
    options = arguments()
    size = SHORT if options.short else LONG
    size = dataclasses.replace(size, turns=options.turns or size.turns, lanes=options.lanes or size.lanes)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TextColumn("{task.completed:.0f}"),
        TimeElapsedColumn(),
    )
    with tempfile.TemporaryDirectory(prefix="scrubjay-chaos-") as folder:
        place = (options.data or Path(folder)).absolute()
        place.mkdir(parents=True, exist_ok=True)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            try:
                fault_run, findings = asyncio.run(run(size, place, seed, progress))
            except FaketimeMissing as error:
                sys.exit(str(error))
    console.print(f"seed {seed}", highlight=False)
    show(fault_run, findings, console)
    write(fault_run, findings, options.json)
    console.print(f"written to {options.json} and {options.json.with_suffix('.svg')}", highlight=False)
    sys.exit(0 if passed(fault_run, findings) else 1)


if __name__ == "__main__":
    main()
