"""The abuse itself: connections that each make the next request of the catalogue as soon as the last was answered."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

import httpx

from tests.abuse.catalogue import Make
from tests.abuse.world import World, key_header

NO_ANSWER = 0  # in place of a status, where the connection ended or nothing came for too long


@dataclass
class Tally:
    """What was answered, by route: how often with which status, after how many seconds, and how many bytes."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sizes: Counter[str] = field(default_factory=Counter)
    refusals: dict[str, str] = field(default_factory=dict)  # the last one of each route

    def note(self, label: str, status: int, seconds: float, content: bytes) -> None:
        """One answer."""
        self.statuses[label][status] += 1
        self.seconds[label].append(seconds)
        self.sizes[label] += len(content)
        if not 200 <= status < 300:
            self.refusals[label] = f"{status} {content[:200].decode(errors='replace')}"

    def requests(self, label: str) -> int:
        """How many were made."""
        return self.statuses[label].total()

    def successes(self, label: str) -> int:
        """How many of them were answered with 2xx."""
        return sum(count for status, count in self.statuses[label].items() if 200 <= status < 300)


async def abuse(
    world: World, catalogue: Mapping[str, Make], *, times: int, connections: int, tick: Callable[[], None]
) -> Tally:
    """Make each request of the catalogue so often, some at a time, in an order drawn by chance.

    Args:
        world: what the requests are made of.
        catalogue: by route.
        times: how often each.
        connections: how many requests are under way at any moment.
        tick: called after each.
    """
    chance, tally, order = random.Random(1), Tally(), deque[tuple[str, int]]()
    for number in range(times):
        order.extend((label, number) for label in chance.sample(sorted(catalogue), len(catalogue)))

    async def connection() -> None:
        while order:
            label, number = order.popleft()
            await _one(world, label, catalogue[label], number, tally)
            tick()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return tally


async def _one(world: World, label: str, make: Make, number: int, tally: Tally) -> None:
    started = perf_counter()
    try:
        call = await make(world, number)
        method, started = label.partition(" ")[0], perf_counter()
        headers = key_header(world.keys[call.role])
        answer = await world.http.request(method, call.path, headers=headers, **call.more)
        tally.note(label, answer.status_code, perf_counter() - started, answer.content)
    except (httpx.TransportError, AssertionError) as error:  # what comes before a request may be refused as well
        tally.note(label, NO_ANSWER, perf_counter() - started, f"{type(error).__name__} {error}".encode())
