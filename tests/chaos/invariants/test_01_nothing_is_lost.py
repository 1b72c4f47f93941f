"""Invariant 1: what was accepted ends settled, dead or erased; and nothing is there that nobody sent."""

from __future__ import annotations

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model.names import QUEUE
from tests.chaos.holding import Moment, Step
from tests.chaos.scene import TENANT, Scene
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import lane_scripts
from tests.support import wait_until

POISON = "I am poison."
SAID = {user: [f"I like {user} number {number}." for number in range(3)] for user in ("tea", "jazz", "chess", "gone")}
EACH_ENDS_IN = {"tea": "settled", "jazz": "settled", "chess": "settled", "gone": "erased", "poison": "dead"}


async def test_all_that_was_accepted_ends_settled_dead_or_erased_and_nothing_else_is_there(scene: Scene) -> None:
    """The bells are lost, a worker is killed in the midst of a batch, a model answers nonsense, an owner is erased."""
    scene.model.fault(Fault(kind=Kind.NOT_JSON, contains=POISON))
    worker, spare = await scene.start(2)
    write = scene.hold(Step.UPSERT, Moment.BEFORE, "tea")
    turns = {"tea": await scene.post("tea", *SAID["tea"])}
    await wait_until(lambda: write.waits, what="the worker being in the midst of a batch")
    worker.freeze()
    turns |= {user: await scene.post(user, *SAID[user]) for user in ("jazz", "chess", "gone")}
    turns["poison"] = await scene.post("poison", POISON)
    assert await scene.redis.llen(QUEUE), "no bell was there to be lost"
    await scene.redis.delete(QUEUE)
    worker.kill()
    write.drop()
    await scene.client.owners.forget(user_id=scene.id_of("gone"))

    spare.thaw()
    accepted = {turn_id for ids in turns.values() for turn_id in ids}
    await wait_until(lambda: _ended(scene, turns), deadline_seconds=15, what="every accepted turn coming to its end")
    assert {turn.id for turn in (await scene.client.turns(page_size=200)).results} == accepted
    ledger = await RedisTurns(scene.redis, lane_scripts(scene.redis)).ledger(TENANT)
    assert (ledger.accepted, ledger.settled, ledger.dead, ledger.erased) == (13, 9, 1, 3)
    for user, end in EACH_ENDS_IN.items():
        assert await scene.remembered(user) == (SAID[user] if end == "settled" else [])


async def _ended(scene: Scene, turns: dict[str, list[str]]) -> bool:
    statuses = {user: {turn.status for turn in await scene.turns(ids)} for user, ids in turns.items()}
    return statuses == {user: {end} for user, end in EACH_ENDS_IN.items()}
