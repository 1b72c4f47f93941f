"""What happens in the service whose ledger is kept as golden files: something of everything that Scrubjay keeps."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis

from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.meter import RedisMeter
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.edit.edits import Change, delete, update
from scrubjay.erase.forget import forget
from scrubjay.ingest.pipeline import decide
from scrubjay.llm.usage import paid_by
from scrubjay.model import Event, Guidance, Lane, Lease, Message, Plan, Role, Scope, Submission, Usage
from tests.integration.service import MARCH, Service

TENANT = "default"
KEY = "an-idempotency-key"
GUIDANCE = Guidance(instructions="Keep what they eat.", categories={"food": "what they eat"})


def user(name: str) -> Scope:
    """A user of the golden service."""
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


async def live(service: Service, redis: Redis) -> None:
    """Let it all happen."""
    await _settled(service, redis)
    await _by_hand(service)
    await _erased(service)
    await _dead(service)
    await _planned(service)
    await _resting(service)
    await RedisGuidance(redis).give(TENANT, GUIDANCE)
    await service.intake.accept(waiting(), idempotency_key=KEY)


async def _settled(service: Service, redis: Redis) -> None:
    """A fact that changed; a turn that cost something; one that was gated."""
    fay = user("fay")
    await service.say("I live in Berlin", fay, timestamp=MARCH)
    await service.drain(fay)
    service.reconciler.table["I live in Lisbon"] = Event.UPDATE
    changed = await service.say("I live in Lisbon", fay, timestamp=MARCH + timedelta(days=9))
    await service.drain(fay)
    with paid_by(TENANT, [changed]):
        spent = Usage(calls=1, prompt_tokens=900, completion_tokens=50, cost_usd=0.0002)
        await RedisMeter(RedisScripts(redis)).spent("gpt-test", spent)
    gus = user("gus")
    gated = await service.say("ok thanks", gus)
    lease = await _held(service, gus.lane, 1)
    await service.lanes.settle(lease, Plan(turn_ids=(gated,), gated=frozenset({gated}), dropped=2))
    await service.lanes.hand_back(lease)


async def _held(service: Service, lane: Lane, turns: int) -> Lease:
    lease = await service.lanes.leasing.acquire(lane, edit=False)
    assert lease is not None
    await service.lanes.take(lease, turns, 10_000)
    return lease


async def _by_hand(service: Service) -> None:
    """A memory that was edited, one that was deleted, and one that was taken back by a later turn."""
    uma = user("uma")
    await service.say("I play chess", uma)
    await service.say("I hate chess clubs", uma)
    await service.drain(uma)
    kept, gone = await service.memories(uma)
    await update(
        Scope(tenant=TENANT),
        kept.id,
        Change(text="I play go"),
        service.edits,
    )
    await delete(Scope(tenant=TENANT), gone.id, service.edits)
    ray = user("ray")
    await service.say("I own a dog", ray, timestamp=MARCH)
    await service.drain(ray)
    service.reconciler.table["I own a dog no more"] = Event.DELETE
    await service.say("I own a dog no more", ray)
    await service.drain(ray)


async def _erased(service: Service) -> None:
    eve = user("eve")
    await service.say("my secret is 42", eve)
    await service.drain(eve)
    await service.say("my secret is 43 now", eve)
    await forget(eve, service.forget_services)


async def _dead(service: Service) -> None:
    dan = user("dan")
    for text in ("I collect stamps", "I collect coins"):
        await service.say(text, dan)
    for _ in range(2):
        lease = await _held(service, dan.lane, 1)
        await service.lanes.fail(lease, "bad_answer: it was no JSON")
        await service.lanes.hand_back(lease)


async def _planned(service: Service) -> None:
    """A worker recorded what two turns change, and was killed before it could apply it; a third turn waits."""
    pat = user("pat")
    await service.say("I sail on sundays", pat)
    await service.drain(pat)
    service.reconciler.table["I sail on mondays"] = Event.UPDATE
    for text in ("I sail on mondays", "I keep bees", "I knit"):
        await service.say(text, pat)
    lease = await service.lanes.leasing.acquire(pat.lane, edit=False)
    assert lease is not None
    batch = await service.lanes.take(lease, 2, 10_000)
    assert batch is not None
    plan = await decide(batch.turns, service.decision)
    await service.lanes.record(lease, plan)


async def _resting(service: Service) -> None:
    """A lane that backs off, as the model was away."""
    rae = user("rae")
    await service.say("I run marathons", rae)
    lease = await _held(service, rae.lane, 1)
    await service.lanes.postpone(lease, "the model is away", None)
