"""Random interleavings of the inbox's real steps: workers that die, stall and are cancelled, erases, edits, replays.

Every seed is one fixed walk as far as time allows (leases really run out). After every few steps the promises of the
inbox are looked at; at the end the faults stop and everything must drain.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from scrubjay.adapters.redis.limits import READY, InboxLimits
from scrubjay.errors import InboxFull, LaneBusy, LeaseLost
from scrubjay.model import Batch, Lane, Lease, Plan, Scope, Status
from scrubjay.model.names import QUEUE
from tests.contract.desk import Desk, desk_on
from tests.key_catalog import Ends, kind_of
from tests.redis_keys import keys, lane_keys

USERS = ("ana", "b:o b")
SCOPES = [Scope(tenant="default", user_id=user, run_id=run) for user in USERS for run in (None, "r1", "r2")]
LANES = [Scope(tenant="default", user_id=user).lane for user in USERS]
LIVE = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
LOOKED_AT = {keys.lanes, keys.removals}  # elsewhere
LIMITS = InboxLimits(0.03, max_attempts=2, retry_max_seconds=0.004, sweep_seconds=0.001, max_lane_backlog=30)
STEPS = 350


@dataclass(eq=False)
class Worker:
    """One worker, somewhere in its pass over a lane."""

    lease: Lease | None = None
    batch: Batch | None = None
    plan: Plan | None = None
    erased: frozenset[str] | None = None


@dataclass
class Walk:
    """The world, what was done to it, and what has to be true of it."""

    desk: Desk
    rng: random.Random
    workers: list[Worker] = field(default_factory=lambda: [Worker() for _ in range(3)])
    turns: dict[str, Scope] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    settled: list[str] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)

    @property
    def idle(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.lease is None]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    async def accept(self) -> None:
        scope = self.rng.choice(SCOPES)
        try:
            turn_id = await self.desk.post("x" * self.rng.choice([1, 50]), scope)
        except InboxFull:
            return
        self.turns[turn_id] = scope
        self.order[scope.lane.key].append(turn_id)
        if self.chance(0.07):
            self.poison.add(turn_id)

    async def hear(self) -> None:
        """A wake-up message reaches a worker, or is lost: nothing may rest on it."""
        if await self.desk.redis.rpop(QUEUE) and self.idle and not self.chance(0.1):
            self.rng.choice(self.idle).lease = await self.desk.lanes.leasing.claimed(())

    async def work_here(self) -> None:
        if self.idle:
            self.rng.choice(self.idle).lease = await self.desk.lanes.leasing.acquire(self.rng.choice(LANES), edit=False)

    async def work(self) -> None:
        busy = [worker for worker in self.workers if worker.lease is not None]
        if not busy:
            return
        worker = self.rng.choice(busy)
        try:
            goes_on = await self.goes_on(worker)
        except LeaseLost:
            goes_on = False
        if not goes_on:
            self.workers[self.workers.index(worker)] = Worker()

    async def goes_on(self, worker: Worker) -> bool:
        """One step of a worker's pass, or the fault that ends it."""
        lanes, lease = self.desk.lanes, worker.lease
        assert lease is not None
        if self.chance(0.08):
            return False  # killed: its lease runs out
        if self.chance(0.08):
            await lanes.hand_back(lease, died=self.chance(0.4))
            return False
        if worker.batch is None:
            worker.batch = await self.take(lease)
            worker.plan = worker.batch.plan if worker.batch else None
            return worker.batch is not None
        if worker.plan is None:
            return await self.decide(worker, lease, worker.batch)
        if self.chance(0.1):
            await lanes.postpone(lease, "Qdrant is away", None)
            return False
        if worker.erased is None:
            worker.erased = (await lanes.confirm(lease, worker.batch.turns)).erased
        else:
            await self.settle(lease, worker.batch, worker.plan, worker.erased)
            worker.batch = worker.plan = worker.erased = None
        return True

    async def take(self, lease: Lease) -> Batch | None:
        batch = await self.desk.lanes.take(lease, self.rng.choice([1, 2, 5]), self.rng.choice([300, 10_000]))
        if batch is not None and await self.held_by(lease):
            ids = [turn.id for turn in batch.turns]
            assert (await self.waiting(lease.lane))[: len(ids)] == ids, "what is taken is the head of its lane"
            if batch.plan is not None:
                left = [turn_id for turn_id in batch.plan.turn_ids if turn_id in ids]
                assert left == ids, "a recorded plan comes with its own turns"
        return batch

    async def decide(self, worker: Worker, lease: Lease, batch: Batch) -> bool:
        poisoned = any(turn.id in self.poison for turn in batch.turns)
        if poisoned and self.chance(0.5):
            return False
        if poisoned or self.chance(0.05):
            await self.desk.lanes.fail(lease, "bad_answer: it was no JSON")
            worker.batch = None
        elif self.chance(0.1):
            await self.desk.lanes.postpone(lease, "the model is away", None)
            return False
        else:
            worker.plan = Plan(turn_ids=tuple(turn.id for turn in batch.turns))
            await self.desk.lanes.record(lease, worker.plan)
        return True

    async def settle(self, lease: Lease, batch: Batch, plan: Plan, erased: frozenset[str]) -> None:
        ids = [turn.id for turn in batch.turns]
        before = await self.waiting(lease.lane)
        await self.desk.lanes.settle(lease, plan, erased)
        assert before == [*ids, *await self.waiting(lease.lane)], "settling removes its own batch and no other turn"
        self.settled += [turn_id for turn_id in ids if turn_id not in erased]

    async def sweep(self) -> None:
        await self.desk.sweeper.sweep()

    async def erase(self) -> None:
        scope = self.rng.choice(SCOPES)
        await self.desk.turn_erasure.raise_epoch(scope)

        async def hand_back(lease: Lease) -> None:
            if self.chance(0.5):  # else whoever erases is killed
                await self.desk.lanes.hand_back(lease)

        for lane in await self.desk.turns.lanes(scope):
            while True:
                with contextlib.suppress(LeaseLost):  # thirty milliseconds are short on a busy machine
                    await self.desk.erase(scope, lane, hand_back)
                    break
        for turn_id, owner in self.turns.items():
            if scope.ids.items() <= owner.ids.items():
                assert await self.status(turn_id) is Status.ERASED, "an erase reaches every turn of its owner"

    async def revive(self) -> None:
        dead = [turn_id for turn_id in self.turns if await self.status(turn_id) is Status.DEAD]
        if dead:
            turn_id, replay = self.rng.choice(dead), self.chance(0.7)
            assert (await self.desk.dead_letters.revive("default", [turn_id], replay=replay)).count
            self.poison.discard(turn_id)
            lane = self.order[self.turns[turn_id].lane.key]
            lane.append(lane.pop(lane.index(turn_id)))

    async def edit(self) -> None:
        try:
            async with self.desk.lanes.edit(self.rng.choice(LANES), wait_seconds=0.002):
                pass
        except LaneBusy:
            return

    async def pause(self) -> None:
        """Time passes, so that leases run out."""
        await asyncio.sleep(self.rng.choice([0.001, 0.01, 0.035]))

    async def status(self, turn_id: str) -> Status:
        status = await self.desk.turns.get(Scope(tenant="default"), turn_id)
        assert status is not None
        assert status.attempts >= 0, "no attempt is given back twice"
        return status.status

    async def waiting(self, lane: Lane) -> list[str]:
        name = (await lane_keys(self.desk.redis, lane)).waiting
        ids: list[bytes] = await self.desk.redis.lrange(name, 0, -1)  # type: ignore[assignment]
        return [turn_id.decode() for turn_id in ids]

    async def held_by(self, lease: Lease) -> bool:
        lane = await lane_keys(self.desk.redis, lease.lane)
        return await self.desk.redis.get(lane.lease) == str(lease.token).encode()

    async def look(self) -> None:
        ledger = await self.desk.turns.ledger("default")
        assert ledger.balanced, "accepted = settled + waiting + dead + erased"
        assert ledger.accepted == len(self.turns), "every accepted turn is in the books once"
        waiting: list[str] = []
        for lane in LANES:
            ids = await self.waiting(lane)
            waiting += ids
            await self.look_at(lane, bool(ids))
        assert len(waiting) == len(set(waiting)), "no turn stands twice in its lane"
        assert int(await self.desk.redis.get(keys.backlog) or 0) == len(waiting), "the backlog is what waits"
        counted = int(await self.desk.redis.hget(keys.ledger("default"), "waiting") or 0)
        assert counted == len(waiting), "what a tenant's limit goes by is what waits"
        sets = {state: await self.desk.redis.zrange(keys.status("default", state), 0, -1) for state in Status}
        for turn_id in self.turns:
            status = await self.status(turn_id)
            listed = [state for state in Status if turn_id.encode() in sets[state]]
            assert listed == [status], "a turn is listed under its status alone"
            assert (status in LIVE) == (turn_id in waiting), "what is not settled, dead or erased waits, and no other"
        assert len(self.settled) == len(set(self.settled)), "no turn is settled twice"

    async def look_at(self, lane: Lane, waits: bool) -> None:
        redis, ready = self.desk.redis, keys.ready(lane.tenant)
        lane_id = (await lane_keys(redis, lane)).id
        moment, since = await redis.zscore(keys.lanes, lane_id), await redis.zscore(ready, lane_id)
        assert moment is not None or not waits, "a lane with turns is known"
        ready_since = moment - READY if moment and moment >= READY else None
        assert since == ready_since, "a lane is ready, or is looked at then"
        leases = [worker.lease for worker in self.workers if worker.lease and worker.lease.lane == lane]
        assert since is None or not any([await self.held_by(lease) for lease in leases]), "a lane at work is not ready"
        has_turn = await redis.zscore(keys.ready_tenants, lane.tenant) is not None
        assert has_turn == bool(await redis.zcard(ready)), (
            "a tenant has a turn where it has ready lanes, and only there"
        )

    async def run(self, steps: int) -> None:
        moves = {
            self.accept: 6.0, self.hear: 9.0, self.work_here: 1.0, self.work: 40.0, self.sweep: 4.0, self.erase: 0.6,
            self.revive: 1.0, self.edit: 0.7, self.pause: 2.0,
        }  # fmt: skip
        for number in range(steps):
            await self.rng.choices(list(moves), list(moves.values()))[0]()
            if number % 5 == 0:
                await self.look()

    async def drained(self) -> None:
        """No more faults: sweep, hear and settle until nothing waits and every lane is asleep."""
        async with asyncio.timeout(20):
            while await self.desk.redis.zcard(keys.lanes):
                await self.sweep()
                with contextlib.suppress(LeaseLost):  # thirty milliseconds are short on a busy machine
                    await (self.drain() if await self.desk.redis.rpop(QUEUE) else asyncio.sleep(0.002))

    async def drain(self) -> None:
        async with self.desk.lanes.claim() as lease:
            while lease is not None and (batch := await self.desk.lanes.take(lease, 4, 10_000)):
                seen = await self.desk.lanes.confirm(lease, batch.turns)
                plan = batch.plan or Plan(turn_ids=tuple(turn.id for turn in batch.turns))
                await self.settle(lease, batch, plan, seen.erased)

    async def all_dead(self, name: str) -> bool:
        """Whether every turn of an index is dead."""
        ids: Any = await self.desk.redis.zrange(name, 0, -1)
        return {await self.desk.redis.hget(keys.turn("default", item.decode()), "status") for item in ids} == {b"dead"}

    async def end(self) -> None:
        await self.look()
        for lane, ids in self.order.items():
            mine = [turn_id for turn_id in self.settled if turn_id in ids]
            assert mine == [turn_id for turn_id in ids if turn_id in mine], f"{lane} is settled in order of acceptance"
        names = [item.decode() async for item in self.desk.redis.scan_iter("sj:*")]
        for name, kind in zip(names, map(kind_of, names), strict=True):
            assert kind, f"{name} is of no kind"
            if kind.ends is Ends.NEVER or name in LOOKED_AT or name.startswith(keys.status_prefix("default")):
                continue
            if name.startswith("sj:dead:"):
                assert await self.all_dead(name), f"{name} names a turn that is not dead"
                continue
            is_turn = name.startswith(keys.turn_prefix("default"))
            dead = is_turn and await self.desk.redis.hget(name, "status") == b"dead"
            assert dead or await self.desk.redis.ttl(name) != -1, f"{name} ends by itself once nothing waits"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_in_whatever_order_every_promise_of_the_inbox_holds(redis: Redis, seed: int) -> None:
    walk = Walk(desk_on(redis, LIMITS), random.Random(seed))
    with capture_logs() as logged:
        await walk.run(STEPS)
        await walk.drained()
    await walk.end()
    assert [entry for entry in logged if entry["event"] in ("ledger_unbalanced", "backlog_wrong")] == []
