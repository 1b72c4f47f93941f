"""How many lanes a process takes on, and whose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scrubjay.model import Lane, Lease
from scrubjay.worker import lane_slots
from scrubjay.worker.lane_slots import LaneSlots, LoopLoad
from tests.support import wait_until

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BUSY, CALM, BETWEEN = LoopLoad(0.6, 0.001), LoopLoad(0.2, 0.001), LoopLoad(0.4, 0.001)


class Claims:
    """Gives out a lane of the next tenant that is not left out; the drains end when a test says so."""

    def __init__(self, *tenants: str) -> None:
        self.ready = list(tenants)
        self.held = list[str]()
        self.over = asyncio.Event()

    @asynccontextmanager
    async def claim(self, left_out: Collection[str] = ()) -> AsyncIterator[Lease | None]:
        await asyncio.sleep(0)
        tenant = next((candidate for candidate in self.ready if candidate not in left_out), None)
        if tenant is None:
            yield None
            return
        self.ready.remove(tenant)
        self.held.append(tenant)
        yield Lease(lane=Lane(tenant=tenant, kind="user", name="ana"), token=1, taken_at=NOW)
        self.held.remove(tenant)


@pytest.fixture
async def claims(monkeypatch: pytest.MonkeyPatch) -> Claims:
    made = Claims()

    async def drain_held(_: Lease, __: Any) -> int:
        await made.over.wait()
        return 1

    monkeypatch.setattr(lane_slots, "drain_held", drain_held)
    return made


async def heard(slots: LaneSlots, claims: Claims, messages: int) -> list[asyncio.Task[int]]:
    """So many wake-up messages were heard, one after the other."""
    parts: Any = SimpleNamespace(lanes=claims)
    tasks = []
    for _ in range(messages):
        before = len(claims.held)
        task = asyncio.create_task(slots.drain_next(parts))
        await wait_until(lambda: len(claims.held) > before or task.done(), what="a claim")  # noqa: B023 # at once
        tasks.append(task)
    return tasks


async def ended(claims: Claims, tasks: list[asyncio.Task[int]]) -> int:
    claims.over.set()
    return sum(await asyncio.gather(*tasks))


async def test_a_tenant_that_is_alone_has_every_thread(claims: Claims) -> None:
    slots = LaneSlots(8)
    for _ in range(20):
        slots.adapt(BUSY)
    claims.ready = ["acme"] * 10
    tasks = await heard(slots, claims, 8)
    assert claims.held == ["acme"] * 8
    assert await ended(claims, tasks) == 8


async def test_beside_others_a_tenant_with_more_than_its_share_waits_at_the_limit_and_the_others_get_in(
    claims: Claims,
) -> None:
    slots = LaneSlots(32)
    for _ in range(20):
        slots.adapt(BUSY)
    assert slots.limit == 2
    claims.ready = ["acme", "acme", "bravo", *["acme"] * 10]
    tasks = await heard(slots, claims, 6)
    assert sorted(claims.held) == ["acme", "acme", "bravo"]
    claims.ready = ["acme", "bravo", "chess"]
    tasks += await heard(slots, claims, 3)
    assert sorted(claims.held) == ["acme", "acme", "bravo", "bravo", "chess"]
    assert await ended(claims, tasks) == 5


async def test_what_a_tenant_with_a_small_share_has_at_work_keeps_the_others_out_of_nothing_that_is_free(
    claims: Claims,
) -> None:
    slots = LaneSlots(32)
    claims.ready = ["acme"] * 20
    await ended(claims, await heard(slots, claims, 20))
    claims.over.clear()
    claims.ready = ["bravo"] * 6
    tasks = await heard(slots, claims, 6)
    for _ in range(20):
        slots.adapt(BUSY)
    claims.ready = ["acme"] * 10
    tasks += await heard(slots, claims, 10)
    assert claims.held.count("acme") == slots.limit == 2
    await ended(claims, tasks)


async def test_beside_others_some_threads_are_kept_for_who_has_a_small_share(claims: Claims) -> None:
    slots = LaneSlots(8)
    claims.ready = ["bravo", *["acme"] * 10]
    tasks = await heard(slots, claims, 8)
    assert len(claims.held) == 7
    assert await ended(claims, tasks) == 7


async def test_what_is_being_claimed_counts_as_well(claims: Claims) -> None:
    slots = LaneSlots(32)
    for _ in range(20):
        slots.adapt(BUSY)
    claims.ready = ["acme"] * 3
    await ended(claims, await heard(slots, claims, 3))
    claims.over.clear()
    claims.ready = ["bravo", *["acme"] * 10]
    tasks = await heard(slots, claims, 2)
    parts: Any = SimpleNamespace(lanes=claims)
    tasks += [asyncio.create_task(slots.drain_next(parts)) for _ in range(10)]
    await wait_until(lambda: sum(task.done() for task in tasks) == 9, what="those that are refused")
    assert claims.held.count("acme") == 2
    await ended(claims, tasks)


async def test_a_tenant_is_alone_again_a_while_after_the_others_have_left(
    claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = LaneSlots(8)
    claims.ready = ["acme", "bravo"]
    await ended(claims, await heard(slots, claims, 2))
    claims.over.clear()
    claims.ready = ["acme"] * 10
    tasks = await heard(slots, claims, 8)
    assert len(claims.held) == 7
    monkeypatch.setattr(lane_slots, "_LATELY_SECONDS", 0)
    tasks += await heard(slots, claims, 1)
    assert len(claims.held) == 8
    await ended(claims, tasks)


def test_the_limit_falls_fast_and_rises_slowly_between_two_and_what_is_not_kept_free() -> None:
    slots = LaneSlots(32)
    assert slots.limit == 28
    slots.adapt(BUSY)
    assert slots.limit == 21
    slots.adapt(LoopLoad(0.2, 0.05))
    assert slots.limit == 15
    for _ in range(6):
        slots.adapt(CALM)
    slots.adapt(BETWEEN)
    slots.adapt(LoopLoad(0.2, 0.015))
    assert slots.limit == 21
    slots.adapt(CALM)
    assert slots.limit == 22
    for _ in range(30):
        slots.adapt(BUSY)
    assert slots.limit == 2
    for _ in range(100):
        slots.adapt(CALM)
    assert slots.limit == 28


@pytest.mark.parametrize("threads", [1, 2])
def test_few_threads_are_all_used(threads: int) -> None:
    slots = LaneSlots(threads)
    slots.adapt(BUSY)
    assert slots.limit == threads


async def test_a_loop_that_is_kept_busy_lowers_the_limit_while_there_are_several_tenants(claims: Claims) -> None:
    slots = LaneSlots(32)
    claims.ready = ["acme", "bravo"]
    tasks = await heard(slots, claims, 2)
    following = asyncio.create_task(slots.follow_the_loop())

    async def busy() -> bool:  # for more than half of the time, and no timer is late by much
        until = time.thread_time() + 0.01
        while time.thread_time() < until:
            pass
        return slots.limit < 28

    await wait_until(busy, what="a lower limit", poll_seconds=0.002)
    following.cancel()
    await ended(claims, tasks)
