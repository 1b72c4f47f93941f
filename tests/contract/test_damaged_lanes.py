"""A lane of which a key or the name is of no use: it rests and is told of, and those of others go on."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from scrubjay.adapters.redis.lane_names import LaneKeys
from scrubjay.adapters.redis.limits import READY
from tests.contract.desk import Desk, post, user
from tests.redis_keys import keys, lane_keys

SECRET = "erika-mustermann"
DAMAGED = user("acme", SECRET).lane


async def waiting_is_no_list(desk: Desk) -> str:
    lane = await lane_keys(desk.redis, DAMAGED)
    await desk.redis.delete(lane.waiting)
    await desk.redis.set(lane.waiting, "no list")
    return lane.id


async def counters_are_no_hash(desk: Desk) -> str:
    lane = await lane_keys(desk.redis, DAMAGED)
    await desk.redis.delete(lane.counters)
    await desk.redis.set(lane.counters, "no hash")
    return lane.id


async def pause_is_no_number(desk: Desk) -> str:
    lane = await lane_keys(desk.redis, DAMAGED)
    await desk.redis.hset(lane.counters, "wake_us", "soon")
    return lane.id


async def name_is_no_lane(desk: Desk) -> str:
    name = f"acme:{SECRET}"
    await desk.redis.zadd(keys.ready("acme"), {name: 1})
    await desk.redis.zadd(keys.lanes, {name: READY + 1})
    await desk.redis.rpush(LaneKeys(keys, name).waiting, "a-turn")
    turn = {"status": "queued", "accepted_us": 1, "order": 1, "body": "{}", "user_id": SECRET}
    await desk.redis.hset(keys.turn("acme", "a-turn"), mapping=turn)  # type: ignore[arg-type]
    return name


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (waiting_is_no_list, "user"),
        (counters_are_no_hash, "user"),
        (pause_is_no_number, "user"),
        (name_is_no_lane, "unknown"),
    ],
)
async def test_a_damaged_lane_rests_is_told_of_once_and_holds_up_nobody(desk: Desk, damage: object, kind: str) -> None:
    await post(desk, "acme", SECRET)
    await post(desk, "bravo", "bob")
    assert callable(damage)
    name = await damage(desk)
    with capture_logs() as lines:
        leases = [await desk.lanes.leasing.claimed(()) for _ in range(4)]
    claimed = {lease.lane for lease in leases if lease is not None}
    assert claimed - {DAMAGED} == {user("bravo", "bob").lane}
    output = [line for line in lines if line["event"] == "lane_damaged"]
    assert [(line["tenant"], line["lane_kind"]) for line in output] == [("acme", kind)]
    assert SECRET not in repr(lines)
    assert (await desk.redis.zscore(keys.lanes, name) or READY) < READY, "the sweep looks at it later"
    await desk.sweeper._audit.look()
