"""`make abuse`: expensive but valid requests on every route, and what everybody else sees of it.

A real `scrubjay up` with keys and a scripted model. First it is filled: 500 users, one user with thousands of
memories, long memories, settled, dead and waiting turns, what is held back, webhooks, receipts. Then a process of its
own looks again and again how long a quiet tenant's accept, `GET /health/live` and a PING of Redis take: once while
nothing else happens, and once while connections make expensive requests without a pause, with a key that may read, one
that may write, and one that may do all.

Every route of the OpenAPI document is asked so often, and those of Mem0's that can be made expensive: deep and large
pages, broad filters, long texts, many ids, schemas, exports, waits. A route of the document for which no request is
known fails the run at once. Promised is that each of the three takes less than 20 times as long as before (p99), never
as long as 2 s, and never fails.

Everything stays on 127.0.0.1. All tables are also written to `build/abuse.json`. The exit status is 1 when a promise
is not held.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

import httpx
from rich.console import Console
from rich.progress import Progress

from tests.abuse.catalogue import CATALOGUE, operations
from tests.abuse.load import Tally, abuse
from tests.abuse.mem0 import MEM0
from tests.abuse.probes import Seen
from tests.abuse.report import conclude
from tests.abuse.world import NEVER, NO_JSON, SETTINGS, Size, World, furnish, opened
from tests.bench.claims import parser, progress_bar
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind
from tests.running import Running, scrubjay_up, setting

_ANSWER_SECONDS = 120
_WIDTH = 120  # also where the tables are piped
_FAULTS = (Fault(kind=Kind.HELD, contains=NEVER), Fault(kind=Kind.NOT_JSON, route="extraction", contains=NO_JSON))


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.abuse", __doc__)
    command.add_argument("--times", type=int, default=50, help="requests of each route (%(default)s)")
    command.add_argument("--connections", type=int, default=8, help="that make them (%(default)s)")
    command.add_argument("--idle-seconds", type=float, default=20, help="of probing before (%(default)s)")
    command.add_argument("--users", type=int, default=Size.users, help="of the noisy tenant (%(default)s)")
    command.add_argument("--whale", type=int, default=Size.whale, help="memories of one user more (%(default)s)")
    command.add_argument("--turns", type=int, default=Size.turns, help="that are settled before (%(default)s)")
    command.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")
    command.add_argument("--only", nargs="+", metavar="ROUTE", help='ask these alone, such as "GET /entities"')
    return command.parse_args(argv)


class Probing:
    """The probes in a process of their own, for as long as it is entered."""

    def __init__(self, running: Running, key: str) -> None:
        where = ["--url", running.url, "--redis-url", setting(running, "SCRUBJAY_REDIS_URL"), "--key", key]
        self._command = [sys.executable, "-m", "tests.abuse.probes", *where]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Begin."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)

    async def end(self) -> dict[str, Seen]:
        """Stop, and tell what was seen."""
        assert self._process is not None
        printed, _ = await self._process.communicate(b"")  # nothing to read: the end
        return {name: Seen(**seen) for name, seen in json.loads(printed).items()}


async def measured(
    running: Running, arguments: argparse.Namespace, progress: Progress
) -> tuple[dict[str, Seen], dict[str, Seen], Tally, Mapping[str, int]]:
    """Fill it, look while it is idle, abuse it and look meanwhile."""
    limits = httpx.Limits(max_connections=2 * arguments.connections)
    async with httpx.AsyncClient(base_url=running.url, timeout=_ANSWER_SECONDS, trust_env=False, limits=limits) as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
        unknown = sorted(set(operations(document)) - set(CATALOGUE))
        assert not unknown, (
            f"the abuse knows no expensive request for {', '.join(unknown)}: see tests/abuse/catalogue.py"
        )
        catalogue = {**CATALOGUE, **MEM0}
        catalogue = {label: make for label, make in catalogue.items() if not arguments.only or label in arguments.only}
        size = Size(users=arguments.users, whale=arguments.whale, turns=arguments.turns, spare=arguments.times + 10)
        task = progress.add_task("filling", total=None)
        world: World = await opened(http, size)
        await furnish(world)
        progress.update(task, total=1, completed=1)

        probing = Probing(running, world.quiet_key)
        await probing.start()
        task = progress.add_task("looking while idle", total=arguments.idle_seconds)
        until = monotonic() + arguments.idle_seconds
        while monotonic() < until:
            await asyncio.sleep(0.5)
            progress.update(task, completed=arguments.idle_seconds - max(0.0, until - monotonic()))
        idle = await probing.end()

        await probing.start()
        task = progress.add_task("abusing", total=arguments.times * len(catalogue))
        tally = await abuse(
            world,
            catalogue,
            times=arguments.times,
            connections=arguments.connections,
            tick=lambda: progress.advance(task),
        )
        return idle, await probing.end(), tally, dict.fromkeys(catalogue, arguments.times)


def main(argv: list[str] | None = None) -> int:
    """Abuse, print and write; 1 when a promise is not held."""
    arguments, console, start = options(argv), Console(width=_WIDTH), monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # the stack ends with us
    with (
        tempfile.TemporaryDirectory(prefix="scrubjay-abuse-") as folder,
        model_server(faults=_FAULTS) as model,
        progress_bar() as progress,
    ):
        environment = {**SETTINGS, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "key"}
        with scrubjay_up(Path(folder) / "data", workers=arguments.workers, environment=environment) as running:
            idle, abused, tally, wanted = asyncio.run(measured(running, arguments, progress))
    written = {"options": vars(arguments), "seconds_in_all": monotonic() - start}
    return conclude(idle, abused, tally, wanted, written, console)


if __name__ == "__main__":
    sys.exit(main())
