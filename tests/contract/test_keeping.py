"""How long things stay in a real Redis: words, statuses, and the sets that list them."""

from __future__ import annotations

import uuid

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.model import Lease, Plan, Scope, Status, Turn
from scrubjay.settings import Settings
from tests.contract.desk import ANA, Desk, desk_on
from tests.key_catalog import Ends, kind_of
from tests.keys_found import faults, permanent, without_end
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

TEXT = "my secret is 42"
BOB = Scope(tenant="default", user_id="bob")


async def settled(desk: Desk, text: str = TEXT, scope: Scope = ANA) -> str:
    turn_id = await desk.post(text, scope)
    async with desk.lanes.lease(scope.lane) as lease:
        assert lease is not None
        await desk.settle_all(lease)
    return turn_id


async def dead(desk: Desk, scope: Scope = ANA) -> str:
    turn_id = await desk.post(TEXT, scope)
    async with desk.lanes.lease(scope.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await desk.lanes.fail(lease, "bad_answer: no")
    return turn_id


async def everything(redis: Redis) -> str:
    """All that Redis holds, as one text."""
    return str([await redis.dump(name) async for name in redis.scan_iter("*")])


async def texts(desk: Desk, turn_id: str) -> list[str]:
    submission = await desk.turns.text(Scope(tenant="default"), turn_id)
    return [message.content for message in submission.messages] if submission else []


async def test_the_words_of_a_settled_turn_end_before_its_status_where_they_are_told_to(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(text_retention_seconds=1))
    turn_id = await settled(desk)
    assert await texts(desk, turn_id) == [TEXT]
    assert await faults(redis) == []

    async def gone() -> bool:
        return await desk.turns.text(Scope(tenant="default"), turn_id) is None

    await wait_until(gone, deadline_seconds=5, what="the words ending")
    status = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert status is not None
    assert status.status is Status.SETTLED
    assert await redis.ttl(keys.turn("default", turn_id)) > 1000


async def test_with_no_retention_of_texts_the_words_are_gone_as_the_turn_settles(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(text_retention_seconds=0))
    turn_id = await desk.post(TEXT)
    assert "my secret" in await everything(redis)
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.settle_all(lease)
    assert "my secret" not in await everything(redis)
    assert await texts(desk, turn_id) == []


async def test_unless_told_otherwise_the_words_stay_as_long_as_the_status(desk: Desk) -> None:
    turn_id = await settled(desk)
    assert await texts(desk, turn_id) == [TEXT]
    assert await desk.redis.exists(keys.text("default", turn_id)) == 0


@pytest.mark.parametrize("seconds", [0, 1000])
async def test_a_dead_turn_keeps_its_words_until_it_is_settled_or_discarded(redis: Redis, seconds: int) -> None:
    desk = desk_on(redis, InboxLimits(text_retention_seconds=seconds))
    replayed, discarded = await dead(desk), await dead(desk, BOB)
    assert [await texts(desk, turn_id) for turn_id in (replayed, discarded)] == [[TEXT], [TEXT]]
    assert (await desk.dead_letters.revive("default", [discarded], replay=False)).count
    assert await texts(desk, discarded) == []
    assert (await desk.dead_letters.revive("default", [replayed], replay=True)).count
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        assert await desk.settle_all(lease) == [replayed]
    assert await texts(desk, replayed) == ([TEXT] if seconds else [])


async def test_an_erase_removes_the_words_that_have_a_key_of_their_own(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(text_retention_seconds=1000))
    turn_id = await settled(desk)
    assert await redis.exists(keys.text("default", turn_id)) == 1
    erased = await desk.erase(ANA)
    assert (erased.turns, erased.texts) == ({"settled": 1}, 1)
    assert "my secret" not in await everything(redis)


def test_words_that_would_outlive_the_status_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="SCRUBJAY_TEXT_RETENTION_SECONDS=61 is longer"):
        Settings(retention_seconds=60, text_retention_seconds=61)
    assert Settings(retention_seconds=60, text_retention_seconds=60).text_retention_seconds == 60


async def old_settled(redis: Redis, count: int, *, living: int = 0) -> None:
    """As if so many turns had been settled long ago; the hashes of the `living` oldest ones are still there."""
    await redis.sadd(keys.tenants, "default")
    ids = [str(uuid.uuid4()) for _ in range(count)]
    stamps = {turn_id: number for number, turn_id in enumerate(ids)}
    await redis.zadd(keys.status("default", Status.SETTLED), stamps)
    for turn_id in ids[:living]:
        await redis.hset(keys.turn("default", turn_id), "status", "settled")
        await redis.expire(keys.turn("default", turn_id), 1000)


