"""A turn that waits is discarded by hand, whoever works on it: its text goes, its lane goes on, the books balance."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from scrubjay.errors import LaneBusy, LeaseLost, NotFound, TurnFinished
from scrubjay.model import Batch, Lease, Plan, Scope, Status
from scrubjay.model.names import QUEUE
from tests.contract.desk import ANA, Desk
from tests.redis_keys import keys, lane_keys

TENANT = Scope(tenant="default")


async def hold(desk: Desk) -> Lease:
    lease = await desk.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    return lease


async def take(desk: Desk, lease: Lease) -> Batch:
    batch = await desk.lanes.take(lease, 8, 100_000)
    assert batch is not None
    return batch


async def gone(desk: Desk, turn_id: str, erased: int = 1) -> None:
    """Only that it was erased is left of it."""
    turn = await desk.turns.get(TENANT, turn_id)
    assert turn is not None
    assert (turn.status, turn.error, turn.user_id, turn.history) == (Status.ERASED, None, None, ())
    assert await desk.turns.text(TENANT, turn_id) is None
    assert await desk.redis.ttl(keys.turn("default", turn_id)) > 0
    assert turn_id.encode() not in await desk.redis.zrange((await lane_keys(desk.redis, ANA.lane)).owned, 0, -1)
    ledger = await desk.turns.ledger("default")
    assert (ledger.erased, ledger.balanced) == (erased, True)
    assert int(await desk.redis.get(keys.backlog) or 0) == ledger.waiting


async def settles(desk: Desk, ids: list[str], attempts: int = 1) -> None:
    assert await desk.settle_all(await hold(desk)) == ids
    turns = [await desk.turns.get(TENANT, turn_id) for turn_id in ids]
    assert [turn.attempts for turn in turns if turn] == [attempts] * len(ids)
    assert (await desk.turns.ledger("default")).balanced


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_queued_turn_is_discarded_and_the_others_settle_in_their_order(desk: Desk, place: int) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(3)]
    await desk.dead_letters.discard("default", posted[place])
    await gone(desk, posted[place])
    await settles(desk, [turn_id for turn_id in posted if turn_id != posted[place]])


async def test_the_last_turn_of_a_lane_puts_it_to_sleep(desk: Desk) -> None:
    turn_id = await desk.post()
    await desk.dead_letters.discard("default", turn_id)
    assert await desk.lanes.leasing.acquire(ANA.lane, edit=False) is None
    assert await desk.redis.zcard(keys.lanes) == await desk.redis.zcard(keys.due) == 0
    assert await desk.redis.ttl((await lane_keys(desk.redis, ANA.lane)).counters) > 0


async def test_a_turn_that_backs_off_is_discarded_and_wakes_those_behind_it_at_once(desk: Desk) -> None:
    posted = [await desk.post("one"), await desk.post("two")]
    lease = await hold(desk)
    await desk.lanes.take(lease, 1, 100_000)
    await desk.lanes.postpone(lease, "model_unavailable: it is away", 600)
    assert await desk.lanes.leasing.acquire(ANA.lane, edit=False) is None
    await desk.redis.delete(QUEUE)
    await desk.dead_letters.discard("default", posted[0])
    assert await desk.wakeups() == 1
    await gone(desk, posted[0])
    await settles(desk, posted[1:])


async def test_a_turn_behind_one_that_backs_off_wakes_nobody(desk: Desk) -> None:
    posted = [await desk.post("one"), await desk.post("two")]
    lease = await hold(desk)
    await desk.lanes.take(lease, 1, 100_000)
    await desk.lanes.postpone(lease, "model_unavailable: it is away", 600)
    wakeups = await desk.wakeups()
    await desk.dead_letters.discard("default", posted[1])
    assert await desk.wakeups() == wakeups
    assert await desk.lanes.leasing.acquire(ANA.lane, edit=False) is None
    await gone(desk, posted[1])


async def test_whoever_works_on_it_fails_its_next_check_and_the_others_are_as_if_never_taken(desk: Desk) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(3)]
    lease = await hold(desk)
    batch = await take(desk, lease)
    await desk.dead_letters.discard("default", posted[1])
    plan = Plan(turn_ids=tuple(turn.id for turn in batch.turns))
    for step in (
        partial(desk.lanes.confirm, lease, batch.turns),
        partial(desk.lanes.record, lease, plan),
        partial(desk.lanes.settle, lease, plan),
        partial(desk.lanes.fail, lease, "bad_answer: no"),
        partial(desk.lanes.postpone, lease, "away", None),
    ):
        with pytest.raises(LeaseLost):
            await step()
    await desk.lanes.hand_back(lease)
    await gone(desk, posted[1])
    await settles(desk, [posted[0], posted[2]])


async def test_a_turn_that_is_behind_the_batch_lets_its_holder_go_on(desk: Desk) -> None:
    posted = [await desk.post(f"turn {number}") for number in range(3)]
    lease = await hold(desk)
    batch = await desk.lanes.take(lease, 2, 100_000)
    assert batch is not None
    await desk.dead_letters.discard("default", posted[2])
    await desk.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))
    assert await desk.lanes.take(lease, 2, 100_000) is None
    await gone(desk, posted[2])


async def test_a_batch_that_is_being_applied_is_waited_for(desk: Desk) -> None:
    turn_id = await desk.post()
    lease = await hold(desk)
    plan = Plan(turn_ids=tuple(turn.id for turn in (await take(desk, lease)).turns))
    await desk.lanes.record(lease, plan)
    discarding = asyncio.create_task(desk.dead_letters.discard("default", turn_id))
    await asyncio.sleep(0)
    await desk.lanes.confirm(lease, ())
    await desk.lanes.settle(lease, plan)
    with pytest.raises(TurnFinished, match="settled"):
        await discarding
    assert (await desk.turns.ledger("default")).settled == 1


async def test_a_batch_that_takes_too_long_to_apply_is_not_waited_for_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrubjay.adapters.redis.dead_letters._DISCARD_SECONDS", 0)
    turn_id = await desk.post()
    lease = await hold(desk)
    await desk.lanes.record(lease, Plan(turn_ids=tuple(turn.id for turn in (await take(desk, lease)).turns)))
    with pytest.raises(LaneBusy):
        await desk.dead_letters.discard("default", turn_id)


async def test_a_recorded_plan_whose_holder_died_goes_with_the_turn(desk: Desk) -> None:
    posted = [await desk.post("one"), await desk.post("two")]
    lease = await hold(desk)
    await desk.lanes.record(lease, Plan(turn_ids=tuple(turn.id for turn in (await take(desk, lease)).turns)))
    await desk.redis.delete((await lane_keys(desk.redis, ANA.lane)).lease)
    await desk.dead_letters.discard("default", posted[0])
    await gone(desk, posted[0])
    batch = await take(desk, await hold(desk))
    assert (batch.plan, [turn.id for turn in batch.turns]) == (None, posted[1:])


async def test_a_dead_turn_is_discarded_like_a_dead_letter(desk: Desk) -> None:
    turn_id = await desk.post()
    lease = await hold(desk)
    await take(desk, lease)
    await desk.lanes.fail(lease, "bad_answer: it was no JSON")
    await desk.dead_letters.discard("default", turn_id)
    await gone(desk, turn_id)
    assert (await desk.turns.ledger("default")).dead == 0


async def test_what_does_not_wait_is_refused(desk: Desk) -> None:
    settled, erased = await desk.post("one"), await desk.post("two")
    await desk.dead_letters.discard("default", erased)
    await desk.settle_all(await hold(desk))
    for turn_id in (settled, erased):
        with pytest.raises(TurnFinished):
            await desk.dead_letters.discard("default", turn_id)
    with pytest.raises(NotFound):
        await desk.dead_letters.discard("default", "nowhere")
    with pytest.raises(NotFound):
        await desk.dead_letters.discard("elsewhere", settled)
    ledger = await desk.turns.ledger("default")
    assert (ledger.settled, ledger.erased, ledger.waiting, ledger.balanced) == (1, 1, 0, True)


async def test_an_idempotency_key_of_a_discarded_turn_gets_an_end(desk: Desk) -> None:
    turn_id = await desk.post(key="k")
    name = await desk.redis.hget(keys.turn("default", turn_id), "idem")
    assert name is not None
    assert await desk.redis.ttl(name) == -1
    await desk.dead_letters.discard("default", turn_id)
    assert 0 < await desk.redis.ttl(name) <= 86_400
