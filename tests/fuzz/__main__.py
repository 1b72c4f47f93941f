"""`make fuzz`: random requests against the whole embedded stack, and random bodies that are no request at all.

Two parts, each on a stack of its own that asks for keys:

  schema      Schemathesis reads /openapi.json and calls every operation, with valid data and with invalid data, at the
              bounds, at random and in chains, fed with ids that exist. No 5xx (but 501 of POST /chat: no model is
              configured), every status and body as the document says, every refusal a sentence and a code, every
              protected route refuses without a key
  malformed   every route that writes or takes a body is sent bodies, addresses and framings that cannot be valid: none
              may be accepted, none may be answered with 5xx, and afterwards Redis and Qdrant must hold exactly what
              they held before

Everything stays on 127.0.0.1. The tables are also written to `build/fuzz.json`. The exit status is 1 when something
was found; each kind of failure is printed with a command line that shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import Progress

from tests.bench.claims import parser, progress_bar
from tests.fuzz import generated, malformed, report
from tests.fuzz.system import Known, System, running
from tests.fuzz.tally import Tally

SCHEMA, MALFORMED = "schema", "malformed"


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.fuzz", __doc__)
    command.add_argument("--only", choices=(SCHEMA, MALFORMED), help="run this part alone")
    command.add_argument("--requests", type=int, default=10_000, help="of Schemathesis, at least (%(default)s)")
    command.add_argument("--bodies", type=int, default=500, help="malformed ones for each route (%(default)s)")
    command.add_argument("--seed", type=int, default=1, help="the same seed, the same data (%(default)s)")
    return command.parse_args(argv)


async def by_schema(system: System, requests: int, seed: int, progress: Progress) -> Tally:
    """The first part."""
    tally, loop = Tally(), asyncio.get_running_loop()
    task = progress.add_task("requests by the document", total=requests)

    def known() -> Known:
        return asyncio.run_coroutine_threadsafe(system.furnish(), loop).result()

    tick = partial(progress.advance, task)
    await asyncio.to_thread(generated.fuzz, system.url, known, requests=requests, seed=seed, tally=tally, tick=tick)
    return tally


async def whole(arguments: argparse.Namespace, data: Path, progress: Progress) -> report.Findings:
    """All that was asked for, one stack after the other."""
    findings = report.Findings()
    if arguments.only != MALFORMED:
        async with running(data / SCHEMA) as system:
            start = monotonic()
            findings.schema = await by_schema(system, arguments.requests, arguments.seed, progress)
            findings.schema_seconds = monotonic() - start
    if arguments.only != SCHEMA:
        async with running(data / MALFORMED) as system:
            start = monotonic()
            findings.malformed = await malformed.fuzz(
                system, bodies=arguments.bodies, seed=arguments.seed, progress=progress
            )
            findings.malformed_seconds = monotonic() - start
    return findings


def main(argv: list[str] | None = None) -> int:
    """Fuzz, print and write; 1 when something was found."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-fuzz-") as data, progress_bar() as progress:
        findings = asyncio.run(whole(arguments, Path(data), progress))
    return report.concluded(findings, vars(arguments), console)


if __name__ == "__main__":
    sys.exit(main())
