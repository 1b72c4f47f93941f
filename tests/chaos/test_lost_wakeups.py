"""What a stopping worker had heard of and not begun is taken up by the next one at once."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from scrubjay.devstack.managed_process import GRACE_SECONDS
from scrubjay.devstack.parts import Addresses, Setup
from scrubjay.model.names import QUEUE
from tests.chaos.processes import fleet
from tests.chaos.scene import Scene
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import keys
from tests.support import wait_until

LONG = "I take for ever."
OTHERS = 4
FAR_LESS_THAN_A_MINUTE_SECONDS = 20


async def test_bells_that_a_stopped_worker_had_not_got_to_ring_for_the_next_one(
    scene: Scene, stack_setup: Setup, addresses: Addresses
) -> None:
    """A worker with one thread: while its one lane waits for the model it hears the other bells and cannot begin."""
    environment = {**stack_setup.environment, "SCRUBJAY_LEASE_SECONDS": "60"}
    setup = replace(stack_setup, worker_threads=1, environment=environment)
    scene.model.fault(Fault(kind=Kind.HELD, route="extraction", contains=LONG))
    with fleet(setup, addresses, qdrant_port=scene.proxy.port) as workers:
        scene = replace(scene, workers=workers)
        (worker,) = await scene.start(1)
        turns = await scene.post("long", LONG)
        await wait_until(lambda: scene.model.counts().held, what="the worker waiting for the model")
        for number in range(OTHERS):
            turns += await scene.post(f"other-{number}", "I like green tea.")
        await rest(scene)
        await wait_until(lambda: heard(scene), what="the worker hearing a bell that it cannot begin on")
        assert await worker.stop(GRACE_SECONDS) == 0
        scene.model.heal()
        await scene.start(1)
        settled = await scene.settled(turns, deadline_seconds=FAR_LESS_THAN_A_MINUTE_SECONDS)
    assert {turn.attempts for turn in settled} == {1}


async def rest(scene: Scene) -> None:
    """Have the sweep look at the awake lanes in a minute only: until then there is no bell but those that have rung."""
    lanes: Any = await scene.redis.zrange(keys.lanes, 0, -1)
    for lane in lanes:
        await scene.redis.zadd(keys.lanes, {lane: 1000 * (time() + 60)})


async def heard(scene: Scene) -> bool:
    """Whether the worker has taken a bell of the others out of the queue: it cannot begin on it."""
    return bool(await scene.redis.llen(QUEUE) < OTHERS)
