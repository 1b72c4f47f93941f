"""`python -m tests.bench`: how fast the stack is on this machine, all in one run, as medians of five rounds.

Machines are noisy: quote the ratio to the do-nothing route of the same app, not the rate alone. The table is also
written to `build/bench.json`.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter

import httpx
import uvloop
from qdrant_client import AsyncQdrantClient
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scrubjay.adapters.minilm.embedder import LocalEmbedder
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from scrubjay.model import Lease, Memory, Scope, Write
from tests.bench.load import Outcome, for_seconds, load, request, so_many

ROUNDS = 5
SECONDS = 2.0
CONNECTIONS = 64
SEARCHERS = 8
TURNS = 1_000
USERS = 50
POSTERS = 20
MEMORIES = 10_000
SEARCHED = Scope(tenant="default", user_id="bench-search")
TERMS = ("Berlin", "tea", "clinic", "Laravel", "dog", "violin", "marathon", "garden", "sister", "invoice")

Figures = dict[str, list[float]]


def turn(url: str, number: int, label: str = "a") -> bytes:
    """A turn of two messages, for one of many users."""
    body = {
        "user_id": f"bench-{label}-{number % USERS}",
        "messages": [
            {"role": "user", "content": f"I like item-{label}-{number} and I live in Berlin"},
            {"role": "assistant", "content": "Noted, thank you for telling me."},
        ],
    }
    return request("POST", f"{url}/turns", json.dumps(body).encode())


def question(url: str, number: int) -> bytes:
    """A search of the owner who has all the memories."""
    body = {"user_id": SEARCHED.user_id, "query": f"{TERMS[number % 10]} and {TERMS[number // 10 % 10]}?"}
    return request("POST", f"{url}/search", json.dumps(body).encode())


async def seed(url: str) -> None:
    """Put the searched memories into Qdrant directly: their making is not what is measured."""
    embedder = LocalEmbedder()
    client = AsyncQdrantClient(url=url, cloud_inference=True, check_compatibility=False, timeout=60)
    store = QdrantStore(client, embedder)
    chance, now = random.Random(1), datetime.now(UTC)
    for start in range(0, MEMORIES, 500):
        writes = []
        for number in range(start, start + 500):
            text = f"User told about {' and '.join(chance.sample(TERMS, 3))} on day {number}"
            memory = Memory(
                id=str(uuid.uuid4()), scope=SEARCHED, text=text, created_at=now, updated_at=now, valid_from=now
            )
            vector = tuple(chance.gauss(0, 1) for _ in range(embedder.dimension))
            writes.append(Write(point_id=memory.id, memory=memory, vector=vector))
        await store.apply(Lease(lane=SEARCHED.lane, token=1, taken_at=now), writes, good_until=float("inf"))
    await client.close()
    await embedder.aclose()


async def settled(url: str) -> int:
    """How many turns are settled, by the books."""
    async with httpx.AsyncClient() as client:
        lines = (await client.get(f"{url}/metrics")).text.splitlines()
    wanted = 'scrubjay_turns{state="settled",tenant="default"} '
    return next((int(float(line.removeprefix(wanted))) for line in lines if line.startswith(wanted)), 0)


async def post_and_settle(url: str, number: int) -> float:
    """Turns a second from the first post until the last is settled."""
    before, start = await settled(url), perf_counter()
    outcome = await load(url, POSTERS, so_many(TURNS, lambda at: turn(url, at, f"r{number}")))
    if outcome.refused:
        raise SystemExit(f"{outcome.refused} turns were refused")
    while await settled(url) < before + TURNS:
        await asyncio.sleep(0.02)
    return TURNS / (perf_counter() - start)


async def rounds(figures: Figures, name: str, tick: Callable[[], None], run: Callable[[int], Awaitable[float]]) -> None:
    """Run something five times and keep the figures."""
    for number in range(ROUNDS):
        figures.setdefault(name, []).append(await run(number))
        tick()


def honest(outcome: Outcome) -> float:
    """The rate, if every answer was a success."""
    if outcome.refused:
        raise SystemExit(f"{outcome.refused} of {len(outcome.latencies)} requests were refused")
    return outcome.rate


async def measure(data: Path, progress: Progress) -> Figures:
    """Everything, on one stack after the other."""
    figures: Figures = {}
    task = progress.add_task("rounds", total=4 * ROUNDS)
    advance = partial(progress.advance, task)
    async with Stack(Setup(data / "front", workers=0)) as stack:
        url = stack.url
        await seed(f"http://127.0.0.1:{stack.addresses.qdrant}")

        async def floor(_: int) -> float:
            live = request("GET", f"{url}/health/live")
            return honest(await load(url, CONNECTIONS, for_seconds(SECONDS, lambda _: live)))

        async def accept(number: int) -> float:
            make = for_seconds(SECONDS, lambda at: turn(url, at, f"a{number}"))
            return honest(await load(url, CONNECTIONS, make))

        async def search(_: int) -> float:
            return honest(await load(url, SEARCHERS, for_seconds(SECONDS, lambda at: question(url, at))))

        for number in range(ROUNDS):  # one after the other, so that a slow moment of the machine hits all
            for name, run in (("do nothing", floor), ("accept", accept), ("search", search)):
                figures.setdefault(name, []).append(await run(number))
                advance()
    async with Stack(Setup(data / "whole", workers=2)) as stack:
        whole = stack.url
        await rounds(figures, "drain", advance, lambda number: post_and_settle(whole, number))
    return figures


LABELS = {
    "do nothing": f"GET /health/live, {CONNECTIONS} connections",
    "accept": f"POST /turns, {CONNECTIONS} connections, fsync always",
    "search": f"POST /search over {MEMORIES:,} memories of one owner, {SEARCHERS} connections",
    "drain": f"{TURNS:,} turns of {USERS} users posted and settled, offline extractor, 2 workers",
}


def report(figures: Figures, console: Console) -> None:
    """Print the table and write `build/bench.json`."""
    medians = {name: statistics.median(rates) for name, rates in figures.items()}
    table = Table("what", "a second (median)", "min", "max", "ratio to do nothing", title=f"{ROUNDS} rounds")
    rows = {}
    for name, label in LABELS.items():
        ratio = medians[name] / medians["do nothing"]
        table.add_row(
            label, f"{medians[name]:,.0f}", f"{min(figures[name]):,.0f}", f"{max(figures[name]):,.0f}", f"{ratio:.2f}"
        )
        rows[name] = {"median": medians[name], "rounds": figures[name], "ratio": ratio, "what": label}
    console.print(table)
    target = Path("build/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=2) + "\n")
    console.print(f"written to {target}")


def main() -> None:
    """Run the benchmark."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="scrubjay-bench-") as data:
        with Progress(console=Console(stderr=True)) as progress:
            figures = uvloop.run(measure(Path(data), progress))
        report(figures, console)


if __name__ == "__main__":
    main()
