"""Invariant 10: while the model is down turns wait; none is marked done or loses an attempt; then all are done."""

from __future__ import annotations

from functools import partial

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model import Scope
from tests.chaos.conftest import Restaged
from tests.chaos.scene import TENANT, Scene
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import lane_keys, lane_scripts
from tests.support import wait_until

MAX_ATTEMPTS, ROUNDS = 1, 2
SAID = {user: [f"I like {user} number {number}." for number in range(ROUNDS)] for user in ("tea", "jazz", "chess")}


async def test_while_the_model_is_down_the_backlog_grows_and_nothing_is_marked_done_and_then_it_drains(
    restaged: Restaged,
) -> None:
    """Down for many more tries than a turn has attempts."""
    scene = restaged(SCRUBJAY_MAX_ATTEMPTS=str(MAX_ATTEMPTS))
    scene.model.fault(Fault(kind=Kind.STATUS, status=503, route="extraction"))
    await scene.start(1)
    turns: dict[str, list[str]] = {user: [] for user in SAID}
    for number in range(ROUNDS):
        for user, texts in SAID.items():
            turns[user] += await scene.post(user, texts[number])
        before = {user: await failures(scene, user) for user in SAID}
        await wait_until(partial(tried_again, scene, before), deadline_seconds=15, what="every lane failing again")
        ledger = await RedisTurns(scene.redis, lane_scripts(scene.redis)).ledger(TENANT)
        assert (ledger.accepted, ledger.waiting) == (3 * (number + 1), 3 * (number + 1))
    every = [turn_id for ids in turns.values() for turn_id in ids]
    await wait_until(lambda: all_wait_unspent(scene, every), deadline_seconds=10, what="every turn waiting unspent")
    assert [await scene.remembered(user) for user in SAID] == [[], [], []]

    scene.model.heal()
    settled = await scene.settled(every, deadline_seconds=15)
    assert {(turn.attempts, turn.error) for turn in settled} == {(1, None)}
    assert {user: await scene.remembered(user) for user in SAID} == SAID
    assert await scene.ledger_balances(len(every))


async def failures(scene: Scene, user: str) -> int:
    """How often in a row the user's lane has backed off."""
    lane = Scope(tenant=TENANT, user_id=scene.id_of(user)).lane
    return int(await scene.redis.hget((await lane_keys(scene.redis, lane)).counters, "failures") or 0)


async def tried_again(scene: Scene, before: dict[str, int]) -> bool:
    return all([await failures(scene, user) >= count + MAX_ATTEMPTS + 1 for user, count in before.items()])


async def all_wait_unspent(scene: Scene, turns: list[str]) -> bool:
    """Seen between two tries: during one it counts as attempted."""
    current = await scene.turns(turns)
    return {(turn.status, turn.attempts) for turn in current} == {("retrying", 0)}
