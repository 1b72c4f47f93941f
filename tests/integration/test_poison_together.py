"""Several poison turns at once, with nobody else to compare them with: none keeps another one alive."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from scrubjay.model import Status
from tests.integration.test_poison import MARK, POISON, TRIES, Workshop, workshop
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import keys

__all__ = ["workshop"]  # a fixture

STEP = "gpt:extraction"
PAUSE_SECONDS = 45  # about the longest one, between two tries of a lane
ROUNDS = 30


async def aged(redis: Redis, seconds: int) -> None:
    """Let so much time have passed since all that was noted of calls and of tries."""
    kept: Any = await redis.lrange(keys.outcomes(STEP), 0, -1)
    marks: Any = await redis.hgetall(keys.outcomes_marks(STEP))
    lines = [line.decode().split(" ", 1) for line in kept]
    if lines:
        await redis.delete(keys.outcomes(STEP))
        await redis.rpush(keys.outcomes(STEP), *(f"{int(at) - seconds * 1000} {rest}" for at, rest in lines))
    for name, value in marks.items():
        if name.endswith(b"_ms"):
            await redis.hset(keys.outcomes_marks(STEP), name, int(value) - seconds * 1000)
    async for lane in redis.scan_iter(f"{keys.prefix}lane:*"):
        tried = await redis.hget(lane, "tried_ms")
        if tried:
            await redis.hset(lane, "tried_ms", int(tried) - seconds * 1000)


async def statuses(workshop: Workshop, turns: list[str]) -> list[Status]:
    return [(await workshop.service.status(turn_id)).status for turn_id in turns]


async def test_two_poisoned_lanes_do_not_keep_each_other_alive(workshop: Workshop, redis: Redis) -> None:
    workshop.server.fault(Fault(kind=Kind.STATUS, status=500, route="extraction", contains=MARK, message="too large"))
    lanes = {name: await workshop.post(name, [POISON, "I like jazz."]) for name in ("ana", "cat")}
    wanted = [Status.DEAD, Status.SETTLED]
    for _ in range(ROUNDS):
        for name in lanes:
            await workshop.keep_trying(1, name)
        await aged(redis, PAUSE_SECONDS)
        if [await statuses(workshop, turns) for turns in lanes.values()] == [wanted, wanted]:
            break
    assert [await statuses(workshop, turns) for turns in lanes.values()] == [wanted, wanted]
    assert workshop.asked(MARK)["extraction"] <= 2 * TRIES


async def test_two_poison_turns_of_one_lane_die_and_the_turn_behind_them_settles(
    workshop: Workshop, redis: Redis
) -> None:
    workshop.server.fault(Fault(kind=Kind.STATUS, status=500, route="extraction", contains=MARK, message="too large"))
    lane = await workshop.post("ana", [POISON, f"I like {MARK} tea.", "I like jazz."])
    wanted = [Status.DEAD, Status.DEAD, Status.SETTLED]
    for _ in range(ROUNDS):
        await workshop.keep_trying(1, "ana")
        await aged(redis, PAUSE_SECONDS)
        if await statuses(workshop, lane) == wanted:
            break
    assert await statuses(workshop, lane) == wanted
    assert workshop.asked(MARK)["extraction"] <= 2 * TRIES
