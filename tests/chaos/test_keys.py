"""After a bit of everything, each key in Redis is of a known kind, and ends by itself as soon as nothing needs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.holding import Moment, Step
from tests.chaos.scene import Scene
from tests.chaos.stories import BERLIN, DOG, TEA
from tests.keys_found import faults, permanent, without_end
from tests.model_server.wire import Fault, Kind
from tests.receiver import Receiver, receiving
from tests.support import wait_until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


POISON = "I collect poison rings."


async def at_rest(scene: Scene, dead: int) -> None:
    """Nothing waits, every lane sleeps, and no removal is left to be repeated but those of the last half minute."""

    async def rests() -> bool:
        return not await scene.redis.exists("sj:lanes") and await scene.redis.zcard("sj:status:default:dead") == dead

    await wait_until(rests, what="every lane falling asleep")


async def memories_by_hand(scene: Scene) -> None:
    """Edit one, undo the edit, delete another."""
    user = scene.id_of("hand")
    await scene.settled(await scene.post("hand", BERLIN, TEA))
    page = await scene.client.memories(user_id=user)
    await scene.client.update(page.results[0].id, "I like black tea.")
    await scene.client.undo(page.results[0].id)
    await scene.client.delete(page.results[1].id)


async def dead_letters(scene: Scene) -> int:
    """Three turns die; one is replayed, one discarded. Returns how many stay dead."""
    bad = Fault(kind=Kind.NOT_JSON, route="extraction", contains=POISON)
    scene.model.fault(bad)
    ids = [turn_id for user in ("one", "two", "three") for turn_id in await scene.post(user, POISON)]

    async def all_dead() -> bool:
        return {turn.status for turn in await scene.turns(ids)} == {"dead"}

    await wait_until(all_dead, what="the turns dying")
    scene.model.heal()
    assert (await scene.client.dead_letters.replay(ids[:1])).count == 1
    assert await scene.client.dead_letters.discard(ids[1:2]) == 1
    await scene.settled(ids[:1])
    return 1


async def provider_away(scene: Scene) -> None:
    """The breaker opens, and closes again."""
    scene.model.fault(Fault(kind=Kind.STATUS, status=503, calls=6))
    ids = await scene.post("away", DOG)

    async def opened() -> bool:
        return bool([name async for name in scene.redis.scan_iter("sj:breaker:*")])

    await wait_until(opened, what="the breaker counting failures")
    assert await faults(scene.redis) == []
    await scene.settled(ids)


async def webhook_told(scene: Scene, receiver: Receiver) -> None:
    """One webhook is told of all that follows, and has failed once; another one's address is nobody's."""
    webhook = await scene.client.webhooks.create(receiver.url)
    await scene.client.webhooks.create("http://127.0.0.1:9/", events=["memory_delete"])
    receiver.always(410)
    await scene.client.webhooks.test(webhook.id)

    async def failed() -> bool:
        return not (await scene.client.webhooks.get(webhook.id)).active

    await wait_until(failed, what="the test failing")
    receiver.always(200)
    await scene.client.webhooks.change(webhook.id, active=True)


# One delivery is tried again and again, for hours.
WAITING = ["delivery", "hook_due", "hook_lane", "hook_waiting", "hooks_due"]


async def all_but_one_delivered(scene: Scene) -> bool:
    """Whether only one delivery waits."""
    return int(await scene.redis.hget("sj:hook_counts:default", "waiting") or 0) == 1


async def naming_users(scene: Scene) -> list[str]:
    """The keys whose names hold a user's id."""
    return [key.decode() async for key in scene.redis.scan_iter() if scene.mark.encode() in key]


async def test_after_a_bit_of_everything_every_redis_key_is_known_and_ends_when_nothing_needs_it(
    scene: Scene, receiver: Receiver
) -> None:
    worker, spare = await scene.start(2)
    client, user = scene.client, scene.id_of
    await webhook_told(scene, receiver)
    await client.guide({"custom_instructions": "Keep what they eat."})
    await scene.settled(await scene.post("settled", BERLIN, TEA))
    await scene.settled(await scene.post("gated", "ok thanks"))
    messages = [{"role": "user", "content": TEA}]
    for _ in range(2):
        await client.add_turn(messages, infer=False, idempotency_key="once", user_id=user("word"), agent_id="bot")
    await memories_by_hand(scene)
    dead = await dead_letters(scene)
    await provider_away(scene)
    await scene.settled(await scene.post("erased", BERLIN))
    await client.owners.forget(user_id=user("erased"))
    await client.owners.forget(agent_id="bot")

    hold = scene.hold(Step.UPSERT, Moment.BEFORE, "killed")
    ids = await scene.post("killed", DOG)
    await wait_until(lambda: hold.waits, what="a worker being held")
    assert await faults(scene.redis) == []
    assert await naming_users(scene) == []
    worker.kill()
    hold.drop()
    spare.thaw()
    await scene.settled(ids)
    await at_rest(scene, dead)
    await wait_until(lambda: all_but_one_delivered(scene), what="all being told but nobody's address")

    assert await faults(scene.redis) == []
    assert await naming_users(scene) == []
    left = [name for name in await without_end(scene.redis) if not permanent(name)]
    dead_turns = [name for name in left if name.startswith("sj:turn:")]
    assert len(dead_turns) == dead
    waits = {name for name in left if name.startswith(("sj:hook", "sj:delivery:"))}
    assert sorted(name.split(":")[1] for name in waits) == WAITING
    of_the_dead = [name for name in left if name.startswith("sj:dead:")]
    assert len(of_the_dead) == dead
    working = {"sj:removals", *dead_turns, *of_the_dead, *waits}
    assert {name for name in left if not name.startswith("sj:status:")} <= working
