"""A jump of Redis' clock is logged, counted once, and told; what has expired is asked of Redis' clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.clock import RedisClock
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import Misdated
from scrubjay.model import Message, Role, Submission
from scrubjay.ports import Near
from scrubjay.validation import dated
from tests.fakes import word_vector
from tests.integration.clocks.conftest import HOUR, Clock
from tests.integration.service import ANA, Service
from tests.redis_keys import keys

DAYS = timedelta(days=1)


def seen_by(redis: Redis) -> RedisClock:
    return RedisClock(redis, RedisScripts(redis))


@pytest.mark.parametrize(("seconds", "direction"), [(HOUR, "ahead"), (-2, "back")])
async def test_a_jump_is_logged_by_every_process_and_counted_once(
    redis: Redis, clock: Clock, seconds: float, direction: str
) -> None:
    processes = [seen_by(redis) for _ in range(3)]
    with capture_logs() as logged:
        for process in [*processes, *processes]:
            await process.look()
        assert logged == []
        clock.set_ahead(seconds)
        for process in [*processes, *processes]:
            await process.look()
    assert [(line["event"], line["direction"]) for line in logged] == [("clock_jumped", direction)] * 3
    assert all(abs(line["seconds"] - seconds) < 1 for line in logged)
    state = await RedisAudit(redis, RedisScripts(redis), RedisPulse(redis, RedisScripts(redis)), InboxLimits()).state()
    assert (state.clock_jumps, abs(state.clock_jumped_seconds - seconds) < 1) == (1, True)
    assert abs((state.read_at - datetime.now(UTC)).total_seconds() - seconds) < 1


async def test_a_redis_that_answers_late_has_not_jumped(redis: Redis) -> None:
    process = seen_by(redis)
    await process.look()
    await redis.client_pause(2_500)
    with capture_logs() as logged:
        for _ in range(2):
            await process.look()
    assert logged == []
    assert await redis.hget(keys.clock, "jumps") is None


async def test_what_has_expired_by_redis_clock_is_news_again_whatever_a_workers_own_clock_says(
    service: Service, redis: Redis, clock: Clock
) -> None:
    service.store = QdrantStore(service.store.collection.client, service.embedder, seen_by(redis))
    clock.set_ahead(2 * HOUR)
    await service.say("I live in Lisbon", expires_at=datetime.now(UTC) + timedelta(hours=1))
    await service.drain()
    near = Near(scope=ANA, vector=word_vector("I live in Lisbon"))
    assert await service.store.neighbours(ANA.lane, [near], 5) == [[]]
    assert await service.texts() == []
    assert (await service.ask("Lisbon")).results == ()


def said(timestamp: datetime | None) -> Submission:
    return Submission(scope=ANA, messages=(Message(role=Role.USER, content="I like tea"),), timestamp=timestamp)


async def test_a_timestamp_more_than_a_day_ahead_is_refused_where_the_clocks_agree(redis: Redis) -> None:
    for timestamp in (None, datetime.now(UTC) + DAYS / 2, datetime(2001, 1, 1, tzinfo=UTC)):
        assert await dated(said(timestamp), seen_by(redis)) == said(timestamp)
    with pytest.raises(Misdated, match="timestamp is more than a day ahead: give the time at which it was said"):
        await dated(said(datetime.now(UTC) + 1.1 * DAYS), seen_by(redis))


@pytest.mark.parametrize("ahead", [90, -HOUR])
async def test_where_the_clocks_disagree_it_is_taken_and_dated_at_acceptance(
    redis: Redis, clock: Clock, ahead: float
) -> None:
    async def taken(timestamp: datetime) -> Submission | None:
        try:
            return await dated(said(timestamp), seen_by(redis))
        except Misdated:
            return None

    clock.set_ahead(ahead)
    assert await taken(datetime.now(UTC) + 365 * DAYS) == said(None)
    long_ago = datetime.now(UTC) - 365 * DAYS
    assert await taken(long_ago) == said(long_ago)
