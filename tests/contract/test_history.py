"""What went wrong with a turn, as its hash keeps it: bounded, folded, counted, and gone with the turn."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.errors import LeaseLost
from scrubjay.model import Counts, Lease, Plan, Scope, TurnStatus, What
from tests.contract.desk import ANA, Desk, desk_on
from tests.contract.test_deaths import erase, hold, kill, take
from tests.redis_keys import keys, lane_keys

ERASED_FIELDS = {b"v", b"status", b"accepted_us", b"order", b"due_ms", b"attempts", b"settled_us", b"events"}


async def status(desk: Desk, turn_id: str) -> TurnStatus:
    turn = await desk.turns.get(Scope(tenant="default"), turn_id)
    assert turn is not None
    return turn


async def taken(desk: Desk, size: int = 8) -> Lease:
    """A lease with turns in hand, whoever had it before, and whatever time the lane was to sleep."""
    await kill(desk)
    await desk.redis.hdel((await lane_keys(desk.redis, ANA.lane)).counters, "wake_us")
    lease = await hold(desk)
    await take(desk, lease, size)
    return lease


async def postpone(desk: Desk, error: str) -> None:
    await desk.lanes.postpone(await taken(desk), error, None)


async def whats(desk: Desk, turn_id: str) -> list[tuple[What, int, str | None]]:
    return [(incident.what, incident.times, incident.error) for incident in (await status(desk, turn_id)).history]


async def test_a_turn_tells_what_went_wrong_until_it_died_and_when_it_was_replayed(desk: Desk) -> None:
    turn_id, other = await desk.post("poison"), await desk.post("beside it")
    await postpone(desk, "the model is away")
    await taken(desk)
    await kill(desk)
    lease = await taken(desk)  # alone now, as the batch was halved
    await desk.lanes.fail(lease, "bad_answer: no JSON")
    assert (await desk.dead_letters.revive("default", [turn_id], replay=True)).count

    turn = await status(desk, turn_id)
    failures = [(incident.what, incident.turns, incident.error, incident.attempt) for incident in turn.history]
    assert failures == [
        (What.POSTPONED, 2, "the model is away", 1),
        (What.WORKER_LOST, 2, None, 1),
        (What.FAILED, 1, "bad_answer: no JSON", 2),
        (What.REPLAYED, None, None, 2),
    ]
    assert turn.counts == Counts(failed=1, postponed=1, worker_lost=1, replayed=1)
    times = [incident.at for incident in turn.history]
    assert times == sorted(times)
    assert times[0] > turn.accepted_at
    assert (await status(desk, other)).counts == Counts(postponed=1, worker_lost=1)


async def test_a_model_that_is_away_for_long_is_one_line_with_its_first_and_last_time(desk: Desk) -> None:
    turn_id = await desk.post()
    for number in range(30):
        await postpone(desk, f"The model is overloaded; asking again in {number} s.")
        await postpone(desk, "The model is overloaded.")
    lines = (await status(desk, turn_id)).history
    assert [(line.times, line.error) for line in lines] == [
        (30, "The model is overloaded; asking again in 29 s."), (30, "The model is overloaded."),
    ]  # fmt: skip
    assert all(line.at < line.last_at for line in lines)
    assert (await status(desk, turn_id)).counts.postponed == 60


async def test_the_same_trouble_after_something_else_is_a_line_of_its_own(desk: Desk) -> None:
    turn_id = await desk.post()
    await postpone(desk, "away")
    await taken(desk)
    await kill(desk)
    await postpone(desk, "away")
    assert await whats(desk, turn_id) == [
        (What.POSTPONED, 1, "away"), (What.WORKER_LOST, 1, None), (What.POSTPONED, 1, "away"),
    ]  # fmt: skip


async def test_a_history_keeps_its_last_20_lines_each_cut_and_its_counts_whole(desk: Desk) -> None:
    turn_id = await desk.post()
    for number in range(25):
        await desk.lanes.fail(await taken(desk), f"bad_answer: {number} " + "é" * 5000)
        assert (await desk.dead_letters.revive("default", [turn_id], replay=True)).count
    turn = await status(desk, turn_id)
    assert (turn.counts.failed, turn.counts.replayed, len(turn.history)) == (25, 25, 20)
    assert turn.history[-1].what is What.REPLAYED
    assert [(incident.error or "").split()[1] for incident in turn.history[::2]] == [
        str(number) for number in range(15, 25)
    ]
    assert {len(incident.error or "") for incident in turn.history[::2]} == {500}
    kept = await desk.redis.hget(keys.turn("default", turn_id), "history")
    assert kept is not None
    assert len(kept) < 15_000


async def test_a_settled_turn_still_tells_what_it_went_through(desk: Desk) -> None:
    turn_id = await desk.post()
    await postpone(desk, "away")
    await desk.lanes.settle(await taken(desk), Plan(turn_ids=(turn_id,)))
    assert await whats(desk, turn_id) == [(What.POSTPONED, 1, "away")]


async def test_nothing_of_a_history_is_left_of_a_turn_that_is_discarded_or_erased(redis: Redis) -> None:
    desk = desk_on(redis, InboxLimits(max_attempts=2))
    discarded, erased = await desk.post("one"), await desk.post("two")
    covered = await desk.post("three")
    for _ in range(2):
        await postpone(desk, "what they said: my secret")
        await desk.lanes.fail(await taken(desk, 1), "bad_answer: my secret")
    assert (await desk.dead_letters.revive("default", [discarded], replay=False)).count
    lease = await taken(desk)
    await desk.lanes.settle(lease, Plan(turn_ids=(covered,)), frozenset({covered}))
    await desk.lanes.hand_back(lease)
    await erase(desk)
    for turn_id in (discarded, erased, covered):
        assert set(await redis.hkeys(keys.turn("default", turn_id))) <= ERASED_FIELDS
        assert (await status(desk, turn_id)).counts == Counts()


async def test_a_holder_that_lost_its_lease_writes_no_line(desk: Desk) -> None:
    turn_id = await desk.post()
    lease = await taken(desk)
    await kill(desk)
    later = await hold(desk)
    for error in ("late", "too late"):
        with pytest.raises(LeaseLost):
            await desk.lanes.postpone(lease, error, None)
    await desk.lanes.hand_back(later)
    assert await whats(desk, turn_id) == []
