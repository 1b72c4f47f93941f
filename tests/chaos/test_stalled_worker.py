"""Workers that are stopped for longer than their lease and then go on: what they still do changes nothing."""

from __future__ import annotations

from tests.chaos.holding import Moment, Step
from tests.chaos.scene import Scene
from tests.chaos.stories import BERLIN, LISBON, MOVE, as_said, moves
from tests.support import wait_until


async def test_workers_that_go_on_after_their_lease_has_ended_change_nothing(scene: Scene) -> None:
    """The write of one is on its way when it stalls; the next one stalls between its last look and its write."""
    writing, looking, last = await scene.start(3)
    write = scene.proxy.hold(Step.UPSERT, Moment.BEFORE)
    turns = await scene.post("ana", BERLIN)
    await wait_until(lambda: write.waits, what="the first worker's write being held")
    writing.freeze()
    assert await scene.has_plan("ana")
    assert await scene.histories("ana") == []

    look = scene.proxy.hold(Step.LOOK, Moment.BEFORE)
    looking.thaw()
    await wait_until(lambda: look.waits, what="the second worker preparing its write")
    looking.freeze()
    look.release()
    last.thaw()
    await scene.settled(turns)
    assert await scene.histories("ana") == [as_said(BERLIN)]
    scene.model.say(moves())
    turns += await scene.post("ana", LISBON)
    await scene.settled(turns)
    assert await scene.histories("ana") == [MOVE]

    write.release()
    await wait_until(lambda: write.over, what="Qdrant answering the late write")
    assert await scene.histories("ana") == [MOVE]
    writing.thaw()
    assert await writing.stop() == 0

    seen = len(scene.proxy.seen)
    looking.thaw()
    await wait_until(lambda: Step.SCHEMA in scene.proxy.seen[seen:], what="the second worker going on")
    assert await looking.stop() == 0
    assert Step.UPSERT not in scene.proxy.seen[seen:]

    assert await scene.histories("ana") == [MOVE]
    assert [turn.attempts for turn in await scene.settled(turns)] == [3, 1]
    assert scene.calls() == (2, 1)
    assert await scene.ledger_balances(2)
