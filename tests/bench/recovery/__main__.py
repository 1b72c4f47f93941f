"""`make bench-recovery`: how long after `kill -9` of a worker everything it held is settled, against the lease.

Again and again a batch of turns is posted to each of many lanes, the scripted model takes half a second for each call
(a tenth for embeddings), and at a chance moment one of the two workers is killed, so that it dies while it waits for a
model, writes or settles. The stack starts it again. Then every turn is waited for, and asked for its attempts and for
when it was settled, by the server's own clock: a turn that the dead worker held needed a second attempt. A kill after
which none did has hit nothing and is repeated.

Recovery is the time from the kill until the last turn that the dead worker held is settled. It is made of what was left
of the lease (up to the whole of it), of the wait for the sweep that finds the lane and rings, and of working off: a
batch without a recorded plan is halved, and the model is asked again. "The last turn accepted before it" also covers
lanes that the dead worker had leased without having taken a turn yet, and bells that died with it.

The table is also written to `build/bench-recovery.json`. The exit status is 1 when any turn accepted before a kill took
longer than two leases.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from redis.asyncio import Redis
from rich.console import Console

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from tests.bench.claims import Claim, concluded, parser, progress_bar
from tests.bench.recovery import report
from tests.bench.recovery.figures import Kill, Recovery
from tests.bench.recovery.kills import Killer
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind

LEASES = 2
WORKERS = 2
PATIENCE_SECONDS = 60
SLOW = (Fault(kind=Kind.SLOW, route="embeddings", seconds=0.1), Fault(kind=Kind.SLOW, seconds=0.5))


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.bench.recovery", __doc__)
    command.add_argument("--kills", type=int, default=20, help="kills that hit (%(default)s)")
    command.add_argument("--lease", type=float, default=15, help="the lease in seconds, at least 1 (%(default)g)")
    return command.parse_args(argv)


async def measured(arguments: argparse.Namespace, data: Path) -> Recovery:
    """All the kills, on one stack. Raises RuntimeError when half of the kills hit nothing."""
    kills, missed = list[Kill](), 0
    async with AsyncExitStack() as opened:
        model = opened.enter_context(model_server(faults=SLOW))
        endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "scripted", "SCRUBJAY_EMBEDDER": "openai"}
        endpoint["SCRUBJAY_LEASE_SECONDS"] = f"{arguments.lease:g}"
        stack = await opened.enter_async_context(Stack(Setup(data, workers=WORKERS, environment=endpoint)))
        client = await opened.enter_async_context(ScrubjayClient(stack.url))
        redis = await opened.enter_async_context(Redis(port=stack.addresses.redis))
        progress = opened.enter_context(progress_bar())
        task = progress.add_task("kills", total=arguments.kills)
        killer = Killer(stack, client, redis, LEASES * arguments.lease + PATIENCE_SECONDS)
        while len(kills) < arguments.kills:
            seen = await killer.kill(len(kills) + missed)
            if seen is None:
                missed += 1
            else:
                kills.append(seen)
                progress.advance(task)
            if missed > arguments.kills:
                raise RuntimeError(f"{missed} kills hit nothing: workers are done before they are killed")
    return Recovery(arguments.lease, kills, missed)


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write; 1 when a recovery took longer than two leases."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-recovery-") as data:
        recovery = uvloop.run(measured(arguments, Path(data)))
    report.show(recovery, console)
    claims = [
        Claim("kill to the last turn accepted before it, s (two leases)", LEASES * arguments.lease, recovery.worst)
    ]
    return concluded("bench-recovery", report.as_json(recovery), claims, console)


if __name__ == "__main__":
    sys.exit(main())
