"""Invariant 4: a poison turn costs its own lane time and nobody else, and dies alone."""

from __future__ import annotations

from contextlib import suppress

from scrubjay.model import Status
from tests.chaos.conftest import Restaged
from tests.chaos.scene import Scene
from tests.integration.service import Service
from tests.model_server.wire import Canned, Fault, Kind
from tests.support import wait_until

POISON = "I poison everything."
LANE = ["I like tea.", POISON, "I like jazz.", "I like chess."]
TRIES = 4  # in a batch of four, of two, of the three that are left, and alone; the model is asked twice each time
MOST_CALLS = 12


async def test_while_a_poison_turn_is_searched_for_other_lanes_are_served_and_it_alone_dies(
    restaged: Restaged,
) -> None:
    """The model takes its time over the poison, at every call: whoever had to wait for it would never be settled."""
    scene = restaged(SCRUBJAY_BATCH_WAIT_SECONDS="0")
    scene.model.say(Canned(route="extraction", contains=POISON, answer="no JSON", calls=None))
    scene.model.fault(Fault(kind=Kind.HELD, route="extraction", contains=POISON))
    (worker,) = await scene.start(1)
    worker.freeze()  # what is posted meanwhile makes one batch
    lane = await scene.post("poison", *LANE)
    worker.thaw()

    calls = 0
    while calls < MOST_CALLS and await _is_searched_for(scene, lane):
        await scene.settled(await scene.post(f"other-{calls}", "I like green tea."), deadline_seconds=5)
        assert scene.model.counts().held == 1, "the poison was not being searched for any more"
        scene.model.release()
        calls += 1
    assert calls == 2 * TRIES

    await scene.settled([lane[0], *lane[2:]], deadline_seconds=10)
    (dead,) = await scene.turns([lane[1]])
    assert (dead.status, dead.attempts) == ("dead", TRIES)
    assert dead.error is not None
    assert dead.error.startswith("bad_answer: ")
    assert await scene.remembered("poison") == [LANE[0], *LANE[2:]]


async def _is_searched_for(scene: Scene, lane: list[str]) -> bool:
    """Wait for the next call about the poison; False when it is dead instead."""

    async def look() -> str | None:
        if scene.model.counts().held:
            return "asked"
        return "dead" if (await scene.turns([lane[1]]))[0].status == "dead" else None

    return await wait_until(look, deadline_seconds=10, what="the poison being asked about, or dead") == "asked"


class Killed(BaseException):
    """Stands for the death of the process."""


class Deadly(Killed):
    """The death that the poison brings."""


async def test_a_turn_that_kills_whoever_holds_it_is_dead_after_so_many_deaths_and_its_neighbours_are_settled(
    service: Service,
) -> None:
    service.extractor.faults[POISON] = Deadly()  # type: ignore[assignment]
    turns = [await service.say(text) for text in LANE]
    for _ in range(MOST_CALLS):
        with suppress(Killed):
            await service.drain()
    statuses = [(await service.status(turn_id)).status for turn_id in turns]
    assert statuses == [Status.SETTLED, Status.DEAD, Status.SETTLED, Status.SETTLED]
    assert await service.texts() == [LANE[0], *LANE[2:]]
    assert sum(POISON in batch for batch in service.extractor.batches) == TRIES + 1  # alone it is tried twice
