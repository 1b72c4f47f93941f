"""`make bench-fairness`: what a quiet tenant waits from accept to settle, alone and beside tenants that want much.

All tenants share one stack, each with an API key of its own. The quiet tenant posts a few turns a second at random
times, its lanes taking turns, and for each turn `GET /turns/{id}` tells when it was accepted and when settled, by the
server's own clock. The situations take turns, round after round, so that a slow moment of the machine hits all of
them. Before each, nothing of the one before is left: no turn waits, and the model's circuit breaker is closed.

  alone           the quiet tenant only
  noisy           another tenant holds a backlog of thousands of users, a turn each; what is settled is posted anew,
                  and the backlog is counted at both ends
  poisoned        another tenant has lanes with one poison each among good turns. About it the model answers HTTP 500,
                  or never (the call times out), or it refuses to embed the fact (HTTP 500 as well). Some lanes are
                  filled before the round and the rest while it lasts. Counted are the poison turns that died, the
                  calls of the model that held each of them, and other turns that died
  replaying       another tenant replays all of its dead letters in bulk, again and again, and they die again (the
                  model's answer about them is no JSON)
  erasing         another tenant forgets users with memories and waiting turns and, at the same time, agents with
                  hundreds of users, over and over; it brings in by itself what is to be forgotten
  noisy-lane      the quiet tenant has one more lane, with a backlog that is kept up
  poisoned-lanes  the quiet tenant has more lanes, with one poison each: the model's answer about it is no JSON

The scripted model answers chat calls after 0.5 s and embeddings after 0.1 s. A turn alone waits for that, once or
twice, and for the batch wait: choose a rate that leaves the machine room, so that p99 alone is near this floor. What
each process takes of the processor stands in a table: where the model's process or this one is near a whole core, the
waits are theirs.

Last, lanes with 200 waiting turns each, offline: when the first and when the last of them is done, once with room for
all of them in the workers and once with room for half of them.

Promised are the ratios of p99, medians of the rounds, to that of alone: at most 1.25 beside another tenant (aimed at:
1.15), at most 1.5 beside lanes of the same tenant. All tables are also written to `build/bench-fairness.json`. The
exit status is 1 when a promise is not held, or when what should have gone on beside the quiet tenant did not.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from os import getpid
from pathlib import Path

import uvloop
from redis.asyncio import Redis
from rich.console import Console

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import OPERATOR_KEY as OPERATOR_SETTING
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from tests.bench.claims import concluded, parser, progress_bar
from tests.bench.fairness import report
from tests.bench.fairness.contention import contend
from tests.bench.fairness.erasing import Erasing
from tests.bench.fairness.figures import Comparison, Situation, Spread, Wait
from tests.bench.fairness.noisy import Noisy
from tests.bench.fairness.poisoned import BY_HTTP, Amount, Poison, Poisoned, poisoning
from tests.bench.fairness.quiet import Load, Quiet
from tests.bench.fairness.replaying import Replaying
from tests.bench.fairness.tenants import Neighbour, Tenant, tenant
from tests.bench.processor import Processor
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.model_server.wire import Fault, Kind
from tests.running import OPERATOR_KEY

CHAT_SECONDS, EMBEDDING_SECONDS = 0.5, 0.1
OFFLINE = {"SCRUBJAY_EXTRACTOR": "offline", "SCRUBJAY_EMBEDDER": "local"}
TENANTS, AMONG = "tenants", "contention"
BESIDE = [situation for situation in Situation if situation is not Situation.ALONE]
Tick = Callable[[], None]


def options(argv: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    command = parser("tests.bench.fairness", __doc__)
    parts = (TENANTS, AMONG)
    command.add_argument("--parts", nargs="+", choices=parts, default=parts, help="what to measure (everything)")
    command.add_argument("--beside", nargs="+", type=Situation, choices=BESIDE, default=BESIDE, help="situations (all)")
    command.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")
    command.add_argument("--rounds", type=int, default=5, help="rounds of all situations (%(default)s)")
    command.add_argument("--lanes", type=int, default=50, help="lanes of the quiet tenant (%(default)s)")
    command.add_argument("--rate", type=float, default=6, help="its turns a second (%(default)s)")
    command.add_argument("--seconds", type=float, default=26, help="of posting in each situation (%(default)s)")
    command.add_argument("--users", type=int, default=2_000, help="users of the noisy tenant (%(default)s)")
    command.add_argument("--backlog", type=int, default=2_000, help="turns it has waiting (%(default)s)")
    command.add_argument("--lane-backlog", type=int, default=1_000, help="the same, of the noisy lane (%(default)s)")
    command.add_argument("--poisoned", type=int, default=30, help="poisoned lanes in a round (%(default)s)")
    command.add_argument(
        "--poisoned-turns", type=int, default=50, help="turns of each, one of them poison (%(default)s)"
    )
    command.add_argument("--model-timeout", type=float, default=5, help="seconds a model call may take (%(default)s)")
    command.add_argument("--letters", type=int, default=1_000, help="dead letters that are replayed (%(default)s)")
    command.add_argument("--agent-users", type=int, default=200, help="users of an erased agent, to 500 (%(default)s)")
    command.add_argument("--contenders", type=int, default=20, help="noisy lanes that contend (%(default)s)")
    command.add_argument("--contended", type=int, default=200, help="waiting turns of each, at most 200 (%(default)s)")
    return command.parse_args(argv)


def scripted() -> tuple[Fault, ...]:
    """How the model behaves: bad about what is poisoned, else as slow as a fast provider."""
    return (
        *poisoning(CHAT_SECONDS),
        Fault(kind=Kind.SLOW, route="embeddings", seconds=EMBEDDING_SECONDS),
        Fault(kind=Kind.SLOW, seconds=CHAT_SECONDS),
    )


async def neighbours(
    arguments: argparse.Namespace, quiet: Tenant, model: ModelServer, redis: Redis, opened: AsyncExitStack
) -> Mapping[Situation, Neighbour]:
    """What goes on in each situation, each in a tenant of its own or in the quiet one."""
    noisy, poisoned, replaying, erasing = [
        await opened.enter_async_context(tenant(quiet.client.url, name, redis))
        for name in (Situation.NOISY, Situation.POISONED, Situation.REPLAYING, Situation.ERASING)
    ]
    amount = Amount(arguments.poisoned, arguments.poisoned_turns, arguments.seconds)
    return {
        Situation.NOISY: Noisy(noisy, arguments.users, arguments.backlog, model),
        Situation.POISONED: Poisoned(poisoned, model, BY_HTTP, amount),
        Situation.REPLAYING: Replaying(replaying, arguments.letters),
        Situation.ERASING: Erasing(erasing, arguments.agent_users),
        Situation.NOISY_LANE: Noisy(quiet, 1, arguments.lane_backlog, model),
        Situation.POISONED_LANES: Poisoned(quiet, model, (Poison.BAD_JSON,), amount),
    }


async def compared(arguments: argparse.Namespace, data: Path, model: ModelServer, tick: Tick) -> Comparison:
    """Every situation in every round, on one stack."""
    environment = {
        OPERATOR_SETTING: OPERATOR_KEY,
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "scripted",
        "SCRUBJAY_EMBEDDER": "openai",
        "SCRUBJAY_MODEL_TIMEOUT_SECONDS": str(arguments.model_timeout),
    }
    waits = []
    async with AsyncExitStack() as opened:
        setup = Setup(data, workers=arguments.workers, auth="keys", environment=environment)
        stack = await opened.enter_async_context(Stack(setup))
        redis = await opened.enter_async_context(Redis(port=stack.addresses.redis))
        owner = await opened.enter_async_context(tenant(stack.url, "quiet", redis))
        beside = await neighbours(arguments, owner, model, redis, opened)
        quiet = Quiet(owner, Load(arguments.lanes, arguments.rate, arguments.seconds))
        pids = {**stack.pids, "bench": getpid(), **({"model": model.pid} if model.pid else {})}
        await quiet.warm_up("warm-up")
        for number in range(arguments.rounds):
            for situation in (Situation.ALONE, *arguments.beside):
                await quiet.calm(f"calm-{situation}-{number}")
                waits.append(await waited(quiet, situation, beside.get(situation), number, pids))
                tick()
    return Comparison(waits)


async def waited(
    quiet: Quiet, situation: Situation, beside: Neighbour | None, number: int, pids: Mapping[str, int]
) -> Wait:
    """One situation of one round; each round has its times of posting, as chance has it."""
    label, chance = f"{situation}-{number}", random.Random(number)
    if beside is None:
        processor = Processor(pids)
        return Wait(situation, await quiet.waits(label, chance), processor=processor.shares())
    async with beside.going_on(f"beside-{label}") as seen:
        processor = Processor(pids)
        seconds = await quiet.waits(label, chance)
        shares = processor.shares()
        return Wait(situation, seconds, await seen(), shares)


async def spread(data: Path, threads: int, arguments: argparse.Namespace) -> Spread:
    """How far noisy lanes lie apart, with so many places for lanes in each worker."""
    async with (
        Stack(Setup(data, workers=arguments.workers, worker_threads=threads, environment=OFFLINE)) as stack,
        ScrubjayClient(stack.url) as client,
        Redis(port=stack.addresses.redis) as redis,
    ):
        tenant = Tenant("default", client, None, redis)
        return await contend(tenant, arguments.workers * threads, arguments.contenders, arguments.contended)


async def measured(arguments: argparse.Namespace, data: Path) -> tuple[Comparison, list[Spread]]:
    """Everything that was asked for, one stack after the other."""
    places = (arguments.contenders, max(1, arguments.contenders // (2 * arguments.workers)))
    steps = {TENANTS: (1 + len(arguments.beside)) * arguments.rounds, AMONG: len(places)}
    comparison, spreads = Comparison([]), list[Spread]()
    with progress_bar() as progress:
        task = progress.add_task("fairness", total=sum(steps[part] for part in arguments.parts))
        tick = partial(progress.advance, task)
        if TENANTS in arguments.parts:
            with model_server(faults=scripted()) as model:
                comparison = await compared(arguments, data / TENANTS, model, tick)
        if AMONG in arguments.parts:
            for threads in places:
                spreads.append(await spread(data / f"{AMONG}-{threads}", threads, arguments))
                tick()
    return comparison, spreads


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write; 1 when a promise is not held or the test was not fair."""
    arguments, console = options(argv), Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-fairness-") as data:
        comparison, spreads = uvloop.run(measured(arguments, Path(data)))
    if comparison.waits:
        report.show(comparison, console)
    if spreads:
        report.show_spreads(spreads, console)
    figures = report.as_json(comparison, spreads) | {"options": vars(arguments)}
    status = concluded("bench-fairness", figures, report.claims(comparison), console)
    unfair = comparison.unfair()
    for reason in unfair:
        console.print(f"[red]Not a fair test: {reason}.")
    return 1 if unfair else status


if __name__ == "__main__":
    sys.exit(main())
