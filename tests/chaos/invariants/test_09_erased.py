"""Invariant 9: an owner who is erased while a worker is at it leaves nothing anywhere."""

from __future__ import annotations

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model import Scope
from tests.chaos.holding import Moment, Step
from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.chaos.scene import TENANT, Scene
from tests.model_server.wire import Fault, Kind
from tests.redis_keys import keys, lane_scripts
from tests.support import wait_until

KNOWN, EXTRACTED, APPLIED, KEPT = "I live in Berlin.", "I like green tea.", "My dog is called Rex.", "I play the cello."
TOMBSTONE = {b"v", b"status", b"accepted_us", b"attempts", b"settled_us"}


async def test_an_owner_who_is_erased_during_extraction_or_before_the_plan_is_applied_leaves_nothing(
    scene: Scene, qdrant_url: str
) -> None:
    """Ana's turn is at the model, Bob's plan is on its way to Qdrant; both are known already. Cleo stays."""
    worker, spare = await scene.start(2)
    settled = await scene.post("ana", KNOWN) + await scene.post("bob", KNOWN)
    await scene.settled(settled)
    scene.model.fault(Fault(kind=Kind.HELD, route="extraction", contains=EXTRACTED))
    write = scene.hold(Step.UPSERT, Moment.BEFORE, "bob")
    worked_on = await scene.post("ana", EXTRACTED) + await scene.post("bob", APPLIED)
    await wait_until(lambda: write.waits and scene.model.counts().held, what="the worker being at both")

    for user in ("ana", "bob"):
        receipt = await scene.client.owners.forget(user_id=scene.id_of(user))
        assert (receipt.turns, receipt.memories, receipt.verified) == (2, 1, True)
    kept = await scene.post("cleo", KEPT)
    write.release()
    scene.model.heal()
    await scene.settled(kept)

    async def taken_back() -> bool:
        return points_of(scene, "ana", "bob", payloads=await all_of_qdrant(qdrant_url)) == []

    await wait_until(taken_back, deadline_seconds=10, what="the worker taking back what it wrote too late")
    assert await worker.stop() == 0
    spare.thaw()
    await removals_are_repeated(scene)
    assert points_of(scene, "ana", "bob", payloads=await all_of_qdrant(qdrant_url)) == []
    assert len(points_of(scene, "cleo", payloads=await all_of_qdrant(qdrant_url))) == 1
    await assert_tombstones_and_times_are_all(scene, [*settled, *worked_on])


def points_of(scene: Scene, *users: str, payloads: list[str]) -> list[str]:
    """The points that name one of these users."""
    ids = [scene.id_of(user) for user in users]
    return [payload for payload in payloads if any(owner_id in payload for owner_id in ids)]


async def removals_are_repeated(scene: Scene) -> None:
    """The time in which somebody stalled could still write is over: the sweep removes once more and forgets that."""
    names: list[bytes] = await scene.redis.zrange(keys.removals, 0, -1)  # type: ignore[assignment]
    for name in names:
        await scene.redis.zadd(keys.removals, {name: 0})

    async def none_is_left() -> bool:
        return not await scene.redis.exists(keys.removals)

    await wait_until(none_is_left, deadline_seconds=10, what="the removals being repeated")


async def assert_tombstones_and_times_are_all(scene: Scene, erased: list[str]) -> None:
    values = await all_of_redis(scene.redis)
    assert any(scene.id_of("cleo") in value for value in values.values()), "the scan does not see who is there"
    for text in (KNOWN, EXTRACTED, APPLIED):
        assert [key for key, value in values.items() if text in value] == []
    owners = [Scope(tenant=TENANT, user_id=scene.id_of(user)) for user in ("ana", "bob")]
    names = [owner.user_id or "" for owner in owners]
    assert [key for key, value in values.items() if any(name in value for name in names)] == []
    assert [key for key in values if any(name in key for name in names)] == []
    for turn_id in erased:
        assert set(await scene.redis.hgetall(keys.turn(TENANT, turn_id))) == TOMBSTONE
    ledger = await RedisTurns(scene.redis, lane_scripts(scene.redis)).ledger(TENANT)
    assert (ledger.accepted, ledger.settled, ledger.erased) == (5, 1, 4)
