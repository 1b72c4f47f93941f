"""Lists and waiting cost the same however much is stored, however deep a list is read, and count what is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.turn_log.lists import newest
from scrubjay.adapters.redis.turn_log.owners import RedisOwners
from scrubjay.library.lane_runner import Working
from scrubjay.model import After, DeadFilter, Page, Slice, Status, TurnStatus
from scrubjay.search.recall import wait_until_settled
from tests.contract.desk import ANA, Desk
from tests.redis_keys import lane_keys, lane_scripts

Part = Callable[[Page], Awaitable[Slice[TurnStatus]]]


async def died(desk: Desk) -> str:
    turn_id = await desk.post()
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await desk.lanes.fail(lease, "bad_answer: no JSON")
    return turn_id


async def settled(desk: Desk, turns: int) -> list[str]:
    ids = [await desk.post() for _ in range(turns)]
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.settle_all(lease)
    return ids


async def everything(part: Part, size: int) -> list[str]:
    """The ids of a list read to its end by cursors."""
    page = await part(Page(size=size))
    ids = [turn.id for turn in page.items]
    while page.after is not None:
        page = await part(Page(size=size, after=After.parse(page.after.cursor)))
        ids += [turn.id for turn in page.items]
    return ids


async def cost(redis: Redis, deed: Awaitable[object]) -> tuple[int, int]:
    """How many commands Redis carries out for a deed, and how many bytes it answers."""
    await redis.config_resetstat()
    await deed
    stats, commands = await redis.info("stats"), await redis.info("commandstats")
    done = sum(
        stat["calls"] for name, stat in commands.items() if name not in ("cmdstat_info", "cmdstat_config|resetstat")
    )
    return done, stats["total_net_output_bytes"]


@pytest.mark.parametrize("names", [1, 3])
async def test_a_list_of_several_sets_is_read_in_order_by_cursor_and_by_page_though_times_are_equal(
    redis: Redis, names: int
) -> None:
    sets = [f"set-{number}" for number in range(names)]
    rows = [(stamp, f"{stamp}-{twin}") for stamp in range(1, 40) for twin in range(1 + stamp % 4)]
    for number, (stamp, name) in enumerate(rows):
        await redis.zadd(sets[number % names], {name: stamp})
    expected = [name for _, name in sorted(rows, reverse=True)]
    scripts = RedisScripts(redis)
    for size in (1, 7, 200):
        by_page, by_cursor, number, after = list[str](), list[str](), 1, None
        while len(by_page) < len(rows):
            part = await newest(scripts, sets, Page(number=number, size=size))
            by_page += [place.name for place in part.items]
            number += 1
        while len(by_cursor) < len(rows):
            part = await newest(scripts, sets, Page(size=size, after=after))
            by_cursor, after = by_cursor + [place.name for place in part.items], part.after
        assert (by_page, by_cursor, after, part.count) == (expected, expected, None, len(rows))
    assert (await newest(scripts, sets, Page(number=5, size=200))).items == []


async def test_a_page_costs_the_same_however_many_turns_there_are_and_however_deep_it_lies(
    desk: Desk, redis: Redis
) -> None:
    spent = dict[str, list[tuple[int, int]]]()
    for turns in (1_000, 20_000):
        await redis.zadd("sj:status:default:settled", {f"id-{number:06d}": number for number in range(turns)})
        pages = {"first": Page(size=50), "after": Page(size=50, after=After(stamp=turns // 2, name="z"))}
        for kind, page in {**pages, "last": Page(number=turns // 50, size=50)}.items():
            spent.setdefault(kind, []).append(await cost(redis, desk.turns.page("default", None, None, page)))
    for kind, ((few, little), (many, much)) in spent.items():
        assert many <= few + (40 if kind == "last" else 0), f"{kind}: a place is found by halving"
        assert much < little + 1_000, kind


async def test_the_turns_of_a_user_and_the_list_of_the_dead_agree_a_retention_after_the_lane_fell_asleep(
    desk: Desk, redis: Redis
) -> None:
    dead = await died(desk)
    await redis.delete((await lane_keys(redis, ANA.lane)).owned)
    assert await desk.turns.dead("default", DeadFilter(user_id="ana")) == [dead]
    for status in (None, Status.DEAD):
        page = await desk.turns.page("default", status, "ana", Page())
        assert (page.count, [turn.id for turn in page.items]) == (1, [dead])
    by_user = await desk.turns.dead_page("default", DeadFilter(user_id="ana"), Page())
    assert [turn.id for turn in by_user.items] == [dead]


async def test_a_dead_turn_leaves_the_dead_of_its_lane_as_it_is_replayed_discarded_or_erased(
    desk: Desk, redis: Redis
) -> None:
    replayed, discarded = await died(desk), await died(desk)
    assert await redis.zcard((await lane_keys(redis, ANA.lane)).dead) == 2
    assert (await desk.dead_letters.revive("default", [replayed], replay=True)).count == 1
    assert (await desk.dead_letters.revive("default", [discarded], replay=False)).count == 1
    page = await desk.turns.page("default", None, "ana", Page())
    assert [(turn.id, turn.status) for turn in page.items] == [(replayed, Status.QUEUED)]
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await desk.lanes.fail(lease, "bad_answer: no JSON")
    assert await redis.zcard((await lane_keys(redis, ANA.lane)).dead) == 1
    await desk.erase()
    assert not await redis.exists((await lane_keys(redis, ANA.lane)).dead)


async def test_turns_whose_status_has_ended_are_not_counted(desk: Desk, redis: Redis) -> None:
    turn_id = await desk.post()
    await redis.zadd(
        (await lane_keys(desk.redis, ANA.lane)).owned, {f"ended-{number}": number for number in range(1, 1_500)}
    )
    page = await desk.turns.page("default", None, "ana", Page())
    assert (page.count, [turn.id for turn in page.items]) == (1, [turn_id])


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_each_list_of_a_user_is_whole_and_in_order_by_cursor(desk: Desk, size: int) -> None:
    old, dead, waiting = await settled(desk, 3), await died(desk), [await desk.post() for _ in range(3)]
    expected = {
        None: [*old, dead, *waiting],
        Status.SETTLED: old,
        Status.DEAD: [dead],
        Status.QUEUED: waiting,
        Status.RUNNING: [],
        Status.ERASED: [],
    }
    for status, ids in expected.items():

        async def part(page: Page, status: Status | None = status) -> Slice[TurnStatus]:
            return await desk.turns.page("default", status, "ana", page)

        assert await everything(part, size) == ids[::-1], status
        assert (await part(Page(size=size))).count == len(ids), status
        second = await part(Page(number=2, size=size))
        assert [turn.id for turn in second.items] == ids[::-1][size : 2 * size], status


async def test_the_dead_that_are_meant_are_listed_by_cursor_and_by_page(desk: Desk) -> None:
    ids = [await died(desk) for _ in range(5)]

    async def part(page: Page) -> Slice[TurnStatus]:
        return await desk.turns.dead_page("default", DeadFilter(error="bad_answer"), page)

    assert await everything(part, 2) == ids[::-1]
    page = await part(Page(number=2, size=2))
    assert (page.count, [turn.id for turn in page.items]) == (5, ids[2:0:-1])
    assert (await desk.turns.dead_page("default", DeadFilter(error="another"), Page())).count == 0


async def test_waiting_for_a_turn_never_reads_its_words(desk: Desk, redis: Redis) -> None:
    turn_id = await desk.post("x" * 100_000)
    commands, size = await cost(redis, wait_until_settled(ANA, turn_id, 0.3, desk.turns))
    stats = await redis.info("commandstats")
    assert "cmdstat_hgetall" not in stats
    assert commands <= 9
    assert size < 2_000


async def test_however_many_wait_in_a_process_they_look_a_bounded_number_of_times(desk: Desk, redis: Redis) -> None:
    turn_id, waiters, seconds = await desk.post(), 300, 0.6
    waits = [wait_until_settled(ANA, turn_id, seconds, desk.turns) for _ in range(waiters)]
    looks, _ = await cost(redis, asyncio.gather(*waits))
    assert looks < 4.5 * waiters, "alone each would look eight times"


async def test_the_library_looks_for_lanes_in_as_many_steps_as_there_are_pages(desk: Desk, redis: Redis) -> None:
    working = Working(SimpleNamespace(turns=desk.turns), 1)  # type: ignore[arg-type]
    spent = list[int]()
    for turns in (1_000, 2_000):
        async with redis.pipeline(transaction=False) as pipeline:
            for number in range(turns):
                row = {
                    "v": 1,
                    "status": "settled",
                    "accepted_us": number + 1,
                    "attempts": 1,
                    "user_id": f"u{number % 7}",
                }
                pipeline.hset(f"sj:turn:default:id-{number:04d}", mapping=row)  # type: ignore[arg-type]
            pipeline.zadd("sj:status:default:settled", {f"id-{number:04d}": number + 1 for number in range(turns)})
            await pipeline.execute()
        spent.append((await cost(redis, working.lanes("default", [Status.SETTLED])))[1])
    assert spent[1] < 2.2 * spent[0], spent
    assert len(await working.lanes("default")) == 7


async def test_an_export_leaves_out_no_turn_of_those_that_share_a_microsecond(desk: Desk) -> None:
    ids = await asyncio.gather(*(desk.post() for _ in range(450)))
    rows: list[Any] = await desk.redis.zrange((await lane_keys(desk.redis, ANA.lane)).owned, 0, -1, withscores=True)
    for border in (200, 400):  # as after the clock went back: a turn has the time of the one before it
        await desk.redis.zadd((await lane_keys(desk.redis, ANA.lane)).owned, {rows[border][0]: rows[border - 1][1]})
    exported = [status.id async for status, _ in RedisOwners(desk.redis, desk.turns, lane_scripts(desk.redis)).of(ANA)]
    assert len(exported) == 450
    assert set(exported) == set(ids)
