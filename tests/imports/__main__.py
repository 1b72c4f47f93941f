"""`make import-proof`: memories written by the real mem0ai library arrive complete, also by an interrupted import.

The library (2.2.1, `infer=False`, embeddings by the scripted model server) writes memories of many users, agents and
runs, with metadata and times of several zones, into a Qdrant collection in local mode. `scrubjay import qdrant` brings
them into a running `scrubjay up`. It is interrupted in the midst by Ctrl-C's signal and run again. Then every memory
is compared with what the library's own `get_all` answers: id, owner, text, times, metadata; and a sample is searched
for by its own words, which must find it among the first three, with the same owner, id and times. At the end the same
command is run once more: everything is there already.

The tables are also written to `build/import.json`. The exit status is 1 when anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import Progress

from scrubjay.client import ScrubjayClient
from tests.bench.claims import Claim, concluded, parser, progress_bar, table
from tests.imports import checks, theirs
from tests.imports.command import Command
from tests.running import scrubjay_up

BATCH = 250
_SETTINGS = {"SCRUBJAY_EMBEDDER": "local", "SCRUBJAY_EXTRACTOR": "offline"}


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.imports", __doc__)
    command.add_argument("--count", type=int, default=10_000, help="memories (%(default)s)")
    command.add_argument("--searches", type=int, default=300, help="of so many the words are searched (%(default)s)")
    command.add_argument("--name", default="import", help="of the file in build/ (%(default)s)")
    return command.parse_args(argv)


def proved(arguments: argparse.Namespace, data: Path, progress: Progress) -> dict[str, Any]:
    """Write, import, interrupt, import again, compare; returns the figures."""
    writing = progress.add_task("mem0ai writes", total=arguments.count)
    start = perf_counter()
    written = theirs.written(arguments.count, data, lambda more: progress.advance(writing, more))
    figures: dict[str, Any] = {"count": arguments.count, "told": len(written), "writing_s": perf_counter() - start}
    with scrubjay_up(data / "stack", workers=1, environment=_SETTINGS) as stack:
        figures |= imported(Command(stack.url, data, BATCH), arguments.count)
        searching = progress.add_task("searches", total=min(arguments.searches, len(written)))
        figures |= asyncio.run(
            compared(stack.url, written, arguments.searches, lambda more: progress.advance(searching, more))
        )
    return figures


def imported(command: Command, count: int) -> dict[str, Any]:
    """Import until a part is done, then all, then again; returns what each run did and its seconds."""
    runs = {"interrupted": command.interrupted(count), "resumed": command.finished(), "again": command.finished()}
    seconds = {f"{name}_s": took for name, (_, took) in runs.items()}
    return {**{name: figure for name, (figure, _) in runs.items()}, **seconds}


async def compared(url: str, written: list[dict[str, Any]], searches: int, tick: Any) -> dict[str, Any]:
    async with ScrubjayClient(url) as client:
        ours = await checks.all_of(client, written)
        wrong = checks.differences(written, ours)
        ranks = Counter(str(rank) for rank in await checks.ranks(client, written, searches, tick))
    owners = len({checks.leading(memory) for memory in written})
    return {"owners": owners, "found": len(ours), "wrong": {name: ids[:5] for name, ids in wrong.items()},
            "wrong_counts": {name: len(ids) for name, ids in wrong.items()}, "ranks": dict(ranks)}  # fmt: skip


def show(figures: dict[str, Any], console: Console) -> None:
    """The tables."""
    runs = table(
        f"{figures['told']:,} memories of {figures['owners']} owners", "run", "imported", "there", "refused", "s"
    )
    for name in ("interrupted", "resumed", "again"):
        counts = figures[name]
        runs.add_row(
            name, *(f"{counts[kind]:,}" for kind in ("imported", "there", "refused")), f"{figures[name + '_s']:.1f}"
        )
    console.print(runs)
    differing = table("Beside what mem0ai tells", "what differs", "memories")
    for name, count in figures["wrong_counts"].items():
        differing.add_row(name, f"{count:,}")
    console.print(differing)
    ranks = ", ".join(f"rank {rank}: {count}" for rank, count in sorted(figures["ranks"].items()))
    console.print(f"searched for by their own words: {ranks}")


def claims(figures: dict[str, Any]) -> list[Claim]:
    """What must hold."""
    resumed, again, count = figures["resumed"], figures["again"], figures["count"]
    began = figures["interrupted"]["imported"]
    return [
        Claim("memories that mem0ai did not tell of", 0, count - figures["told"]),
        *(Claim(f"memories: {name}", 0, number) for name, number in figures["wrong_counts"].items()),
        Claim("searches that did not find the memory in the first three", 0, figures["ranks"].get("None", 0)),
        Claim("memories refused", 0, resumed["refused"] + again["refused"]),
        Claim("memories not there already in the last run", 0, count - again["there"]),
        Claim("memories that the interrupted run had done, of all", count - 1, began),
        Claim("interrupted runs that had done nothing", 0, int(began == 0)),
    ]


def main(argv: list[str] | None = None) -> int:
    """Prove, print and write; 1 when anything differs."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-import-") as data, progress_bar() as progress:
        figures = proved(arguments, Path(data), progress)
    show(figures, console)
    return concluded(arguments.name, figures, claims(figures), console)


if __name__ == "__main__":
    sys.exit(main())
