"""`kill -9` of a worker in the midst of its batches: the next worker ends them, once, and pays for nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.chaos.holding import Hold, Moment, Step
from tests.chaos.processes import PartProcess
from tests.chaos.scene import Scene
from tests.chaos.stories import ADD, BATCH, UPDATE, Story, moves
from tests.support import wait_until


class Interrupted(NamedTuple):
    """One user's story, and where Qdrant keeps the worker waiting in it."""

    story: Story
    step: Step
    moment: Moment

    @property
    def user(self) -> str:
        return f"{self.story.name}-{self.moment}"

    @property
    def is_applied(self) -> bool:
        return self.moment is Moment.AFTER


# Held before Qdrant gets the upsert, the plan is recorded and not applied; held after, it is applied and not settled.
RECORDED = [Interrupted(story, Step.UPSERT, moment) for story in (ADD, UPDATE, BATCH) for moment in Moment]
UNDECIDED = Interrupted(ADD, Step.NEIGHBOURS, Moment.BEFORE)


class Caught(NamedTuple):
    """A worker that waits for Qdrant in the midst of every batch, one that can go on, and the turns by user."""

    worker: PartProcess
    next: PartProcess
    turns: Mapping[str, list[str]]
    holds: Sequence[Hold]

    def kill(self) -> None:
        """Kill it, and lose what it waits for."""
        self.worker.kill()
        for hold in self.holds:
            hold.drop()


async def caught(scene: Scene, cases: Sequence[Interrupted]) -> Caught:
    """Have one worker held in the midst of every case's batch, all at the same time."""
    worker, spare = await scene.start(2)
    await scene.settled([turn_id for case in cases for turn_id in await scene.post(case.user, *case.story.known)])
    scene.model.reset()
    scene.model.say(*(moves() for _ in cases))
    holds = [scene.hold(case.step, case.moment, case.user) for case in cases]
    worker.freeze()  # what is posted meanwhile makes one batch a user
    turns = {case.user: await scene.post(case.user, *case.story.turns) for case in cases}
    worker.thaw()
    await wait_until(
        lambda: all(hold.waits for hold in holds), what="the worker being held in the midst of its batches"
    )
    return Caught(worker, spare, turns, holds)


async def assert_done_once(scene: Scene, case: Interrupted, turn_ids: Sequence[str]) -> None:
    turns = await scene.settled(turn_ids)
    assert [(turn.attempts, turn.error) for turn in turns] == [(2, None)] * len(turns)
    assert [event.event for turn in turns for event in turn.events] == case.story.events
    assert await scene.histories(case.user) == case.story.after, case.user
    assert not await scene.has_plan(case.user)


async def test_after_a_kill_between_record_and_settle_nothing_is_done_or_paid_for_twice(scene: Scene) -> None:
    holder = await caught(scene, RECORDED)
    assert scene.calls() == (6, 4)
    paid = scene.paid()
    holder.kill()
    for case in RECORDED:
        assert await scene.has_plan(case.user)
        assert await scene.histories(case.user) == (case.story.after if case.is_applied else case.story.before)
        assert {turn.status for turn in await scene.turns(holder.turns[case.user])} == {"running"}

    holder.next.thaw()
    for case in RECORDED:
        await assert_done_once(scene, case, holder.turns[case.user])
    assert scene.calls() == (6, 4)
    assert scene.paid() == paid
    assert await scene.ledger_balances(sum(len(case.story.known) + len(case.story.turns) for case in RECORDED))


async def test_after_a_kill_before_the_plan_is_recorded_the_model_is_asked_again_and_one_memory_is_made(
    scene: Scene,
) -> None:
    holder = await caught(scene, [UNDECIDED])
    assert scene.calls() == (1, 0)
    holder.kill()
    assert not await scene.has_plan(UNDECIDED.user)
    assert await scene.histories(UNDECIDED.user) == []

    holder.next.thaw()
    await assert_done_once(scene, UNDECIDED, holder.turns[UNDECIDED.user])
    assert scene.calls() == (2, 0)
    assert await scene.ledger_balances(1)
