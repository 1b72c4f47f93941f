"""The audit: the sweep looks through the books on a real Redis and says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs
from structlog.typing import EventDict

from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.model import Scope, Status
from scrubjay.model.ledger import SAFE_SETTINGS
from tests.contract.desk import ANA, Desk, desk_on
from tests.redis_keys import keys, lane_keys, lane_scripts

LIMITS = InboxLimits(sweep_seconds=0.001)
LOOKS = 20


@pytest.fixture
def swept(redis: Redis) -> Desk:
    """A desk that is swept as often as it is asked to."""
    return desk_on(redis, LIMITS)


@pytest.fixture
def audit(redis: Redis) -> RedisAudit:
    return RedisAudit(redis, RedisScripts(redis), RedisPulse(redis, RedisScripts(redis)), LIMITS)


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def errors(logged: list[EventDict]) -> list[EventDict]:
    return [entry for entry in logged if entry["log_level"] == "error"]


async def worked(desk: Desk) -> None:
    """A turn in every state."""
    await desk.post("settles")
    async with desk.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await desk.settle_all(lease)
    bob, eve = (Scope(tenant="default", user_id=name) for name in ("bob", "eve"))
    await desk.post("dies", bob)
    async with desk.lanes.lease(bob.lane) as lease:
        assert lease is not None
        await desk.lanes.take(lease, 1, 1000)
        await desk.lanes.fail(lease, "bad_answer: no")
    await desk.post("is erased", eve)
    await desk.erase(eve)
    await desk.post("waits")


async def test_a_sweep_that_finds_the_books_in_order_only_notes_down_that_it_looked(
    swept: Desk, audit: RedisAudit, logged: list[EventDict]
) -> None:
    await worked(swept)
    before = await audit.state()
    await swept.sweeper.sweep()
    state = await audit.state()
    assert errors(logged) == []
    assert (before.audits, state.audits, state.backlog, state.backlog_drift) == (0, 1, 1, 0)
    assert state.audited_at is not None
    assert not state.audit_is_late


@pytest.mark.parametrize("field", ["accepted", "settled", "dead", "erased"])
async def test_a_ledger_changed_by_hand_is_logged_with_its_figures(
    swept: Desk, logged: list[EventDict], field: str
) -> None:
    await worked(swept)
    await swept.redis.hincrby(keys.ledger("default"), field, 1)
    await swept.sweeper.sweep()
    (entry,) = errors(logged)
    figures = {"accepted": 4, "settled": 1, "waiting": 1, "dead": 1, "erased": 1}
    assert entry["event"] == "ledger_unbalanced"
    assert {name: entry[name] for name in figures} == {**figures, field: figures[field] + 1}


async def test_a_count_of_a_tenants_waiting_turns_that_is_wrong_is_logged(swept: Desk, logged: list[EventDict]) -> None:
    await worked(swept)
    await swept.redis.hincrby(keys.ledger("default"), "waiting", 2)
    await swept.sweeper.sweep()
    (entry,) = errors(logged)
    assert (entry["event"], entry["waiting"], entry["counted"]) == ("ledger_unbalanced", 1, 3)


async def test_a_turn_whose_status_says_that_it_waits_while_its_lane_does_not_hold_it_is_found(
    swept: Desk, logged: list[EventDict]
) -> None:
    await worked(swept)
    await swept.redis.lpop((await lane_keys(swept.redis, ANA.lane)).waiting)
    await swept.sweeper.sweep()
    assert [(entry["event"], entry.get("listed")) for entry in errors(logged)] == [
        ("ledger_unbalanced", 0),
        ("backlog_wrong", None),
    ]


async def test_a_backlog_counter_that_is_wrong_is_logged_and_kept_for_the_metrics(
    swept: Desk, audit: RedisAudit, logged: list[EventDict]
) -> None:
    await worked(swept)
    await swept.redis.incrby(keys.backlog, 3)
    await swept.sweeper.sweep()
    (entry,) = errors(logged)
    assert (entry["event"], entry["backlog"], entry["waiting"]) == ("backlog_wrong", 4, 1)
    assert (await audit.state()).backlog_drift == 3
    await swept.redis.decrby(keys.backlog, 3)
    await swept.sweeper.sweep()
    assert (await audit.state()).backlog_drift == 0


async def test_every_tenant_has_its_turn(audit: RedisAudit, redis: Redis, logged: list[EventDict]) -> None:
    tenants = {f"t{number}" for number in range(2_000)}
    for tenant in tenants:
        await redis.hset(keys.ledger(tenant), "accepted", 1)
    await redis.sadd(keys.tenants, *tenants)
    for _ in range(40):  # of about a hundred each; the scan may give some of them twice, and none too seldom
        await audit.look()
    assert {entry["tenant"] for entry in errors(logged)} == tenants


async def test_a_look_stays_cheap_with_a_hundred_thousand_tenants_and_the_most_lanes_that_are_counted(
    audit: RedisAudit, redis: Redis
) -> None:
    await redis.sadd(keys.tenants, *(f"t{number}" for number in range(100_000)))
    names = lane_scripts(redis)
    lanes = [await names.of(Scope(tenant=f"t{number}", user_id="ana").lane) for number in range(2_000)]
    await redis.zadd(keys.lanes, {lane.id: number for number, lane in enumerate(lanes)})
    async with redis.pipeline() as pipeline:
        for lane in lanes:
            pipeline.rpush(lane.waiting, "a turn")
        pipeline.set(keys.backlog, len(lanes))
        await pipeline.execute()
    await audit.look()
    await redis.config_resetstat()
    for _ in range(LOOKS):
        await audit.look()
    usec = (await redis.info("commandstats"))["cmdstat_evalsha"]["usec"]
    print(f"\na look takes Redis {usec / LOOKS / 1000:.2f} ms")
    assert usec / LOOKS < 20_000
    assert (await audit.state()).backlog_drift == 0


async def test_a_silent_auditor_is_seen(audit: RedisAudit, swept: Desk) -> None:
    await swept.sweeper.sweep()
    assert not (await audit.state()).audit_is_late
    stamp = int(await swept.redis.hget(keys.audit, "at_us") or 0)
    await swept.redis.hset(keys.audit, "at_us", stamp - 60_000_000)
    assert (await audit.state()).audit_is_late


async def test_lanes_that_nobody_rings_for_are_counted_as_overdue(audit: RedisAudit, swept: Desk) -> None:
    await swept.post("waits")
    state = await audit.state()
    assert (state.lanes_awake, state.lanes_overdue) == (1, 0)
    await swept.redis.zincrby(keys.lanes, -60_000, (await lane_keys(swept.redis, ANA.lane)).id)
    state = await audit.state()
    assert (state.lanes_awake, state.lanes_overdue) == (1, 1)


async def test_the_turn_that_has_waited_longest_is_known(swept: Desk) -> None:
    assert (await swept.turns.ledger("default")).oldest_waiting_at is None
    first = await swept.post("first")
    await swept.post("second")
    turn = await swept.turns.get(Scope(tenant="default"), first)
    assert turn is not None
    assert turn.status is Status.QUEUED
    assert (await swept.turns.ledger("default")).oldest_waiting_at == turn.accepted_at


async def test_how_redis_is_set_is_told_and_its_memory(audit: RedisAudit, redis: Redis) -> None:
    state = await audit.state()
    assert state.settings == SAFE_SETTINGS
    assert (state.used_bytes or 0) > 0
    assert state.max_bytes == 0
    await redis.config_set("appendfsync", "everysec")
    await redis.config_set("maxmemory", 10**9)
    try:
        state = await audit.state()
    finally:
        await redis.config_set("appendfsync", "always")
        await redis.config_set("maxmemory", 0)
    assert (state.settings["appendfsync"], state.max_bytes) == ("everysec", 10**9)


@pytest.mark.parametrize(
    ("denied", "allowed"), [("-config", {"appendonly", "maxmemory-policy"}), ("-@dangerous", set[str]())]
)
async def test_a_redis_whose_user_may_not_ask_how_it_is_set_is_no_error(
    redis_url: str, redis: Redis, denied: str, allowed: set[str]
) -> None:
    await redis.execute_command("ACL", "SETUSER", "guest", "on", ">guest", "~*", "&*", "+@all", denied)  # type: ignore[no-untyped-call] # theirs
    try:
        async with Redis.from_url(redis_url, username="guest", password="guest") as guest:
            await desk_on(guest, LIMITS).post()
            state = await RedisAudit(guest, RedisScripts(guest), RedisPulse(guest, RedisScripts(guest)), LIMITS).state()
    finally:
        await redis.acl_deluser("guest")
    assert state.settings.keys() == allowed
    assert (state.used_bytes is None) == (not allowed)
    assert state.backlog == 1
