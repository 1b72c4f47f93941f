"""A short form of `make erase-proof`: owners are forgotten at the worst moment, and everything is looked through."""

from __future__ import annotations

from tests.chaos.erase.owners import Speaker
from tests.chaos.erase.proof import forget_at_the_worst_moment, looking
from tests.chaos.scene import Scene
from tests.receiver import receiving


async def test_owners_who_are_erased_while_turns_wait_run_and_are_dead_leave_no_trace_and_others_do_not_notice(
    scene: Scene, qdrant_url: str
) -> None:
    with receiving() as receiver:
        receiver.judge = lambda got: (500 if got.id.endswith(("3", "7")) else 200, {})
        await scene.client.webhooks.create(receiver.url)
        await scene.start(1)
        await forgotten(scene, qdrant_url)
    assert receiver.got


async def forgotten(scene: Scene, qdrant_url: str) -> None:
    """Everything is looked for, in the keys of webhooks too."""
    other = Speaker(scene, "other", {"user_id": scene.id_of("other")})
    await scene.settled(await other.say(count=3))
    seen = await forget_at_the_worst_moment(scene, 50, [scene.id_of("other")], looking(scene, qdrant_url))
    assert {promise: wrong for promise, wrong in seen.wrong.items() if wrong} == {}
    assert len(seen.receipts) == 3
