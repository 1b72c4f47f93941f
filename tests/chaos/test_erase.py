"""A short form of `make erase-proof`: owners are forgotten at the worst moment, and everything is looked through."""

from __future__ import annotations

from tests.chaos.erase.owners import Speaker
from tests.chaos.erase.proof import forget_at_the_worst_moment, looking
from tests.chaos.scene import Scene


async def test_owners_who_are_erased_while_turns_wait_run_and_are_dead_leave_no_trace_and_others_do_not_notice(
    scene: Scene, qdrant_url: str
) -> None:
    await scene.start(1)
    other = Speaker(scene, "other", {"user_id": scene.id_of("other")})
    await scene.settled(await other.say(count=3))
    seen = await forget_at_the_worst_moment(scene, 50, [scene.id_of("other")], looking(scene, qdrant_url))
    assert {promise: wrong for promise, wrong in seen.wrong.items() if wrong} == {}
    assert len(seen.receipts) == 3
