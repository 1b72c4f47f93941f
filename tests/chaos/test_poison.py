"""A turn that gets its worker killed each time it is extracted: it is found, and dies alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scrubjay.devstack.parts import Addresses, Setup
from tests.chaos.processes import PartProcess, fleet
from tests.chaos.scene import Scene
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

POISON = "I like poison ivy."
TEXTS = [POISON, "I live in Berlin.", "My dog is called Rex."]
# Once in the batch of three, then twice alone: SCRUBJAY_MAX_ATTEMPTS is 2.
KILLS = 3


@pytest.fixture
def mortal(scene: Scene, stack_setup: Setup, addresses: Addresses) -> Iterator[Scene]:
    """The scene, with workers that give a turn up after the second death alone."""
    few = replace(stack_setup, environment={**stack_setup.environment, "SCRUBJAY_MAX_ATTEMPTS": "2"})
    with fleet(few, addresses, qdrant_port=scene.proxy.port) as workers:
        yield replace(scene, workers=workers)


async def kill_at_the_poison(scene: Scene, worker: PartProcess) -> None:
    """`kill -9` at the moment when the model is asked about the poison."""
    await wait_until(lambda: scene.model.counts().held == 1, what="the model being asked about the poison")
    worker.kill()
    scene.model.release()
    await wait_until(lambda: scene.model.counts().held == 0, what="the lost call ending")


async def test_a_turn_that_gets_every_worker_killed_is_dead_after_few_attempts_and_the_others_settle(
    mortal: Scene,
) -> None:
    mortal.model.fault(Fault(kind=Kind.HELD, route="extraction", contains="poison"))
    *doomed, last = await mortal.start(KILLS + 1)
    doomed[0].freeze()  # what is posted meanwhile makes one batch
    poison, *others = await mortal.post("ana", *TEXTS)
    for worker in doomed:
        worker.thaw()
        await kill_at_the_poison(mortal, worker)
    last.thaw()
    settled = await mortal.settled(others)

    dead = await mortal.client.turn(poison)
    assert (dead.status, (dead.error or "").partition(":")[0]) == ("dead", "worker_lost")
    assert [(death.what, death.turns, death.attempt) for death in dead.history] == [
        ("worker_lost", 3, 1), ("worker_lost", 1, 2), ("worker_lost", 1, 3),
    ]  # fmt: skip
    assert dead.counts.worker_lost == KILLS
    assert [turn.counts.worker_lost for turn in settled] == [1, 1]
    assert await mortal.histories("ana") == [[(text, text)] for text in TEXTS[1:]]
    assert mortal.calls()[0] == KILLS + 1
