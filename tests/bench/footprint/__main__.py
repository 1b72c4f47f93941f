"""`make bench-footprint`: what Redis still holds of many settled turns once their retention has passed.

The turns go through the API and the workers as always. Most are small talk, which the gate settles without a call of
the model; a share holds a fact, for which the scripted model and its embeddings are asked; some get a bad answer every
time, die and are discarded; some owners are erased in the midst of the run. They are posted no faster than they are
settled. Settings other than the defaults: retention 60 s (the smallest), batches of up to 64 turns and no batch wait,
so that it is over soon. No idempotency keys are sent: each stays a day, by design, whatever the retention.

Redis is looked at before, on the way and after the last turn was settled and, once retention has passed and the sweep
has trimmed, at the end: `used_memory` and `used_memory_dataset` after MEMORY PURGE, the keys by kind with their sizes,
the append-only file after a rewrite. "Before" is a fresh stack without a single turn, so what is used once and for all
(buffers, scripts) counts as growth. Qdrant keeps the memories on purpose and is counted apart.

The tables are also written to `build/bench-footprint.json`. The exit status is 1 when the dataset has grown by more
than a megabyte, when a key is left that is not on the permanent list, or when a turn did not come to an end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from time import monotonic

import uvloop
from qdrant_client import AsyncQdrantClient
from redis.asyncio import Redis
from rich.console import Console
from rich.progress import Progress

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from tests.bench.claims import Claim, concluded, parser, progress_bar
from tests.bench.footprint import report
from tests.bench.footprint.report import Footprint
from tests.bench.footprint.state import memory, state
from tests.bench.footprint.turns import POISON, Amount, run
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

GROWTH_BYTES = 1_000_000
RETENTION_SECONDS = 60
SETTINGS = {
    "OPENAI_API_KEY": "scripted",
    "SCRUBJAY_EMBEDDER": "openai",
    "SCRUBJAY_RETENTION_SECONDS": str(RETENTION_SECONDS),
    "SCRUBJAY_BATCH_WAIT_SECONDS": "0",
    "SCRUBJAY_BATCH_TURNS": "64",
    "SCRUBJAY_LOG_LEVEL": "error",
}
QUIET_KEYS = 40  # no more than these are permanent or passing: with fewer the wait is over


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.bench.footprint", __doc__)
    command.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")
    command.add_argument("--turns", type=int, default=200_000, help="turns to be settled (%(default)s)")
    command.add_argument("--users", type=int, default=2_000, help="in so many lanes (%(default)s)")
    command.add_argument("--facts", type=float, default=0.02, help="share of them that holds a fact (%(default)s)")
    command.add_argument("--dead", type=int, default=100, help="turns besides that die and are discarded (%(default)s)")
    command.add_argument("--erased", type=int, default=20, help="users that are erased (%(default)s)")
    command.add_argument("--patience", type=float, default=400, help="seconds to wait for trimming (%(default)g)")
    return command.parse_args(argv)


async def measured(arguments: argparse.Namespace, data: Path) -> Footprint:
    """Before, on the way, after and at the end, on one stack."""
    amount = Amount(arguments.turns, arguments.users, arguments.facts, arguments.dead, arguments.erased)
    async with AsyncExitStack() as opened:
        model = opened.enter_context(model_server(faults=[Fault(kind=Kind.NOT_JSON, contains=POISON)]))
        setup = Setup(data, workers=arguments.workers, environment=SETTINGS | {"OPENAI_BASE_URL": model.base_url})
        stack = await opened.enter_async_context(Stack(setup))
        client = await opened.enter_async_context(ScrubjayClient(stack.url))
        redis = await opened.enter_async_context(Redis(port=stack.addresses.redis))
        qdrant = AsyncQdrantClient(url=f"http://127.0.0.1:{stack.addresses.qdrant}", check_compatibility=False)
        opened.push_async_callback(qdrant.close)
        progress = opened.enter_context(progress_bar())
        task = progress.add_task("turns", total=amount.turns + amount.dead)
        before, start = await state(redis, qdrant, data / "qdrant"), monotonic()
        largest, ledger = await run(client, redis, amount, partial(progress.advance, task))
        seconds, settled = monotonic() - start, await memory(redis)
        await trimmed(redis, progress, arguments.patience)
        after = await state(redis, qdrant, data / "qdrant")
    return Footprint(before, largest, settled, after, ledger, seconds)


async def trimmed(redis: Redis, progress: Progress, patience_seconds: float) -> None:
    """Wait until retention has passed and what was kept for it is gone, or for so long in vain: the claims tell."""
    begin = await redis.dbsize()
    task = progress.add_task("keys and members to end", total=None)
    deadline = monotonic() + RETENTION_SECONDS + patience_seconds

    async def done() -> bool:
        sets = [name async for name in redis.scan_iter("sj:status:*", count=1_000)]
        members = sum([await redis.zcard(name) for name in sets])
        keys = await redis.dbsize()
        progress.update(task, total=max(begin, members + keys), completed=max(0, begin - members - keys))
        return (members == 0 and keys <= QUIET_KEYS) or monotonic() > deadline

    await wait_until(
        done, deadline_seconds=RETENTION_SECONDS + 2 * patience_seconds, what="the end of retention", poll_seconds=1
    )


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write; 1 when something has grown."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-footprint-") as data:
        seen = uvloop.run(measured(arguments, Path(data)))
    report.show(seen, console)
    claims = [
        Claim("growth of the dataset, bytes", GROWTH_BYTES, seen.growth),
        Claim("keys left that are not permanent", 0, seen.after.left_over),
        Claim("turns that were not settled, dead or erased", 0, seen.unaccounted(arguments.turns + arguments.dead)),
    ]
    return concluded("bench-footprint", report.as_json(seen), claims, console)


if __name__ == "__main__":
    sys.exit(main())