@pytest.mark.parametrize("living", [0, 3_000])
async def test_the_sweep_trims_twenty_thousand_ended_turns_even_behind_some_that_settled_late(
    redis: Redis, living: int
) -> None:
    desk = desk_on(redis, InboxLimits(sweep_seconds=60))  # a part of it is for trimming, on a busy machine too
    await old_settled(redis, 20_000 + living, living=living)
    fresh = await settled(desk)
    await desk.sweeper.sweep()
    assert await redis.zcard(keys.status("default", Status.SETTLED)) == living + 1
    assert await redis.zscore(keys.status("default", Status.SETTLED), fresh) is not None


async def test_a_sweep_without_time_for_all_leaves_no_part_out_for_ever(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(sweep_seconds=0.001))
    await old_settled(redis, 4_000, living=1_500)

    async def trimmed() -> bool:
        await desk.sweeper.sweep()
        return await redis.zcard(keys.status("default", Status.SETTLED)) == 1_500

    await wait_until(trimmed, deadline_seconds=60, what="the sets being trimmed a chunk at a time")


async def test_dead_turns_do_not_keep_a_busy_lanes_index_from_being_trimmed(redis: Redis) -> None:
    desk, owned = desk_on(redis, InboxLimits()), (await lane_keys(redis, ANA.lane)).owned
    ended = {str(uuid.uuid4()): n for n in range(500)}
    living = {str(uuid.uuid4()): n for n in range(250)}
    await redis.zadd(owned, {**ended, **living})
    for turn_id in living:
        await redis.hset(keys.turn("default", turn_id), "status", "dead")
    for _ in range(20):
        await settled(desk)
    assert await redis.zcard(owned) == 250 + 20


async def busy(desk: Desk, turns: int) -> None:
    """So many turns of several fates."""
    for number in range(turns):
        user = Scope(tenant="default", user_id=f"user-{number % 5}")
        await desk.post(f"turn {number}", user, key=f"key-{number}")
        await settled(desk, scope=user)
    lease = await held(desk)
    ids = [turn.id for turn in (await taken(desk, lease))]
    await desk.lanes.settle(lease, Plan(turn_ids=tuple(ids), gated=frozenset(ids)))
    await desk.lanes.hand_back(lease)
    discarded = await dead(desk, BOB)
    assert (await desk.dead_letters.revive("default", [discarded], replay=False)).count
    await desk.post("forget me", BOB)
    await desk.erase(BOB)
    for name, _ in await desk.removal_notes.unfinished():
        await desk.removal_notes.finished(name)


async def held(desk: Desk) -> Lease:
    await desk.post("ok thanks")
    lease = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    return lease


async def taken(desk: Desk, lease: Lease) -> tuple[Turn, ...]:
    batch = await desk.lanes.take(lease, 8, 10_000)
    assert batch is not None
    return batch.turns


@pytest.mark.parametrize("text_seconds", [None, 1])
async def test_after_the_retention_only_permanent_keys_are_left_however_many_turns_there_were(
    redis: Redis, text_seconds: int | None
) -> None:
    limits = InboxLimits(retention_seconds=1, text_retention_seconds=text_seconds, sweep_seconds=0.001)
    left = []
    for turns in (5, 50):
        await redis.flushall()
        desk = desk_on(redis, limits)
        await busy(desk, turns)
        assert await faults(redis) == []

        async def only_permanent(desk: Desk = desk) -> bool:
            await desk.sweeper.sweep()
            await redis.delete(keys.removals, "scrubjay")  # repeated by the sweep of a worker, heard by it
            day_long = keys.idempotency("default", "")  # idempotency keys have a day to live
            names = {name.decode() async for name in redis.scan_iter("*")} - {keys.sweeper, keys.served}
            return all(permanent(name) or name.startswith(day_long) for name in names)

        await wait_until(only_permanent, deadline_seconds=10, what="all but the permanent keys ending")
        left.append({name: await redis.memory_usage(name, samples=0) or 0 for name in await without_end(redis)})
    assert left[0].keys() == left[1].keys()
    assert sum(left[1].values()) <= sum(left[0].values()) + 64


def test_a_key_of_an_unknown_kind_is_told() -> None:
    assert kind_of("sj:forgotten:default") is None
    kind = kind_of(keys.text("default", "an-id"))
    assert kind is not None
    assert kind.ends is Ends.TTL
