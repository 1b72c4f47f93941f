"""What happens in the house whose books are kept as golden files: something of everything that Scrubjay keeps."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis

from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.meter import RedisMeter
from scrubjay.adapters.redis.scripts import RedisScripts
from scrubjay.edit.edits import Change, delete, update
from scrubjay.erase.forget import forget
from scrubjay.ingest.pipeline import decide
from scrubjay.llm.usage import paid_by
from scrubjay.model import Event, Guidance, Lane, Lease, Message, Plan, Role, Scope, Submission, Usage
from tests.integration.house import MARCH, House

TENANT = "default"
KEY = "an-idempotency-key"
GUIDANCE = Guidance(instructions="Keep what they eat.", categories={"food": "what they eat"})


def user(name: str) -> Scope:
    """A user of the golden house."""
    return Scope(tenant=TENANT, user_id=name)


def waiting() -> Submission:
    """A turn with everything that a client may give."""
    return Submission(
        scope=Scope(tenant=TENANT, user_id="wes", agent_id="bot", run_id="r1"),
        messages=(
            Message(role=Role.USER, content="I like tea ☕", name="Wes"),
            Message(role=Role.ASSISTANT, content="Noted."),
        ),
        metadata={"source": "chat", "depth": {"n": 1}},
        timestamp=MARCH,
        guidance=Guidance(excludes="coffee"),
    )


async def live(house: House, redis: Redis) -> None:
    """Let it all happen."""
    await _settled(house, redis)
    await _by_hand(house)
    await _erased(house)
    await _dead(house)
    await _planned(house)
    await _resting(house)
    await RedisGuidance(redis).give(TENANT, GUIDANCE)
    await house.inbox.accept(waiting(), idempotency_key=KEY)


async def _settled(house: House, redis: Redis) -> None:
    """A fact that changed; a turn that cost something; one that was gated."""
    fay = user("fay")
    await house.say("I live in Berlin", fay, timestamp=MARCH)
    await house.drain(fay)
    house.reconciler.table["I live in Lisbon"] = Event.UPDATE
    changed = await house.say("I live in Lisbon", fay, timestamp=MARCH + timedelta(days=9))
    await house.drain(fay)
    with paid_by(TENANT, [changed]):
        spent = Usage(calls=1, prompt_tokens=900, completion_tokens=50, cost_usd=0.0002)
        await RedisMeter(RedisScripts(redis)).spent("gpt-test", spent)
    gus = user("gus")
    gated = await house.say("ok thanks", gus)
    lease = await _held(house, gus.lane, 1)
    await house.lanes.settle(lease, Plan(turn_ids=(gated,), gated=frozenset({gated}), dropped=2))
    await house.lanes.hand_back(lease)


async def _held(house: House, lane: Lane, turns: int) -> Lease:
    lease = await house.lanes._acquire(lane, edit=False)
    assert lease is not None
    await house.lanes.take(lease, turns, 10_000)
    return lease


async def _by_hand(house: House) -> None:
    """A memory that was edited, one that was deleted, and one that was taken back by a later turn."""
    uma = user("uma")
    await house.say("I play chess", uma)
    await house.say("I hate chess clubs", uma)
    await house.drain(uma)
    kept, gone = await house.memories(uma)
    await update(
        Scope(tenant=TENANT),
        kept.id,
        Change(text="I play go"),
        house.edits,
    )
    await delete(Scope(tenant=TENANT), gone.id, house.edits)
    ray = user("ray")
    await house.say("I own a dog", ray, timestamp=MARCH)
    await house.drain(ray)
    house.reconciler.table["I own a dog no more"] = Event.DELETE
    await house.say("I own a dog no more", ray)
    await house.drain(ray)


async def _erased(house: House) -> None:
    eve = user("eve")
    await house.say("my secret is 42", eve)
    await house.drain(eve)
    await house.say("my secret is 43 now", eve)
    await forget(eve, house.forget_services)


async def _dead(house: House) -> None:
    dan = user("dan")
    for text in ("I collect stamps", "I collect coins"):
        await house.say(text, dan)
    for _ in range(2):
        lease = await _held(house, dan.lane, 1)
        await house.lanes.fail(lease, "bad_answer: it was no JSON")
        await house.lanes.hand_back(lease)


async def _planned(house: House) -> None:
    """A worker recorded what two turns change, and was killed before it could apply it; a third turn waits."""
    pat = user("pat")
    await house.say("I sail on sundays", pat)
    await house.drain(pat)
    house.reconciler.table["I sail on mondays"] = Event.UPDATE
    for text in ("I sail on mondays", "I keep bees", "I knit"):
        await house.say(text, pat)
    lease = await house.lanes._acquire(pat.lane, edit=False)
    assert lease is not None
    batch = await house.lanes.take(lease, 2, 10_000)
    assert batch is not None
    plan = await decide(batch.turns, house.decision)
    await house.lanes.record(lease, plan)


async def _resting(house: House) -> None:
    """A lane that backs off, as the model was away."""
    rae = user("rae")
    await house.say("I run marathons", rae)
    lease = await _held(house, rae.lane, 1)
    await house.lanes.postpone(lease, "the model is away", None)
