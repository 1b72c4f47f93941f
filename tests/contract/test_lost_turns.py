"""Turns whose hashes Redis no longer has: they are counted as lost, and their lane goes on without them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.order import clock
from scrubjay.errors import InboxRefused
from scrubjay.model import Lease, Plan, Status
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

TENANT = "default"


async def hold(desk: Desk) -> Lease:
    lease = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    return lease


async def lose(desk: Desk, turn_ids: Sequence[str]) -> None:
    await desk.redis.delete(*(keys.turn(TENANT, turn_id) for turn_id in turn_ids))


async def agree(desk: Desk, settled: int, lost: int) -> None:
    """The books balance, nothing waits, and no trace of the lost ones is left."""
    ledger = await desk.turns.ledger(TENANT)
    assert (ledger.settled, ledger.lost, ledger.waiting, ledger.dead) == (settled, lost, 0, 0)
    assert ledger.balanced
    assert await desk.redis.get(keys.backlog) == b"0"
    assert await desk.redis.zcard((await lane_keys(desk.redis, ANA.lane)).owned) == settled
    await desk.sweeper._audit.look()


@pytest.mark.parametrize(
    "gone", [[0], [2, 3], [5], [0, 1, 2, 3, 4, 5], range(1, 6)], ids=["first", "middle", "last", "all", "rest"]
)
@pytest.mark.parametrize("turns_held", [0, 4], ids=["free", "held by a dead worker"])
@pytest.mark.parametrize("planned", [False, True], ids=["no plan", "recorded plan"])
async def test_lost_turns_are_counted_and_logged_once_and_the_others_settle_in_their_order(
    desk: Desk, gone: Sequence[int], turns_held: int, planned: bool
) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(6)]
    if turns_held:
        lease = await hold(desk)
        batch = await desk.lanes.take(lease, turns_held, 100_000)
        if planned and batch:
            await desk.lanes.record(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
        await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)
    await lose(desk, [posted[number] for number in gone])
    with capture_logs() as lines:
        settled = await desk.settle_all(await hold(desk))
        assert await desk.lanes.leasing.acquire(ANA.lane, edit=False) is None
    assert settled == [turn_id for number, turn_id in enumerate(posted) if number not in gone]
    lost = [(line["turn_id"], line["tenant"]) for line in lines if line["event"] == "turn_lost"]
    assert lost == [(posted[number], TENANT) for number in gone]
    assert not [line for line in lines if line["event"] != "turn_lost"]
    assert await desk.redis.zcard(keys.lanes) == 0
    await agree(desk, settled=6 - len(gone), lost=len(gone))


@pytest.mark.parametrize("end", ["postpone", "fail", "fail alone", "settle", "hand back", "erase"])
async def test_a_turn_lost_while_its_batch_is_worked_on_stops_no_step(desk: Desk, end: str) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(3)]
    lease = await hold(desk)
    batch = await desk.lanes.take(lease, 1 if end == "fail alone" else 3, 100_000)
    assert batch is not None
    await lose(desk, posted[:1])
    if end == "postpone":
        await desk.lanes.postpone(lease, "model_unavailable: it is away", None)
        await desk.redis.hdel((await lane_keys(desk.redis, ANA.lane)).counters, "wake_us")
    elif end.startswith("fail"):
        await desk.lanes.fail(lease, "bad_answer: it was no JSON")
        await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)
    elif end == "settle":
        await desk.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
        ledger = await desk.turns.ledger(TENANT)
        assert (ledger.settled, ledger.lost, ledger.waiting, ledger.balanced) == (3, 0, 0, True)
        assert await desk.redis.hget(keys.ledger(TENANT), "waiting") == b"0"
        return
    elif end == "hand back":
        await desk.lanes.hand_back(lease)
    else:
        assert [sum((await desk.erase()).turns.values()) for _ in range(2)] == [2, 0]
        ledger = await desk.turns.ledger(TENANT)
        assert (ledger.erased, ledger.balanced) == (2, True)
        assert await desk.settle_all(await hold(desk)) == []
        ledger = await desk.turns.ledger(TENANT)
        assert (ledger.erased, ledger.lost, ledger.waiting, ledger.balanced) == (2, 1, 0, True)
        return
    assert await desk.redis.exists(keys.turn(TENANT, posted[0])) == 0
    assert await desk.settle_all(await hold(desk)) == posted[1:]
    await agree(desk, settled=2, lost=1)


async def test_a_lane_of_a_thousand_lost_turns_is_emptied_a_part_at_a_time(desk: Desk) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(1_010)]
    await lose(desk, posted[:-1])
    assert await desk.settle_all(await hold(desk)) == posted[-1:]
    await agree(desk, settled=1, lost=1_009)


async def test_a_turn_of_which_a_part_of_the_hash_is_left_is_lost_as_well(desk: Desk) -> None:
    posted = [await desk.post("one"), await desk.post("two")]
    await desk.redis.hdel(keys.turn(TENANT, posted[0]), "body")
    lease, settled = await hold(desk), list[str]()
    with contextlib.suppress(InboxRefused):
        settled = await desk.settle_all(lease)
    assert settled == posted[1:]
    await agree(desk, settled=1, lost=1)


async def test_a_turn_lost_just_behind_the_batch_stops_no_burial(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(max_attempts=2))
    posted = [await desk.post(f"turn {number}") for number in range(4)]
    for _ in range(2):
        await desk.lanes.take(await hold(desk), 1, 100_000)
        await redis.delete((await lane_keys(redis, ANA.lane)).lease)  # the worker is lost
    await lose(desk, posted[2:3])
    batch = await desk.lanes.take(await hold(desk), 2, 100_000)
    assert batch is not None
    assert [turn.id for turn in batch.turns] == [posted[1], posted[3]]
    ledger = await desk.turns.ledger(TENANT)
    assert (ledger.dead, ledger.lost, ledger.waiting, ledger.balanced) == (1, 1, 2, True)


async def test_a_lane_whose_step_redis_refuses_rests_for_longer_each_time_and_spins_for_nobody(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(sweep_seconds=0.001, retry_max_seconds=60))
    turn_id = await desk.post()
    wakeups = await desk.wakeups()
    await redis.hset(
        (await lane_keys(redis, ANA.lane)).plan, "no", "plan"
    )  # a value of another kind: the script ends in an error
    rests = []
    for _ in range(4):
        with pytest.raises(InboxRefused):
            async with desk.lanes.lease(ANA.lane) as lease:
                assert lease is not None
                await desk.lanes.take(lease, 8, 1_000)
        assert await desk.wakeups() == wakeups
        monotonic_ms = (await clock(desk.intake._core.scripts)).monotonic_ms
        rests.append(int(await redis.zscore(keys.lanes, (await lane_keys(redis, ANA.lane)).id) or 0) - monotonic_ms)
    assert all(after > 1.5 * before for before, after in itertools.pairwise(rests)), rests
    await redis.delete((await lane_keys(redis, ANA.lane)).plan)
    await redis.zadd(keys.lanes, {(await lane_keys(redis, ANA.lane)).id: 0})
    await redis.delete(QUEUE)
    assert await wait_until(desk.sweeper.sweep, deadline_seconds=5, what="the sweep ringing") == 1
    assert await desk.settle_all(await hold(desk)) == [turn_id]
    turn = await desk.turns.get(ANA, turn_id)
    assert turn is not None
    assert turn.status is Status.SETTLED
