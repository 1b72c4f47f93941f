"""`make bench-fairness`: what quiet lanes wait from accept to settle, beside a noisy lane and beside poisoned ones.

Quiet lanes post turns at random times, and for each turn `GET /turns/{id}` tells when it was accepted and when settled,
by the server's own clock. Three situations take turns, round after round, so that a slow moment of the machine hits
all of them:

  alone                  the quiet lanes only
  beside a noisy lane    one more lane holds a backlog from before the first turn until after the last; it is counted
                         at both ends, and a round in which it held less than half of it at the end shows nothing
  beside poisoned lanes  a share of the quiet lanes posts four turns in place of each, and the model's answer about any
                         of them is no JSON, every time: they are asked again, bisected and die; the dead are counted.
                         These lanes are left out of the measurement in all three situations

With the model: the scripted server answers chat calls after 0.5 s and embeddings after 0.1 s (bad answers come at
once, so poisoned lanes try as often as can be). Without: the offline extractor and the local embedder, so that the
noisy lane burns as much CPU as one lane can, and the machine is the limit. Only the ratios with the model are promised.

Last, lanes with 200 waiting turns each, offline: when the first and when the last of them is done, once with room for
all of them in the workers and once with room for half of them.

All tables are also written to `build/bench-fairness.json`. The exit status is 1 when a promise is not held, or when
what should have gone on beside the quiet lanes did not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvloop
from redis.asyncio import Redis
from rich.console import Console

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from tests.bench.claims import Claim, concluded, parser, progress_bar
from tests.bench.fairness import report
from tests.bench.fairness.figures import Comparison, Situation, Spread
from tests.bench.fairness.lanes import POISON, Bystanders, Load
from tests.bench.fairness.noisy import contend
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind

RATIO = 1.5
WARM_UP_SECONDS = 3
OFFLINE = {"SCRUBJAY_EXTRACTOR": "offline", "SCRUBJAY_EMBEDDER": "local"}
MODEL, RULES, AMONG = "model", "offline", "contention"
TITLES = {MODEL: "With the scripted model", RULES: "Offline"}
Tick = Callable[[], None]


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    given = parser("tests.bench.fairness", __doc__)
    parts = (MODEL, RULES, AMONG)
    given.add_argument("--parts", nargs="+", choices=parts, default=parts, help="what to measure (everything)")
    given.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")
    given.add_argument("--rounds", type=int, default=3, help="rounds of three situations (%(default)s)")
    given.add_argument("--lanes", type=int, default=100, help="quiet lanes (%(default)s)")
    given.add_argument("--poisoned", type=float, default=0.05, help="share of them that is poisoned (%(default)s)")
    given.add_argument("--backlog", type=int, default=10_000, help="turns the noisy lane is given (%(default)s)")
    given.add_argument("--rate", type=float, default=20, help="turns a second of the quiet lanes (%(default)s)")
    given.add_argument("--seconds", type=float, default=26, help="of posting in each situation (%(default)s)")
    given.add_argument("--offline-rate", type=float, default=30, help="the same, offline (%(default)s)")
    given.add_argument("--offline-seconds", type=float, default=8, help="the same, offline (%(default)s)")
    given.add_argument("--contenders", type=int, default=20, help="noisy lanes that contend (%(default)s)")
    given.add_argument("--contended", type=int, default=200, help="waiting turns of each, at most 200 (%(default)s)")
    return given.parse_args(argv)


def scripted() -> tuple[Fault, ...]:
    """How the model behaves: bad about what is poisoned, else as slow as a fast provider."""
    return (
        Fault(kind=Kind.NOT_JSON, route="extraction", contains=POISON),
        Fault(kind=Kind.SLOW, route="embeddings", seconds=0.1),
        Fault(kind=Kind.SLOW, seconds=0.5),
    )


async def compared(setup: Setup, rounds: int, situations: list[Situation], amount: Load, tick: Tick) -> Comparison:
    """Every situation in every round, on one stack."""
    waits = []
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(setup))
        client = await opened.enter_async_context(ScrubjayClient(stack.url))
        redis = await opened.enter_async_context(Redis(port=stack.addresses.redis))
        bystanders = Bystanders(client, redis, amount)
        await bystanders.warm_up(WARM_UP_SECONDS)
        for number in range(rounds):
            for situation in situations:
                waits.append(await bystanders.measure(situation, number))
                tick()
    return Comparison(waits)


async def spread(data: Path, threads: int, given: argparse.Namespace) -> Spread:
    """How far noisy lanes lie apart, with so many places for lanes in each worker."""
    async with (
        Stack(Setup(data, workers=given.workers, worker_threads=threads, environment=OFFLINE)) as stack,
        ScrubjayClient(stack.url) as client,
    ):
        return await contend(client, given.workers * threads, given.contenders, given.contended)


async def measured(given: argparse.Namespace, data: Path) -> tuple[dict[str, Comparison], list[Spread]]:
    """Everything that was asked for, one stack after the other."""
    amount = Load(given.lanes, given.poisoned, given.rate, given.seconds, given.backlog)
    offline = replace(amount, rate=given.offline_rate, seconds=given.offline_seconds)
    without_poison = [Situation.ALONE, Situation.NOISY]  # rules give no bad answer
    places = (given.contenders, max(1, given.contenders // (2 * given.workers)))
    steps = {MODEL: 3 * given.rounds, RULES: 2 * given.rounds, AMONG: len(places)}
    compared_by, spreads = dict[str, Comparison](), list[Spread]()
    with model_server(faults=scripted()) as model, progress_bar() as progress:
        task = progress.add_task("fairness", total=sum(steps[part] for part in given.parts))
        tick = partial(progress.advance, task)
        endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "scripted", "SCRUBJAY_EMBEDDER": "openai"}
        if MODEL in given.parts:
            every = list(Situation)
            setup = Setup(data / MODEL, workers=given.workers, environment=endpoint)
            compared_by[MODEL] = await compared(setup, given.rounds, every, amount, tick)
        if RULES in given.parts:
            setup = Setup(data / RULES, workers=given.workers, environment=OFFLINE)
            compared_by[RULES] = await compared(setup, given.rounds, without_poison, offline, tick)
        if AMONG in given.parts:
            for threads in places:
                spreads.append(await spread(data / f"{AMONG}-{threads}", threads, given))
                tick()
    return compared_by, spreads


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write; 1 when a promise is not held or the test was not fair."""
    given, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-fairness-") as data:
        comparisons, spreads = uvloop.run(measured(given, Path(data)))
    for name, comparison in comparisons.items():
        report.show(TITLES[name], comparison, console)
    if spreads:
        report.show_spreads(spreads, console)
    modelled = comparisons.get(MODEL, Comparison([]))
    claims = [
        Claim(f"p99 {situation}, times that of alone", RATIO, modelled.ratio(situation))
        for situation in (Situation.NOISY, Situation.POISONED)
        if modelled.of(situation)
    ]
    status = concluded(
        "bench-fairness", report.as_json(comparisons, spreads) | {"options": vars(given)}, claims, console
    )
    unfair = [reason for one in comparisons.values() for reason in one.unfair(given.backlog // 2)]
    for reason in unfair:
        console.print(f"[red]Not a fair test: {reason}.")
    return 1 if unfair else status


if __name__ == "__main__":
    sys.exit(main())
