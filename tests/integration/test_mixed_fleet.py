"""A fleet in the midst of an upgrade: API and workers of format 1 beside today's, on one Redis.

The earlier ones are played by their scripts, kept as they were, called as they were called.
"""

from __future__ import annotations

import uuid
from typing import Any

from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.celery_bell import CeleryBell
from memory.adapters.redis_codec import encode_submission
from memory.adapters.redis_lanes import InboxLimits
from memory.model import Message, Page, Role, Scope, Status, Submission
from tests.contract.desk import ANA, desk_on
from tests.integration.golden import DATA
from tests.integration.house import House

SCRIPTS = DATA / "format-1" / "lua"
LANE = ANA.lane
WEEK = 7 * 24 * 3600


async def run(redis: Redis, script: str, names: list[str], args: list[Any]) -> Any:
    return await redis.eval((SCRIPTS / f"{script}.lua").read_text(), len(names), *names, *args)


async def accept_1(redis: Redis, text: str) -> str:
    """What the API of format 1 did."""
    turn_id, said = str(uuid.uuid4()), Submission(scope=ANA, messages=(Message(role=Role.USER, content=text),))
    names = [keys.turn("default", turn_id), keys.waiting(LANE), keys.lane(LANE), keys.owned(LANE)]
    names += [keys.status("default", Status.QUEUED), keys.ledger("default"), keys.LANES, keys.BACKLOG]
    bell = CeleryBell()
    args: list[Any] = [turn_id, LANE.key, "default", encode_submission(said), bell.message(LANE)]
    args += [15_000, 1000, 1000, "ana", "", ""]
    outcome, _ = await run(redis, "accept", [*names, bell.queue, keys.TENANTS], args)
    assert outcome == b"accepted"
    return turn_id


async def drain_1(redis: Redis, token: int) -> list[bytes]:
    """What a worker of format 1 did with a lane, but for deciding: take a batch, settle it. Returns the bodies."""
    prefixes = [keys.turn_prefix("default"), keys.status_prefix("default")]
    names = [keys.lease(LANE), keys.lane(LANE), keys.waiting(LANE), keys.plan(LANE)]
    books = [keys.ledger("default"), keys.BACKLOG, keys.owned(LANE)]
    args = [token, LANE.key, 8, 100_000, 2, *prefixes, "worker_lost", WEEK]
    outcome, turns, _ = await run(redis, "take", [*names, keys.LANES, *books], args)
    assert outcome == b"turns"
    told = [word for turn in turns for word in (turn[0], "settled", "[]", 0)]
    assert await run(redis, "settle", [*names, *books], [token, *prefixes, WEEK, 0, *told]) == 1
    return [turn[1] for turn in turns]


async def test_turns_accepted_by_both_versions_are_remembered_in_the_order_of_acceptance(
    house: House, redis: Redis
) -> None:
    said = [f"I bought item {number}" for number in range(10)]
    ids = [await (accept_1(redis, text) if n % 2 else house.say(text)) for n, text in enumerate(said)]
    assert await house.drain() == 10
    assert await house.texts() == said
    assert [one.turn_ids for one in await house.memories()] == [(turn_id,) for turn_id in ids]
    assert (await house.turns.ledger("default")).balanced


async def test_an_earlier_worker_still_reads_what_todays_api_accepts_and_today_shows_what_it_settled(
    redis: Redis,
) -> None:
    desk = desk_on(redis, InboxLimits(text_retention_seconds=0))
    turn_id = await desk.post("I live in Berlin")
    other = await accept_1(redis, "I like tea")
    async with desk.lanes.lease(LANE) as lease:
        assert lease is not None
        bodies = await drain_1(redis, lease.token)
    assert [b"Berlin" in bodies[0], b"tea" in bodies[1]] == [True, True]
    listed = await desk.turns.page("default", Status.SETTLED, "ana", Page())
    found = listed.items
    assert {one.id for one in found} == {turn_id, other}
    text = await desk.turns.text(
        Scope(tenant="default"), turn_id
    )  # it knew of no shorter retention: the words go with the status
    assert text is not None
    assert text.messages[0].content == "I live in Berlin"
    assert await redis.ttl(keys.turn("default", turn_id)) > 0
    assert (await desk.turns.ledger("default")).balanced
