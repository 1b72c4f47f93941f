"""No script in Redis does more where more is stored: each is run beside few elements and beside very many.

With SCRUBJAY_TEST_ELEMENTS=100000 in the environment the very many are 100,000.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from redis.asyncio import Redis

from scrubjay.errors import ModelUnavailable
from scrubjay.llm.usage import paid_by
from scrubjay.model import (
    DeliveryStatus,
    Event,
    Memory,
    Notification,
    Outcome,
    Page,
    Plan,
    Scope,
    Status,
    TurnEvent,
    Usage,
    Write,
)
from scrubjay.model.names import QUEUE
from tests.contract.counting import SCRIPTS, Cost
from tests.contract.crowd import HOOK, TENANT, World, stored, world

FEW, MANY = 100, int(os.environ.get("SCRUBJAY_TEST_ELEMENTS", "10000"))
SLACK = 12  # a log that is full drops one of its entries
# These look through a chunk of what is stored at a time: the most commands, and elements, of one step.
CHUNKED = {
    "trim": Cost(1_010, 2_010),
    "wake": Cost(1_100, 300),
    "audit": Cost(2_600, 3_100),
    "erase": Cost(2_000, 2_500),
}
AGAIN = Outcome(status=DeliveryStatus.WAITING, status_code=500)
DELIVERED = Outcome(status=DeliveryStatus.DELIVERED, status_code=200)


async def test_no_script_does_more_where_more_is_stored(redis: Redis) -> None:
    costs = list[dict[str, Cost]]()
    for size in (FEW, MANY):
        await redis.flushall()
        costs.append(await everything_once(world(redis, size)))
    few, many = costs
    assert set(few) == set(many) == SCRIPTS, "a script that is not run here: add it to a step below"
    for name in sorted(SCRIPTS):
        bound = CHUNKED.get(name, Cost(few[name].commands + SLACK, few[name].elements + 2 * SLACK))
        assert many[name].commands <= bound.commands, f"{name}: {few[name]} and {many[name]}"
        assert many[name].elements <= bound.elements, f"{name}: {few[name]} and {many[name]}"


async def test_what_is_counted_here_is_what_redis_itself_counts(redis: Redis) -> None:
    made = world(redis, FEW)
    await made.prepare()
    await made.post(made.crowded("ana"))  # the order is seeded
    made.scripts.cost.clear()
    await redis.config_resetstat()
    await made.post(made.crowded("ana"))
    stats = await redis.info("commandstats")
    ours = {
        name: stat["calls"] for name, stat in stats.items() if not name.startswith(("cmdstat_info", "cmdstat_config"))
    }
    assert ours.pop("cmdstat_eval") == 1
    assert sum(ours.values()) == made.scripts.cost["accept"].commands, ours


async def everything_once(made: World) -> dict[str, Cost]:
    """Run every script; what each has cost."""
    await made.prepare()
    await batches(made)
    await deaths(made)
    await claiming(made)
    await reading_and_sweeping(made)
    await forgetting(made)
    await notifications(made)
    await small_ones(made)
    return made.scripts.cost


async def batches(made: World) -> None:
    """Turns are accepted, taken, recorded, settled; given back; postponed."""
    ana, bob, eve = (made.crowded(name) for name in ("ana", "bob", "eve"))
    for scope in (ana, bob, eve):
        ids = [await made.post(scope) for _ in range(4)]
        await stored(made, scope)
        async with made.lanes.lease(scope.lane) as lease:
            assert lease is not None
            await made.heartbeat()
            batch = await made.lanes.take(lease, 4, 10_000)
            assert batch is not None
            assert [turn.id for turn in batch.turns] == ids
            events = tuple(TurnEvent(event=Event.ADD, id=f"m{number}", memory="x") for number in range(30))
            plan = Plan(turn_ids=tuple(ids), events=dict.fromkeys(ids, events), gated=frozenset(ids[:1]))
            await made.lanes.record(lease, plan)
            await made.lanes.confirm(lease, batch.turns)
            if scope == ana:
                with paid_by(TENANT, ids):
                    await made.meter.spent("gpt", Usage(calls=1, prompt_tokens=10))
                await made.lanes.settle(lease, plan, erased=frozenset(ids[3:]))
            elif scope == bob:
                seen = await made.lanes.outcomes(lease, "endpoint:embedding", dies=True)
                assert (seen.turns, seen.tries) == (4, 1)
                await made.lanes.postpone(lease, "model_unavailable", None, counted=True)


async def deaths(made: World) -> None:
    """A worker is lost again and again, a batch is bisected, turns die and are replayed or discarded."""
    dora = made.crowded("dora")
    ids = [await made.post(dora) for _ in range(4)]
    await stored(made, dora)
    for _ in range(8):
        try:
            async with made.lanes.lease(dora.lane) as lease:
                assert lease is not None
                await made.lanes.take(lease, 4, 10_000)
                raise ZeroDivisionError
        except ZeroDivisionError:
            await made.wake(dora)
    for _ in range(2):
        async with made.lanes.lease(dora.lane) as lease:
            assert lease is not None
            await made.lanes.take(lease, 1, 10_000)
            await made.lanes.fail(lease, "bad_answer: no JSON")
    dead = [turn for turn in ids if await made.turns.status(Scope(tenant=TENANT), turn) is Status.DEAD]
    assert len(dead) >= 2
    assert (await made.dead_letters.revive(TENANT, dead[:1], replay=True)).count == 1
    await made.dead_letters.discard(TENANT, dead[0])
    assert (await made.dead_letters.revive(TENANT, dead[1:2], replay=False)).count == 1


async def reading_and_sweeping(made: World) -> None:
    """Lists, the books, and the sweep, which rings, trims and audits."""
    for page in (Page(size=50), Page(number=2, size=50)):
        part = await made.turns.page(TENANT, None, None, page)
        assert part.after is not None
    await made.turns.page(TENANT, None, None, Page(size=50, after=part.after))
    await made.turns.page(TENANT, None, "dora", Page())
    await made.turns.ledger(TENANT)
    await made.wake(made.crowded("eve"))
    await made.rest_over()
    await made.unheard()
    assert await made.sweeper.sweep() > 0


async def claiming(made: World) -> None:
    """A lane is claimed by its turn; another tenant has many ready lanes in which nothing waits any more."""
    gil = made.crowded("gil")
    await made.post(gil)
    await stored(made, gil)
    async with made.lanes.claim() as lease:
        assert lease is not None
        assert lease.lane.tenant == TENANT
        batch = await made.lanes.take(lease, 1, 1_000)
        assert batch is not None
        assert batch.others_wait
    left_out = [TENANT, *(f"tenant-{number}" for number in range(1, 33))]
    assert await made.scripts.run("claim", [], [1_000, 1_000, 1_000, *left_out]) == b"more"


async def forgetting(made: World) -> None:
    """An owner is forgotten, with what was planned."""
    fay = Scope(tenant=TENANT, user_id="fay")
    turn_id = await made.post(fay)
    events = (TurnEvent(event=Event.UPDATE, id="m1", memory="new", previous="old"),)
    async with made.lanes.lease(fay.lane) as lease:
        assert lease is not None
        await made.lanes.take(lease, 1, 1_000)
        await made.lanes.settle(lease, Plan(turn_ids=(turn_id,), events={turn_id: events}))
    later = await made.post(fay)
    async with made.lanes.lease(fay.lane) as lease:
        assert lease is not None
        await made.lanes.take(lease, 1, 1_000)
        now = datetime.now(UTC)
        memory = Memory(id="m1", scope=fay, text="new", created_at=now, updated_at=now, valid_from=now)
        await made.lanes.record(lease, Plan(turn_ids=(later,), writes=(Write(point_id="m1", memory=memory),)))
        assert await made.turn_erasure.unplan(lease, fay, 0) == 1
    await stored(made, fay)
    async with made.turn_erasure.holding(made.lanes.hand_back) as hold:
        await hold.take([fay.lane])
        epoch = await made.turn_erasure.raise_epoch(fay)
        await made.renewed()
        assert [step async for step in made.turn_erasure.erase(fay, hold.leases[0], epoch.order)]
    await made.turn_erasure.drop_notifications(fay, epoch.order)
    await made.note_removal(fay)
    await made.receipts.keep(made.receipt())


async def notifications(made: World) -> None:
    """Deliveries are noted, claimed, reported, sent again, dropped."""
    change = Notification(event=Event.UPDATE, scope=made.crowded("ana"), memory_id="m1", version=2)
    async with made.lanes.edit(made.crowded("ana").lane) as lease:
        await made.lanes.tell(TENANT, await made.lanes.note(lease, change))
    await made.deliveries_behind(made.crowded("ana"))
    for outcome in (AGAIN, DELIVERED):
        await made.make_due()
        claimed = await made.deliveries.claim(TENANT, HOOK.id, busy=True)
        assert claimed is not None
        await made.deliveries.report(TENANT, claimed.delivery, outcome)
    assert claimed is not None
    assert await made.deliveries.again(TENANT, HOOK.id, claimed.delivery.id)
    assert await made.deliveries.note_test(TENANT, HOOK.id)
    assert await made.redis.llen(QUEUE) > 0
    await made.deliveries.drop(TENANT, HOOK.id)
    assert await made.webhooks.withdraw(TENANT, HOOK.id)


async def small_ones(made: World) -> None:
    """The breaker, rates, keys."""
    for _ in range(6):
        try:
            async with made.breaker.call("embedding"):
                raise ModelUnavailable("away")
        except ModelUnavailable:
            continue
    await made.rates.count("key", 60)
    await made.keyring.add(made.key("added"))
    assert await made.keyring.remove("added")
    await made.server_key()
    assert await made.breaker.trouble()
    await made.pulse.beat("worker-0")
    assert (await made.pulse.queue()).workers
    await made.pulse.note(["store"], ["workers"])
    await made.clocks()
