"""Invariant 6: a worker that is stopped for longer than its lease and then goes on writes nothing."""

from __future__ import annotations

from tests.chaos.conftest import Restaged
from tests.chaos.holding import Moment, Step
from tests.chaos.stories import BERLIN, LISBON, MOVE, as_said, moves
from tests.support import wait_until

LEASE = {"SCRUBJAY_LEASE_SECONDS": "1"}


async def test_a_write_that_arrives_after_the_lease_has_ended_does_not_overwrite_what_came_later(
    restaged: Restaged,
) -> None:
    """The write is on its way when its worker stalls: nobody but the store can refuse it."""
    scene = restaged(**LEASE)
    writing, spare = await scene.start(2)
    write = scene.hold(Step.UPSERT, Moment.BEFORE, "ana")
    turns = await scene.post("ana", BERLIN)
    await wait_until(lambda: write.waits, what="the write being held")
    writing.freeze()

    spare.thaw()
    await scene.settled(turns, deadline_seconds=15)
    scene.model.say(moves())
    turns += await scene.post("ana", LISBON)
    await scene.settled(turns, deadline_seconds=15)
    write.release()
    await wait_until(lambda: write.over, what="Qdrant answering the late write")
    writing.thaw()
    assert await writing.stop() == 0
    assert await scene.histories("ana") == [MOVE]
    assert [turn.attempts for turn in await scene.settled(turns)] == [2, 1]
    assert await scene.ledger_balances(2)


async def test_a_worker_that_stalls_between_its_last_look_and_its_write_does_not_write(restaged: Restaged) -> None:
    """In a fresh process Qdrant is looked at for the first time in just that moment."""
    scene = restaged(**LEASE)
    looking, spare = await scene.start(2)
    look = scene.proxy.hold(Step.LOOK, Moment.BEFORE)
    messages = [{"role": "user", "content": BERLIN}]
    turn = await scene.client.add_turn(messages, user_id=scene.id_of("ana"), infer=False)
    await wait_until(lambda: look.waits, what="the worker preparing its write")
    looking.freeze()
    look.release()

    spare.thaw()
    await scene.settled([turn.id], deadline_seconds=15)
    seen = len(scene.proxy.seen)
    looking.thaw()
    await wait_until(lambda: Step.SCHEMA in scene.proxy.seen[seen:], what="the worker going on")
    assert await looking.stop() == 0
    assert Step.UPSERT not in scene.proxy.seen[seen:], "it wrote on a look that was older than its lease"
    assert await scene.histories("ana") == [as_said(BERLIN)]
    assert await scene.ledger_balances(1)
