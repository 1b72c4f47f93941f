"""After an erase no trace of the owner: in no key's name, bell, plan, other turn's events or older collection."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.errors import LeaseLost
from scrubjay.ingest.pipeline import decide
from scrubjay.model import Event, Lane, Lease, Message, Page, Plan, Role, Scope, Status, Submission, Turn
from scrubjay.model.clock import to_us
from scrubjay.model.erasure import Erasure, Removal
from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.fakes import WordEmbedder
from tests.integration.service import Service, make_removals_due
from tests.redis_keys import keys, lane_keys

DORA = Scope(tenant="default", user_id="dora")
DORA_A = Scope(tenant="default", user_id="dora", agent_id="agent-a")
DORA_B = Scope(tenant="default", user_id="dora", agent_id="agent-b")
AGENT_A = Scope(tenant="default", agent_id="agent-a")


async def forgotten(service: Service, scope: Scope = DORA) -> Erasure:
    return await forget(scope, service.forget_services)


async def traces(redis: Redis, *texts: str) -> list[str]:
    """The keys whose name or contents hold one of these words."""
    values = await all_of_redis(redis)
    assert values, "the scan does not see anything"
    return [key for key, value in values.items() if any(text in key or text in value for text in texts)]


async def taken(service: Service, scope: Scope) -> tuple[Lease, tuple[Turn, ...]]:
    """The lane's turns in the hands of a worker."""
    lease = await service.lanes.leasing.acquire(scope.lane, edit=False)
    assert lease is not None
    batch = await service.lanes.take(lease, 8, 10_000)
    assert batch is not None
    return lease, batch.turns


async def recorded(service: Service, scope: Scope) -> None:
    """A plan for the lane's turns, of a worker that is gone."""
    lease, turns = await taken(service, scope)
    await service.lanes.record(lease, await decide(turns, service.decision))


async def test_no_key_and_no_bell_names_an_owner_who_was_erased(
    service: Service, redis: Redis, qdrant_url: str
) -> None:
    submission = Submission(scope=DORA, messages=(Message(role=Role.USER, content="I live in Berlin"),))
    first = await service.intake.accept(submission, idempotency_key="dora-1")
    await service.drain()
    for text in ("I live in Berlin", "I like tea"):
        await service.say(text, DORA)
    await recorded(service, DORA)
    assert await traces(redis, "dora")
    erasure = await forgotten(service)
    assert (erasure.turns, erasure.counts.plans, erasure.verified) == (3, 1, True)
    assert await traces(redis, "dora", "Berlin", "tea") == []
    assert "dora" not in str(await all_of_qdrant(qdrant_url))
    again = await service.intake.accept(submission, idempotency_key="dora-1")
    assert (again.id, again.repeated) == (first.id, True)
    assert await traces(redis, "dora") == []
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1
    assert await traces(redis, "dora") == []


async def test_a_turn_is_accepted_after_the_epoch_even_if_the_lane_is_forgotten_and_the_clock_goes_back(
    service: Service, redis: Redis
) -> None:
    """The order is an hour ahead of Redis' clock: as if that had been set back since."""
    await service.say("I live in Berlin", DORA)
    await redis.hset(keys.clock, "order", to_us(datetime.now(UTC) + timedelta(hours=1)))
    await service.say("I like tea", DORA)
    erasure = await forgotten(service)
    assert erasure.turns == 2
    assert not await redis.exists(
        (await lane_keys(redis, DORA.lane)).counters,
        (await lane_keys(redis, DORA.lane)).owned,
        (await lane_keys(redis, DORA.lane)).lease,
    )
    after = await service.say("I live in Rome", DORA)
    assert int(await redis.hget(keys.turn("default", after), "order") or 0) > erasure.watermark
    await service.drain(DORA)
    assert (await service.status(after)).status is Status.SETTLED
    assert await service.texts(DORA) == ["I live in Rome"]


async def test_an_agents_erase_covers_turns_in_lanes_whose_clock_is_ahead(service: Service, redis: Redis) -> None:
    await service.say("I like tea", DORA_B)
    await redis.hincrby(keys.clock, "order", 3_600_000_000)
    turn_id = await service.say("I live in Berlin", DORA_A)
    assert (await forgotten(service, AGENT_A)).turns == 1
    assert (await service.status(turn_id)).status is Status.ERASED
    assert await traces(redis, "agent-a", "Berlin") == []


