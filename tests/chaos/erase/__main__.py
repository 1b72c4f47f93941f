"""`python -m tests.chaos.erase`: owners are forgotten at the worst moments, and every trace of them is looked for.

A stack of real processes with a scripted model. Three owners come to the worst moment: a user of whom 50 turns wait
while one is in extraction and one is dead; another with one turn between record and apply; an agent with such turns in
the lanes of three users, who also have turns without it. Each is forgotten; the receipt must count right and hold, and
others must not notice. Then all of Redis (names, values, the slow log), all points in Qdrant and all that the processes
logged are looked through for the owner's ids, idempotency keys and words; and again after minutes of other people's
turns; and again after so many more owners were forgotten under load, each while turns of theirs waited and ran and
Redis' clock jumped by hours and days, both ways (libfaketime). At last one owner with very many turns is forgotten,
while others post turns, search, and look at the API and at Redis: how long they wait is held against how long they
waited before.

Prints a table and writes `build/erase-proof.json`. The exit status is 1 when a promise is not held.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench.claims import Claim, concluded, parser
from tests.chaos.erase.jumps import jumping, long_jumps
from tests.chaos.erase.large import Waits, forget_large
from tests.chaos.erase.load import Load, unbalanced, unsettled
from tests.chaos.erase.many import forget_many
from tests.chaos.erase.proof import LATER, OTHERS, UNBALANCED, Seen, check_receipt, forget_at_the_worst_moment, rests
from tests.chaos.erase.stage import Stage, saying_into, stage
from tests.chaos.faketime import FaketimeMissing, libfaketime

_WORKERS = 2
_USERS = 30


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.chaos.erase", __doc__)
    command.add_argument("--waiting", type=int, default=50, help="turns that wait of each owner (%(default)s)")
    command.add_argument("--minutes", type=float, default=5, help="of further work before the next look (%(default)g)")
    command.add_argument("--erases", type=int, default=200, help="owners to be forgotten under load (%(default)s)")
    command.add_argument("--jump-every", type=float, default=6, help="seconds between jumps of the clock (%(default)g)")
    command.add_argument("--turns", type=int, default=60_000, help="of the owner with very many (%(default)s)")
    command.add_argument("--idle", type=float, default=20, help="seconds that others are watched before (%(default)g)")
    command.add_argument("--data", type=Path, help="keep the stack's data and logs here (default: a temporary folder)")
    command.add_argument("--load", type=float, default=8, help="other people's turns a second (%(default)g)")
    return command.parse_args(argv)


async def proved(arguments: argparse.Namespace, on: Stage, progress: Progress) -> tuple[Seen, Load, Waits]:
    """The whole proof on one stage."""
    load = Load(on.scene, _USERS, arguments.load)
    await load.say_once()
    worst = progress.add_task("owners at the worst moment", total=None)
    seen = await forget_at_the_worst_moment(on.scene, arguments.waiting, list(load.posted), on.look)
    progress.update(worst, total=len(seen.receipts), completed=len(seen.receipts))
    await _go_on(arguments.minutes * 60, load, progress)
    seen.note(LATER, await rests(seen.secrets, on.look, seen))
    erased = progress.add_task("owners forgotten under load", total=arguments.erases)
    async with load.going_on(), jumping(on.clock, arguments.jump_every):
        await forget_many(on.scene, arguments.erases, seen, lambda: progress.advance(erased))
    await load.quiet()
    checked = progress.add_task("receipts checked again", total=len(seen.receipts))
    seen.note(LATER, await rests(seen.secrets, on.look, seen))
    for receipt, ids in list(seen.receipts):
        await check_receipt(on.scene, receipt, ids, seen)
        progress.advance(checked)
    # Last: from now on a check looks at very many turns.
    many = progress.add_task("turns of one owner", total=arguments.turns)
    waits = await forget_large(
        on, arguments.turns, arguments.idle, seen, lambda count: progress.update(many, completed=count)
    )
    await load.quiet()
    seen.note(LATER, await rests(seen.secrets, on.look, seen))
    seen.note(OTHERS, await load.missing() + await unsettled(on.scene, waits.posted))
    seen.note(UNBALANCED, await unbalanced(on.scene))
    return seen, load, waits


async def _go_on(seconds: float, load: Load, progress: Progress) -> None:
    """So long of other people's turns."""
    task, start = progress.add_task("seconds of further work", total=seconds), monotonic()
    async with load.going_on():
        while (passed := monotonic() - start) < seconds:
            progress.update(task, completed=passed)
            await asyncio.sleep(0.5)
    progress.update(task, completed=seconds)
    await load.quiet()


async def run(
    arguments: argparse.Namespace, folder: Path, log: Path, terminal: TextIO
) -> tuple[Seen, Load, Waits, int]:
    """Open the stage, prove, close it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=terminal)) as progress:
        async with stage(folder, log, _WORKERS) as on:
            return *await proved(arguments, on, progress), long_jumps(on.clock)


def figures(seen: Seen, load: Load, waits: Waits, jumps: int) -> dict[str, Any]:
    """What goes into the file besides the claims."""
    ms = [1000 * seconds for seconds in seen.seconds]
    return {
        "owners_forgotten": len(seen.receipts),
        "turns_erased": sum(receipt.turns for receipt, _ in seen.receipts),
        "versions_erased": sum(receipt.memories for receipt, _ in seen.receipts),
        "other_turns": load.turns,
        "looked_at": seen.looked_at,
        "clock_jumps_of_an_hour_and_more": jumps,
        "erase_ms_median": median(ms),
        "erase_ms_p95": quantiles(ms, n=20)[-1] if len(ms) > 1 else ms[0],
        "large_erase_ms": 1000 * waits.forget_seconds,
        **waits.figures(),
        "wrong": seen.wrong | {"refused": waits.refused},
    }


def main(argv: list[str] | None = None) -> int:
    """Prove, print and write; 1 when a promise is not held."""
    arguments = options(argv)
    try:
        libfaketime()
    except FaketimeMissing as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="scrubjay-erase-") as data:
        folder = (arguments.data or Path(data)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "all.log"
        with saying_into(log) as terminal:
            seen, load, waits, jumps = asyncio.run(run(arguments, folder, log, terminal))
    values, console = figures(seen, load, waits, jumps), Console()
    for name, value in values.items():
        if name != "wrong":
            console.print(f"{name.replace('_', ' ')}: {value:,.0f}", highlight=False)
    for promise, violations in seen.wrong.items():
        for violation in violations[:5]:
            console.print(f"[red]{promise}:[/] ", violation, markup=True, soft_wrap=True)
    claims = [Claim(promise, 0, len(violations)) for promise, violations in seen.wrong.items()]
    claims += [Claim("jumps of the clock that are missing, of 6", 0, max(0, 6 - jumps)), *waits.claims()]
    return concluded("erase-proof", values, claims, console)


if __name__ == "__main__":
    sys.exit(main())
