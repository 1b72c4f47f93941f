"""`make bench-keys`: what the check of a key costs an accepted turn, and how soon a revoked key is locked out.

Three API processes share one Redis: two ask for keys, one asks nobody. The check is measured
by itself, with one key and with a hundred in turns, as time of the processor beyond that of a server without keys (the
looks at Redis included), and set against the time of the processor that an accepted turn takes in the API's process.

Beside it stands the whole path, with and without keys in turns: turns a second, and time of the processor a turn. That
difference scatters by more than what is looked for, so nothing is claimed of it.

Then a key is used without a pause on both processes that ask, revoked at one of them, and the time is taken until each
has let it in for the last time.

The table is also written to `build/bench-keys.json`. The exit status is 1 when a key costs 5 % or more, or is let in a
second after it was revoked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import httpx
import uvloop
from rich.console import Console

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.sockets import free_port
from tests.bench.claims import Claim, concluded, parser, progress_bar, table
from tests.bench.keys.check import check_seconds
from tests.bench.load import load, request, so_many
from tests.bench.processor import busy_seconds
from tests.chaos.servers import Front, front, own_redis
from tests.conftest import qdrant_command, running

ADMIN_KEY = "the-operator-of-this-bench"
CONNECTIONS = 64
KEYS = 100
MOST_SHARE = 0.05
MOST_SECONDS = 1.0
LOOKED_AT_SECONDS = 2.0
_NONE = "no key"


@dataclass
class Figures:
    """What was seen.

    Args:
        checks: microseconds of the processor for a check by itself, by kind.
        shares: by kind, of each round, how much more of the processor an accepted turn took with a key.
        costs: microseconds of the processor for an accepted turn, by kind.
        rates: accepted turns a second, by kind.
        revoked_seconds: of each revocation, by process, until the key was let in for the last time.
    """

    checks: dict[str, float] = field(default_factory=dict)
    shares: dict[str, list[float]] = field(default_factory=dict)
    costs: dict[str, list[float]] = field(default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)
    revoked_seconds: list[float] = field(default_factory=list)


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.bench.keys", __doc__)
    command.add_argument("--rounds", type=int, default=15, help="rounds of each kind (%(default)s)")
    command.add_argument("--turns", type=int, default=4_000, help="turns a round and process (%(default)s)")
    command.add_argument("--checks", type=int, default=10_000, help="checks by themselves, five times (%(default)s)")
    command.add_argument("--revocations", type=int, default=10, help="keys that are revoked (%(default)s)")
    return command.parse_args(argv)


def turn(url: str, number: int, key: str | None) -> bytes:
    """A turn of two messages, for one of many users."""
    sentence = "I like item and I live in Berlin, near the river, with a dog"
    messages = [
        {"role": "user", "content": sentence},
        {"role": "assistant", "content": "Noted, thank you for telling me."},
    ]
    return request(
        "POST", f"{url}/turns", json.dumps({"user_id": f"u-{number % 500}", "messages": messages}).encode(), key
    )


def kinds(keys: list[str]) -> dict[str, list[str]]:
    """The keys that are used in turns, by what that is called."""
    return {"one key": keys[:1], f"{len(keys)} keys": keys}


async def accepted(api: Front, turns: int, keys: list[str]) -> tuple[float, float]:
    """Accepted turns a second, and seconds of the processor for each. Raises RuntimeError when one was refused."""
    before = busy_seconds(api.pid)
    ask = so_many(turns, lambda at: turn(api.url, at, keys[at % len(keys)] if keys else None))
    outcome = await load(api.url, CONNECTIONS, ask)
    if outcome.refused:
        raise RuntimeError(f"{outcome.refused} turns were refused")
    return outcome.rate, (busy_seconds(api.pid) - before) / turns


async def compared(
    arguments: argparse.Namespace, asking: Front, open_: Front, keys: list[str], figures: Figures
) -> None:
    """The rounds, each kind against the process that asks nobody."""
    for api in (asking, open_):
        await accepted(api, arguments.turns, keys if api is asking else [])  # warm
    with progress_bar() as progress:
        task = progress.add_task("rounds", total=arguments.rounds * len(kinds(keys)))
        for number in range(arguments.rounds):
            for kind, chosen in kinds(keys).items():
                seen = {}
                for name in (kind, _NONE)[:: 1 if number % 2 else -1]:
                    seen[name] = await accepted(
                        *((asking, arguments.turns, chosen) if name == kind else (open_, arguments.turns, []))
                    )
                    figures.rates.setdefault(name, []).append(seen[name][0])
                    figures.costs.setdefault(name, []).append(seen[name][1] * 1e6)
                figures.shares.setdefault(kind, []).append(seen[kind][1] / seen[_NONE][1] - 1)
                progress.advance(task)


async def last_let_in(http: httpx.AsyncClient, url: str, key: str, until: float) -> float:
    """Use a key without a pause until a moment; returns when it was let in for the last time."""
    last = 0.0
    while (now := perf_counter()) < until:
        answer = await http.get(f"{url}/turns?page_size=1", headers={"X-API-Key": key})
        last = now if answer.is_success else last
    return last


async def revoked(urls: list[str], figures: Figures) -> None:
    """Revoke a key that is in use on every process."""
    async with ScrubjayClient(urls[0], ADMIN_KEY) as client, httpx.AsyncClient(trust_env=False) as http:
        issued = await client.keys.create(role="read")
        until = perf_counter() + LOOKED_AT_SECONDS
        users = [asyncio.create_task(last_let_in(http, url, issued.key, until)) for url in urls]
        await asyncio.sleep(0.3)
        await client.keys.revoke(issued.id)
        at = perf_counter()
        figures.revoked_seconds += [max(0.0, last - at) for last in await asyncio.gather(*users)]


def serving(stack: AsyncExitStack, data: Path, auth: str, redis_port: int, qdrant_port: int) -> Front:
    """An API process."""
    environment = {"SCRUBJAY_ADMIN_KEY": ADMIN_KEY, "SCRUBJAY_MAX_LANE_BACKLOG": "1000000000",
            "SCRUBJAY_RATE_LIMIT_PER_MINUTE": "0"}  # fmt: skip
    setup = Setup(data, auth=auth, environment={**environment, "SCRUBJAY_MAX_BACKLOG": "1000000000"})
    return stack.enter_context(front(setup, redis_port=redis_port, qdrant_port=qdrant_port))


async def measured(arguments: argparse.Namespace, data: Path) -> Figures:
    """Everything, on one Redis."""
    figures = Figures()
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(own_redis(data / "redis"))
        await redis.answers()
        qdrant = free_port()
        stack.enter_context(running(qdrant_command(qdrant, data / "qdrant")))
        fronts = [serving(stack, data, auth, redis.port, qdrant) for auth in ("keys", "keys", "off")]
        for front in fronts:
            front.serves()
        asking, also_asking, open_ = fronts
        async with ScrubjayClient(asking.url, ADMIN_KEY) as client:
            keys = [(await client.keys.create(tenant="default")).key for _ in range(KEYS)]
        for _ in range(arguments.revocations):
            await revoked([asking.url, also_asking.url], figures)
        await compared(arguments, asking, open_, keys, figures)
        for kind, chosen in kinds(keys).items():
            seen = [await check_seconds(redis.url, ADMIN_KEY, chosen, arguments.checks) for _ in range(5)]
            figures.checks[kind] = statistics.median(seen) * 1e6
    return figures


def show(figures: Figures, console: Console) -> None:
    """Print the table."""
    shown = table("Accepted turns, medians", "with", "a second", "processor, µs a turn", "more", "lowest", "highest")
    for kind, rates in figures.rates.items():
        shares = figures.shares.get(kind)
        spread = [f"{value:+.1%}" for value in (statistics.median(shares), min(shares), max(shares))] if shares else []
        shown.add_row(
            kind, f"{statistics.median(rates):,.0f}", f"{statistics.median(figures.costs[kind]):.0f}", *spread
        )
    console.print(shown)


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write; 1 when a promise is not held."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-keys-") as data:
        figures = uvloop.run(measured(arguments, Path(data)))
    show(figures, console)
    turn_us = statistics.median(figures.costs[_NONE])
    claims = [
        Claim(f"the check of {kind}, as a share of an accepted turn's {turn_us:.0f} µs", MOST_SHARE, check / turn_us)
        for kind, check in figures.checks.items()
    ]
    claims.append(
        Claim("a revoked key is let in for the last time, s after", MOST_SECONDS, max(figures.revoked_seconds))
    )
    return concluded("bench-keys", asdict(figures), claims, console)


if __name__ == "__main__":
    sys.exit(main())