async def test_what_another_agents_turns_quote_of_the_forgotten_one_goes_as_well(
    service: Service, redis: Redis
) -> None:
    service.reconciler.table |= {"I live in Rome": Event.UPDATE, "I like tea": Event.ADD, "Berlin it is": Event.NONE}
    await service.say("I live in Berlin", DORA_A)
    await service.drain(DORA)
    for text in ("Berlin it is", "I live in Rome"):
        await service.say(text, DORA_B)
        await service.drain(DORA)
    assert await traces(redis, "I live in Berlin")
    assert (await forgotten(service, AGENT_A)).verified
    assert await traces(redis, "agent-a", "I live in Berlin") == []
    listed = await service.turns.page("default", None, "dora", Page())
    turns = listed.items
    assert [[(event.event, event.memory) for event in turn.events] for turn in turns][:1] == [
        [(Event.UPDATE, "I live in Rome")]
    ]
    assert await service.texts(DORA) == ["I live in Rome"]


async def test_a_plan_of_another_agents_turn_that_holds_forgotten_words_goes_and_is_decided_anew(
    service: Service, redis: Redis
) -> None:
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Berlin", DORA_A)
    await service.drain(DORA)
    turn_id = await service.say("I live in Rome", DORA_B)
    await recorded(service, DORA)
    assert (await lane_keys(redis, DORA.lane)).plan in await traces(redis, "Berlin")
    erasure = await forgotten(service, AGENT_A)
    assert (erasure.counts.plans, erasure.verified) == (1, True)
    assert await traces(redis, "agent-a", "Berlin") == []
    await service.drain(DORA)
    assert (await service.status(turn_id)).status is Status.SETTLED
    assert await service.texts(DORA) == ["I live in Rome"]


async def test_what_was_remembered_with_an_earlier_embedding_model_is_erased_too(
    service: Service, qdrant_url: str
) -> None:
    await service.say("I live in Berlin", DORA)
    await service.drain(DORA)
    newer = QdrantStore(service.store.collection.client, WordEmbedder(f"test-{uuid.uuid4().hex}"))
    await newer.page(DORA, Page())
    erasure = await forget(DORA, replace(service.forget_services, store=newer))
    assert (erasure.memories, erasure.verified) == (1, True)
    assert "dora" not in str(await all_of_qdrant(qdrant_url))
    await service.store.collection.client.delete_collection(newer.collection.name)


async def test_a_removal_sealed_with_another_servers_key_waits_and_holds_up_no_other(
    service: Service, redis: Redis
) -> None:
    other = Pseudonyms(RedisServerKey(RedisScripts(redis), "another key, of 32 characters or so"))
    order = service.intake._core.order
    stranger = turn_adapters(
        RedisCore(redis, LaneScripts(RedisScripts(redis)), CeleryWakeups(), InboxLimits(), other, order)
    ).removal_notes
    await stranger.note_removal(Removal(scope=DORA, memory_id="m"))
    await forgotten(service)
    await make_removals_due(redis)
    assert await finish_removals(service.removals) == 1
    assert await redis.zcard(keys.removals) == 1
    assert await finish_removals(service.removals) == 0


async def test_a_worker_that_is_about_to_settle_while_its_lane_is_forgotten_does_not_take_turns_out_of_the_count(
    service: Service,
) -> None:
    """The worker looks at the epoch as soon as it is raised, before the lane is erased, and would settle at once."""
    await service.say("I live in Berlin", DORA_A)
    lease, turns = await taken(service, DORA)

    class Watched(QdrantStore):
        """Lets the worker go on when the erase looks for lanes for the last time."""

        looks = 0

        async def lanes(self, scope: Scope, before: int | None = None) -> list[Lane]:
            self.looks += 1
            if self.looks == 2:
                with contextlib.suppress(LeaseLost):
                    seen = await service.lanes.confirm(lease, turns)
                    await service.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in turns)), seen.erased)
            return await super().lanes(scope, before)

    store = Watched(service.store.collection.client, service.embedder)
    erasure = await forget(DORA, replace(service.forget_services, store=store))
    assert erasure.counts.turns == {"running": 1}
