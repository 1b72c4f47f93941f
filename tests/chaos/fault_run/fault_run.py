"""A fault run from its first turn to the last look: clients post, faults strike in several tracks, then it is quiet."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from scrubjay.client import ScrubjayClient
from tests.chaos.address import address_in_thread
from tests.chaos.faketime import MovableClock
from tests.chaos.fault_run import words
from tests.chaos.fault_run.crowd import Poster, crowd
from tests.chaos.fault_run.editor import Editing
from tests.chaos.fault_run.record import Record
from tests.chaos.fault_run.redis_strikes import RedisStrikes
from tests.chaos.fault_run.sizes import Size, Strike
from tests.chaos.fault_run.stack import command as stack_command
from tests.chaos.fault_run.strikes import Strikes
from tests.chaos.fault_run.system import Logs, Model, System
from tests.chaos.fault_run.witness import Tally, Witness
from tests.chaos.pair import Pair
from tests.running import started
from tests.support import free_port, wait_until

QUIET_SECONDS = 240
_TRIES_FOR_ONE = 12
_WORKER_THREADS = 16

S = Strike
# What strikes one after the other; the tracks run side by side.
TRACKS: Sequence[Sequence[Strike]] = (
    (S.WORKER_KILLED, S.WORKER_ENDED),
    (S.WORKER_STALLED,),
    (S.API_KILLED, S.API_ENDED, S.API_FROZEN, S.QDRANT_KILLED, S.QDRANT_FROZEN),
    (S.REDIS_KILLED, S.REDIS_FROZEN, S.REDIS_FULL, S.REDIS_FAILOVER, S.REDIS_REPLICAOF, S.REDIS_PROMOTED,
     S.REDIS_CONNECTIONS_KILLED, S.REDIS_IDLE_CLOSED),
    (S.CLOCK_DURING_ERASE, S.CLOCK_DURING_EDIT, S.CLOCK_SLIGHTLY),
    (S.MODEL_WRONG, S.MODEL_SLOW, S.MODEL_REFUSING, S.MODEL_GONE),
    (S.OWNER_FORGOTTEN,),
    (S.MEMORY_EDITED,),
)  # fmt: skip


@dataclass
class FaultRun:
    """Everything of one fault run, for the checks and the report.

    Args:
        size: how big.
        system: what it struck.
        record: what the clients know.
        strikes: what struck.
        tally: how often.
        witness: what the books said.
        seconds: how long it took, the drain included.
        drained_in: seconds from the last fault to the last turn settled.
        poisoned: ids of the dead letters that are left.
    """

    size: Size
    system: System
    record: Record
    strikes: Strikes
    tally: Tally
    witness: Witness
    client: ScrubjayClient
    seconds: float = 0
    drained_in: float = 0
    poisoned: frozenset[str] = frozenset()


@contextlib.asynccontextmanager
async def gathering(size: Size, folder: Path, seed: int) -> AsyncIterator[FaultRun]:
    """A running stack with all that a fault run needs; ended by its pids when left.

    Args:
        size: how big.
        folder: for the data.
        seed: of all that is left to chance.
    """
    dice, model = random.Random(seed), Model()
    async with contextlib.AsyncExitStack() as stack:
        model.start()
        stack.callback(model.kill)
        settings = {
            "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test",
            "SCRUBJAY_LEASE_SECONDS": str(size.lease_seconds), "SCRUBJAY_SWEEP_SECONDS": "0.5",
            "SCRUBJAY_RETRY_MAX_SECONDS": "3", "SCRUBJAY_MODEL_TIMEOUT_SECONDS": "6",
            "SCRUBJAY_MAX_ATTEMPTS": "3",
        }  # fmt: skip
        data, clock = folder / "data", MovableClock(folder / "clock")
        ports = free_port(), free_port()
        address = stack.enter_context(address_in_thread(ports[0]))
        command = stack_command(data, workers=size.workers, threads=_WORKER_THREADS, address=address.port, redis=ports)
        running = stack.enter_context(started(command, data, {**settings, "PATH": clock.path}))
        pair = Pair(ports, address)
        await pair.replicate()
        limits = httpx.Limits(max_connections=size.posters + 20)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=running.url, timeout=20, trust_env=False, limits=limits)
        )
        client = await stack.enter_async_context(ScrubjayClient(running.url, retries=12, timeout_seconds=30))
        looking = await stack.enter_async_context(ScrubjayClient(running.url, retries=0, timeout_seconds=5))
        redis = Redis.from_url(address.url, socket_timeout=5, retry=Retry(ExponentialBackoff(), 5))
        stack.push_async_callback(redis.aclose)
        record, system = Record(), System(running, pair, clock, ports, redis, model, Logs(data / "logs"))
        poster = Poster(http, record, dice)
        of_redis = RedisStrikes(system, record, poster, dice)
        strikes = Strikes(system, size, record, poster, dice, of_redis, Editing(poster, looking, record, of_redis))
        yield FaultRun(size, system, record, strikes, Tally(), Witness(looking), client)


async def rage(fault_run: FaultRun, tell: Callable[[FaultRun], None]) -> None:
    """Post and strike until enough is accepted and every fault has taken effect as often as it has to."""
    over, dice = asyncio.Event(), fault_run.strikes.dice

    async def strike_all() -> None:
        await wait_until(
            lambda: fault_run.witness.last.settled, deadline_seconds=QUIET_SECONDS, what="a turn being settled"
        )
        async with asyncio.TaskGroup() as group:
            for track in TRACKS:
                group.create_task(_follow(fault_run, track))
        over.set()

    async def report() -> None:
        while True:
            tell(fault_run)
            await asyncio.sleep(0.5)

    watching = [asyncio.create_task(fault_run.witness.watch()), asyncio.create_task(report())]
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(crowd(fault_run.strikes.poster, fault_run.size, fault_run.record, dice, over))
            group.create_task(strike_all())
        await _quiet(fault_run)
        await _replay(fault_run)
    finally:
        for task in watching:
            task.cancel()
    await fault_run.witness.look()
    fault_run.seconds = fault_run.witness.now
    tell(fault_run)


async def _follow(fault_run: FaultRun, track: Sequence[Strike]) -> None:
    """One strike after the other, in an order left to chance, until each has had its effect so many times."""
    dice, actions = fault_run.strikes.dice, fault_run.strikes.by_name()
    left = [strike for strike in track for _ in range(fault_run.size.at_least.get(strike, 0))]
    dice.shuffle(left)
    tries = 0
    while left:
        start, tries = fault_run.witness.now, tries + 1
        effect = await actions[left[-1]]()
        fault_run.tally.note(left[-1], effect, start, fault_run.witness.now)
        if effect or tries == _TRIES_FOR_ONE:  # what never takes effect is reported as such
            left.pop()
            tries = 0
        await asyncio.sleep(dice.uniform(*fault_run.size.pause_seconds))


async def _quiet(fault_run: FaultRun) -> None:
    """Wait until nothing is waiting any more."""
    fault_run.system.model.misbehave()
    start = monotonic()

    async def settled() -> bool:
        await fault_run.witness.look()
        ledger = fault_run.witness.last
        return ledger.waiting == 0 and ledger.accepted >= fault_run.record.accepted

    await wait_until(settled, deadline_seconds=QUIET_SECONDS, what="every turn having its end", poll_seconds=0.3)
    fault_run.drained_in = monotonic() - start


async def _replay(fault_run: FaultRun) -> None:
    """Replay the dead letters, as a person would after the model was mended; what is poisoned stays dead."""
    while True:
        dead = await _dead(fault_run)
        poisoned = {turn for turn, text in dead.items() if words.POISON in text}
        chance = [turn for turn in dead if turn not in poisoned]
        if not chance:
            break
        await fault_run.client.dead_letters.replay(chance)
        fault_run.record.replayed.update(chance)
        await _quiet(fault_run)
    fault_run.poisoned = frozenset(poisoned)


async def _dead(fault_run: FaultRun) -> dict[str, str]:
    """The dead letters, each with what was said."""
    texts: dict[str, str] = {}
    page = 1
    while True:
        answer = await fault_run.client.dead_letters.page(page=page, page_size=200)
        for turn in answer.results:
            texts[turn.id] = " ".join(message["content"] for message in turn.messages or [])
        if len(texts) >= answer.count or not answer.results:
            return texts
        page += 1
