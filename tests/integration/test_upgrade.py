"""Upgrades: what an earlier Scrubjay left in Redis and Qdrant is worked off, shown and forgotten by today's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant import payload
from scrubjay.adapters.redis import codec
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.edit.edits import undo
from scrubjay.erase.forget import forget
from scrubjay.erase.removals import finish_removals
from scrubjay.model import Page, Scope, Status
from scrubjay.search.recall import RecallRequest, recall
from tests.integration.golden import DATA, loaded, service_of
from tests.integration.golden_scenes import GUIDANCE, KEY, TENANT, user, waiting
from tests.integration.service import MARCH, Service, make_removals_due
from tests.keys_found import faults
from tests.redis_keys import lane_keys

FORMATS = sorted(DATA.glob("format-*"))
FORGET_ALL = "run `python -m tests.integration.golden tests/integration/data/format-N` with the code before the change"


@pytest.fixture(params=FORMATS, ids=lambda folder: str(folder.name))
async def old(request: pytest.FixtureRequest, redis: Redis, qdrant_url: str) -> AsyncIterator[Service]:
    """Today's service over what an earlier one left; the pause of its resting lane is over."""
    folder: Path = request.param
    async with service_of(redis, qdrant_url, f"golden-{uuid.uuid4().hex}", InboxLimits(max_attempts=2)) as service:
        await loaded(folder, redis, qdrant_url, service.store.collection.name)
        await redis.hset((await lane_keys(redis, user("rae").lane)).counters, "wake_us", "0")
        yield service


async def statuses(service: Service, name: str) -> list[tuple[Status, str | None]]:
    listed = await service.turns.page(TENANT, None, name, Page())
    turns = listed.items
    return [(turn.status, turn.error) for turn in turns][::-1]


def test_each_format_that_may_be_met_has_its_golden_files() -> None:
    newest = max(codec.VERSION, payload.VERSION)
    assert [folder.name for folder in FORMATS] == [f"format-{n}" for n in range(1, newest + 1)], FORGET_ALL


async def test_every_key_of_an_earlier_version_is_known_and_ends_as_it_should(old: Service, redis: Redis) -> None:
    assert await faults(redis) == []
    for name in ("wes", "pat", "rae"):
        await old.drain(Scope(tenant=TENANT, user_id=name))
    assert await faults(redis) == []


async def test_a_turn_that_waited_through_the_upgrade_is_remembered_as_it_was_said(old: Service) -> None:
    submission = waiting()
    assert await old.drain(submission.scope) == 1
    (memory,) = await old.memories(submission.scope)
    assert (memory.text, memory.metadata, memory.valid_from) == ("I like tea ☕", submission.metadata, MARCH)
    assert await old.drain(user("rae")) == 1
    assert await old.texts(user("rae")) == ["I run marathons"]


async def test_a_plan_recorded_before_the_upgrade_is_applied_once_and_no_model_is_asked_again(old: Service) -> None:
    pat = user("pat")
    assert await old.drain(pat) == 3
    assert old.extractor.batches == [["I knit"]]
    memories = await old.memories(pat)
    assert [memory.text for memory in memories] == ["I sail on mondays", "I keep bees", "I knit"]
    history = await old.store.history(Scope(tenant=TENANT), memories[0].id)
    assert [memory.text for memory in history] == ["I sail on sundays", "I sail on mondays"]
    assert await statuses(old, "pat") == [(Status.SETTLED, None)] * 4
    assert await old.drain(pat) == 0


async def test_a_turn_that_died_before_the_upgrade_is_shown_and_replayed(old: Service) -> None:
    listed = await old.turns.page(TENANT, Status.DEAD, None, Page())
    count, dead = listed.count, listed.items
    assert (count, {turn.error for turn in dead}) == (2, {"bad_answer: it was no JSON"})
    text = await old.turns.text(Scope(tenant=TENANT), dead[1].id)
    assert text is not None
    assert text.messages[0].content == "I collect stamps"
    assert (await old.dead_letters.revive(TENANT, [dead[1].id], replay=True)).count
    assert (await old.dead_letters.revive(TENANT, [dead[0].id], replay=False)).count
    assert await old.drain(user("dan")) == 1
    assert await old.texts(user("dan")) == ["I collect stamps"]


async def test_memories_made_before_the_upgrade_are_found_with_their_history_and_can_be_changed(old: Service) -> None:
    question = RecallRequest(scope=user("fay"), text="Lisbon")
    answer = await recall(question, old.recall_services)
    (memory,) = [result.memory for result in answer.results]
    assert memory.text == "I live in Lisbon"
    history = await old.store.history(Scope(tenant=TENANT), memory.id)
    assert [(version.text, version.valid_from) for version in history] == [
        ("I live in Berlin", MARCH),
        ("I live in Lisbon", MARCH + timedelta(days=9)),
    ]
    again = await undo(Scope(tenant=TENANT), memory.id, old.edits)
    assert again.text == "I live in Berlin"
    assert await old.texts(user("uma")) == ["I play go"]
    assert await old.texts(user("ray")) == []


async def test_an_owner_whose_turns_are_of_before_the_upgrade_is_forgotten(old: Service, redis: Redis) -> None:
    for name in ("fay", "pat", "dan"):
        scope = user(name)
        receipt = await forget(scope, old.forget_services)
        assert receipt.verified, name
        assert receipt.turns == {"fay": 2, "pat": 4, "dan": 2}[name]
        assert await old.memories(scope) == []
    everything = str([await redis.dump(name) async for name in redis.scan_iter("sj:[^r]*")])
    assert "Lisbon" not in everything
    assert "stamps" not in everything
    assert (await old.turns.ledger(TENANT)).balanced


async def test_the_books_and_whatever_else_was_kept_are_read_on(old: Service, redis: Redis) -> None:
    ledger = await old.turns.ledger(TENANT)
    assert (ledger.accepted, ledger.waiting, ledger.dead, ledger.gated, ledger.balanced) == (17, 5, 2, 1, True)
    assert (await old.turns.usage(TENANT))["gpt-test"].cost_usd == pytest.approx(0.0002)
    assert await RedisGuidance(redis).of(TENANT) == GUIDANCE
    assert (await old.intake.accept(waiting(), idempotency_key=KEY)).repeated
    assert await statuses(old, "eve") == []
    assert [scope for scope, _ in await old.lanes.epochs(user("eve"))] == [user("eve")]
    listed = await old.turns.gated(TENANT, Page())
    gated = listed.items
    assert [turn.gated for turn in gated] == [True]
    listed = await old.turns.page(TENANT, None, "fay", Page())
    fay = listed.items
    assert fay[0].usage.prompt_tokens == 900
    assert fay[0].events[0].previous == "I live in Berlin"
    await make_removals_due(redis)
    assert await finish_removals(old.removals) == 2
