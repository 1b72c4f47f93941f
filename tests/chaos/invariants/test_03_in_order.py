"""Invariant 3: the turns of a lane are applied in the order in which they were accepted."""

from __future__ import annotations

import json
import re

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.model.names import QUEUE
from tests.chaos.conftest import Restaged
from tests.chaos.scene import Scene
from tests.model_server.wire import Fault, Kind

SAID = [f"I am at step {number}." for number in range(10)]


async def test_two_workers_whose_every_bell_is_doubled_apply_a_lane_in_the_order_of_acceptance(
    restaged: Restaged,
) -> None:
    scene = restaged(SCRUBJAY_BATCH_WAIT_SECONDS="0", SCRUBJAY_BATCH_TURNS="2")
    scene.model.fault(Fault(kind=Kind.SLOW, route="extraction", seconds=0.1))
    _, second = await scene.start(2)
    second.thaw()
    turns = []
    for text in SAID:
        turns += await scene.post("ana", text)
        await doubled_wakeups(scene)
    settled = await scene.settled(turns, deadline_seconds=15)

    assert [text for batch in scene.extracted() for text in re.findall(r"I am at step \d+\.", batch)] == SAID
    assert [text for write in scene.proxy.written for text in texts(write)] == SAID
    moments = [turn.settled_at for turn in settled]
    assert moments == sorted(moments, key=str)
    assert len(scene.proxy.written) > 1, "it was one batch, so no order was at stake"
    assert await scene.remembered("ana") == SAID


async def doubled_wakeups(scene: Scene) -> None:
    wakeups = CeleryWakeups()
    await scene.redis.lpush(QUEUE, wakeups.message(), wakeups.message())


def texts(upsert: bytes) -> list[str]:
    """What an upsert writes."""
    return [point["payload"]["text"] for point in json.loads(upsert)["points"]]
