"""An owner with very many turns is forgotten, and everybody else is served meanwhile as if nothing were."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import httpx
from redis.exceptions import RedisError

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.errors import ScrubjayError
from scrubjay.model import Message, Plan, Role, Scope, Submission
from tests.bench.claims import Claim
from tests.bench.fairness.figures import percentile
from tests.chaos.erase.owners import Speaker
from tests.chaos.erase.proof import COUNTS, TRACES, Seen, check_receipt, rests
from tests.chaos.erase.stage import LEASE_SECONDS, Stage
from tests.chaos.scene import TENANT, Scene

TIMES_IDLE, WORST_SECONDS = 20, 2
CLAIMED = ("accept", "live", "ping")
_AT_ONCE = 200
_BATCH = 1_000
_PROBE_SECONDS = 0.05
_BESIDE = 20

Probe = Callable[[], Awaitable[object]]


@dataclass
class Waits:
    """What others waited for an answer, by what they asked: in seconds.

    Args:
        idle: while nobody was forgotten.
        busy: while the owner was.
        refused: what was answered with an error.
        posted: the turns of others that were accepted meanwhile.
        forget_seconds: how long the erase took.
    """

    idle: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    forget_seconds: float = 0

    def figures(self) -> dict[str, float]:
        """The figures of each probe in milliseconds, and how often it asked."""
        values = dict[str, float]()
        for name, seconds in self.busy.items():
            idle = self.idle[name]
            values |= {f"{name}_idle_count": len(idle), f"{name}_count": len(seconds)}
            values |= {f"{name}_idle_p99_ms": 1000 * percentile(idle, 0.99)}
            values |= {f"{name}_p99_ms": 1000 * percentile(seconds, 0.99), f"{name}_worst_ms": 1000 * max(seconds)}
        return values

    def claims(self) -> list[Claim]:
        """What nobody may have to wait for, or be refused."""
        limits = [Claim("refused while an owner with many turns was forgotten", 0, len(self.refused))]
        for name in CLAIMED:
            busy, idle = self.busy[name], percentile(self.idle[name], 0.99)
            limits.append(
                Claim(f"{name}: p99 beside the erase, times that of before", TIMES_IDLE, percentile(busy, 0.99) / idle)
            )
            limits.append(Claim(f"{name}: the longest wait, seconds", WORST_SECONDS, max(busy)))
        return limits


async def settle_many(scene: Scene, scope: Scope, token: str, turns: int, tell: Callable[[int], object]) -> None:
    """Write so many settled turns of one owner, with the real steps of accepting and settling.

    Args:
        scene: whose Redis.
        scope: the owner.
        token: stands in each turn.
        turns: how many.
        tell: called with how many there are.
    """
    scripts, wakeups, limits = RedisScripts(scene.redis), CeleryWakeups(), InboxLimits(lease_seconds=LEASE_SECONDS)
    pseudonyms, order = Pseudonyms(RedisServerKey(RedisScripts(scene.redis))), RedisOrder(scripts, _nothing_stored)
    adapters = turn_adapters(RedisCore(scene.redis, LaneScripts(scripts), wakeups, limits, pseudonyms, order))
    intake, lanes = adapters.intake, adapters.lanes
    submission = Submission(scope=scope, messages=(Message(role=Role.USER, content=f"I said {token}."),))
    async with lanes.edit(scope.lane) as lease:  # no worker takes any of them
        for start in range(0, turns, _BATCH):
            count = min(_BATCH, turns - start)
            for first in range(0, count, _AT_ONCE):
                some = range(first, min(count, first + _AT_ONCE))
                await asyncio.gather(*(intake.accept(submission) for _ in some))
            batch = await lanes.take(lease, _BATCH, 100_000_000)
            assert batch is not None
            await lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
            tell(start + count)


async def _nothing_stored() -> int:
    raise AssertionError("the API has seeded the order long ago")


@asynccontextmanager
async def _probing(probes: dict[str, Probe], waits: dict[str, list[float]], refused: list[str]) -> AsyncIterator[None]:
    """Each probe asks again and again until left."""

    async def again(name: str, probe: Probe) -> None:
        seconds = waits.setdefault(name, [])
        while True:
            start = monotonic()
            try:
                await probe()
            except (ScrubjayError, httpx.HTTPError, RedisError) as error:
                refused.append(f"{name}: {type(error).__name__}: {error}")
            seconds.append(monotonic() - start)
            await asyncio.sleep(_PROBE_SECONDS)

    tasks = [asyncio.create_task(again(name, probe)) for name, probe in probes.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def forget_large(on: Stage, turns: int, idle_seconds: float, seen: Seen, tell: Callable[[int], object]) -> Waits:
    """Let an agent have so many settled turns, and forget it while others post turns, search and are pinged.

    Args:
        on: with workers.
        turns: how many.
        idle_seconds: how long the others are watched before.
        seen: gets what is found.
        tell: called with how many turns there are by now.
    """
    scene, waits = on.scene, Waits()
    token, agent = f"large-word-{scene.mark}", scene.id_of("large")
    await settle_many(scene, Scope(tenant=TENANT, agent_id=agent), token, turns, tell)
    async with _probes(on, waits) as probes:
        async with _probing(probes, waits.idle, waits.refused):
            await asyncio.sleep(idle_seconds)
        async with _probing(probes, waits.busy, waits.refused):
            start = monotonic()
            receipt = await scene.client.owners.forget(agent_id=agent)
            waits.forget_seconds = monotonic() - start
    errors = await scene.redis.info("errorstats")
    waits.refused += [f"Redis was {name}" for name in errors if name.endswith("BUSY")]
    right = receipt.counts.turns == {"settled": turns} and receipt.turns == receipt.counts.texts == turns
    seen.note(COUNTS, [] if right else [f"{turns:,} turns of one owner: {receipt}"])
    seen.secrets |= {token, agent}
    seen.receipts.append((receipt, {"agent_id": agent}))
    await check_receipt(scene, receipt, {"agent_id": agent}, seen)
    seen.note(TRACES, await rests([token, agent], on.look, seen))
    return waits


@asynccontextmanager
async def _probes(on: Stage, waits: Waits) -> AsyncIterator[dict[str, Probe]]:
    """What others ask: a turn is posted, a search, a look at the API, a PING of Redis; each on its own connection."""
    scene = on.scene
    names = [f"beside-{number}" for number in range(_BESIDE)]  # one lane would be settled more slowly than it is filled
    beside = itertools.cycle([Speaker(scene, f"{name}-{scene.mark}", {"user_id": scene.id_of(name)}) for name in names])
    async with httpx.AsyncClient(base_url=on.url, trust_env=False, timeout=30) as http, on.redis() as redis:

        async def accept() -> None:
            waits.posted += await next(beside).say()

        async def live() -> None:
            (await http.get("/health/live")).raise_for_status()

        async def search() -> None:
            await scene.client.search("thing", user_id=scene.id_of("beside-0"))

        yield {"accept": accept, "live": live, "search": search, "ping": redis.ping}
