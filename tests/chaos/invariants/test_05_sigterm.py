"""Invariant 5: a worker that is asked to stop finishes what it can, hands the rest on, and is gone in time."""

from __future__ import annotations

import asyncio
from time import monotonic

from scrubjay.devstack.parts import CLOSE_SECONDS
from tests.chaos.conftest import Restaged
from tests.chaos.scene import Scene
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

SHORT, LONG = "I need a moment.", "I take for ever."
FINISH_SECONDS = 8  # twice what it has by itself: the short turn is to be finished on a busy machine too
GRACE_SECONDS = FINISH_SECONDS + CLOSE_SECONDS
FAR_LESS_THAN_A_LEASE_SECONDS = 20


async def test_a_stopped_worker_ends_in_time_and_what_it_did_not_finish_is_taken_up_at_once(
    restaged: Restaged,
) -> None:
    """One turn needs a second more; another waits for a model that does not answer."""
    scene = restaged(SCRUBJAY_LEASE_SECONDS="60", SCRUBJAY_FINISH_SECONDS=str(FINISH_SECONDS))
    scene.model.fault(Fault(kind=Kind.SLOW, route="extraction", contains=SHORT, seconds=1.5))
    scene.model.fault(Fault(kind=Kind.HELD, route="extraction", contains=LONG))
    worker, spare = await scene.start(2)
    turns = await scene.post("short", SHORT) + await scene.post("long", LONG)
    await wait_until(lambda: asked(scene, SHORT, LONG) == (1, 1), what="the worker waiting for the model twice")

    spare.thaw()
    begun = monotonic()
    stopping = asyncio.create_task(worker.stop(GRACE_SECONDS))
    await wait_until(lambda: asked(scene, LONG) == (2,), deadline_seconds=FAR_LESS_THAN_A_LEASE_SECONDS,
                     what="the next worker asking about what was handed back")  # fmt: skip
    assert await stopping == 0
    assert monotonic() - begun < GRACE_SECONDS

    scene.model.heal()
    settled = await scene.settled(turns, deadline_seconds=FAR_LESS_THAN_A_LEASE_SECONDS)
    assert [(turn.attempts, turn.error) for turn in settled] == [(1, None)] * 2
    assert asked(scene, SHORT, LONG) == (1, 2)
    assert await scene.remembered("short") == [SHORT]
    assert await scene.remembered("long") == [LONG]


def asked(scene: Scene, *texts: str) -> tuple[int, ...]:
    """How often the model was asked about each text."""
    batches = scene.extracted()
    return tuple(sum(text in batch for batch in batches) for text in texts)
