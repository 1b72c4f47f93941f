"""What a newer Scrubjay wrote is never misread: turns wait for a worker that can read it, people get a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from qdrant_client import AsyncQdrantClient, models
from redis.asyncio import Redis

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.guidance import RedisGuidance
from scrubjay.api.app import create_app
from scrubjay.bootstrap import opened
from scrubjay.errors import NewerFormat, StoreUnavailable
from scrubjay.ingest.pipeline import decide
from scrubjay.model import Scope, Status, TurnStatus
from scrubjay.model.clock import to_us
from scrubjay.model.erasure import Removal
from scrubjay.model.names import QUEUE
from scrubjay.settings import Settings
from tests.integration.service import ANA, BOB, Service, make_removals_due
from tests.redis_keys import keys, lane_keys
from tests.support import on_loopback

NEWER = 99
SENTENCE = r"written by a newer Scrubjay \(format 99, this one reads up to 1\); upgrade"


async def set_body_format(redis: Redis, turn_id: str, version: int) -> None:
    """As if another version had accepted the turn, with a field of its own."""
    body = orjson.loads(await redis.hget(keys.turn("default", turn_id), "body") or b"{}")
    body.pop("sounds", None)
    body |= {"v": version} if version == 1 else {"v": version, "sounds": ["la"]}
    await redis.hset(keys.turn("default", turn_id), "body", orjson.dumps(body))


async def assert_waits(service: Service, redis: Redis, turn_id: str) -> TurnStatus:
    """It waits, no attempt is spent, and its lane rests without ringing."""
    status = await service.status(turn_id)
    assert (status.status, status.attempts) == (Status.RETRYING, 0)
    assert await redis.exists(QUEUE) == 0, "the lane rings itself"
    wake_us = await redis.hget((await lane_keys(redis, ANA.lane)).counters, "wake_us")
    assert wake_us is not None
    assert int(wake_us) >= to_us(status.accepted_at)
    return status


async def test_a_turn_of_a_newer_format_waits_for_a_newer_worker_and_its_lane_rests(
    service: Service, redis: Redis
) -> None:
    turn_id = await service.say("I live in Berlin")
    await set_body_format(redis, turn_id, NEWER)
    for _ in range(5):
        await redis.delete(QUEUE)
        await redis.hdel((await lane_keys(redis, ANA.lane)).counters, "wake_us")
        assert await service.drain() == 0
        status = await assert_waits(service, redis, turn_id)
        assert status.error is not None
        assert "a turn was written by a newer Scrubjay (format 99, this one reads up to 1); upgrade" in status.error
    assert await redis.hget((await lane_keys(redis, ANA.lane)).counters, "failures") == b"5"

    await set_body_format(redis, turn_id, 1)  # the upgraded worker comes
    await redis.hdel((await lane_keys(redis, ANA.lane)).counters, "wake_us")
    assert await service.drain() == 1
    assert await service.texts() == ["I live in Berlin"]
    assert ((await service.status(turn_id)).attempts, (await service.status(turn_id)).error) == (1, None)


async def test_a_plan_of_a_newer_format_stays_recorded_until_a_newer_worker_applies_it(
    service: Service, redis: Redis
) -> None:
    turn_id = await service.say("I live in Berlin")
    lease = await service.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    batch = await service.lanes.take(lease, 8, 1000)
    assert batch is not None
    await service.lanes.record(lease, await decide(batch.turns, service.decision))
    await service.lanes.postpone(lease, "away", None)
    plan = await redis.get((await lane_keys(redis, ANA.lane)).plan)
    await redis.set((await lane_keys(redis, ANA.lane)).plan, orjson.dumps({"v": NEWER, "leaps": []}))
    await redis.hdel((await lane_keys(redis, ANA.lane)).counters, "wake_us")
    await redis.delete(QUEUE)
    assert await service.drain() == 0
    await assert_waits(service, redis, turn_id)
    assert await redis.get((await lane_keys(redis, ANA.lane)).plan) == orjson.dumps({"v": NEWER, "leaps": []})
    assert plan is not None
    await redis.set((await lane_keys(redis, ANA.lane)).plan, plan)
    await redis.hdel((await lane_keys(redis, ANA.lane)).counters, "wake_us")
    assert await service.drain() == 1
    assert service.extractor.batches == [["I live in Berlin"]]


async def set_memory_format(service: Service, version: int) -> str:
    (memory,) = await service.memories()
    client: AsyncQdrantClient = service.store.collection.client
    await client.set_payload(service.store.collection.name, {"v": version}, points=[memory.id], wait=True)
    return memory.id


async def test_nothing_is_decided_on_memories_of_a_newer_format_and_people_are_not_shown_them(
    service: Service, redis: Redis
) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    memory_id = await set_memory_format(service, NEWER)
    assert await service.texts() == []
    assert (await service.ask("Berlin")).results == ()
    for reading in (
        service.store.get(Scope(tenant="default"), memory_id),
        service.store.history(Scope(tenant="default"), memory_id),
    ):
        with pytest.raises(NewerFormat, match=SENTENCE):
            await reading
    turn_id = await service.say("I live in Berlin now")
    await redis.delete(QUEUE)
    assert await service.drain() == 0
    await assert_waits(service, redis, turn_id)


async def test_a_removal_of_a_newer_format_holds_up_no_other(service: Service, redis: Redis) -> None:
    await service.removal_notes.note_removal(Removal(scope=BOB, memory_id="m"))
    await make_removals_due(redis)
    await redis.zadd(keys.removals, {'0 {"v":99,"whose":"?"}': 0})
    (removal,) = await service.removal_notes.unfinished()
    await service.removal_notes.finished(removal[0])
    assert await redis.zcard(keys.removals) == 1


async def test_guidance_of_a_newer_format_is_not_taken_for_none(redis: Redis) -> None:
    await redis.set(keys.guidance("default"), b'{"v":99,"must":"x"}')
    with pytest.raises(NewerFormat, match=SENTENCE):
        await RedisGuidance(redis).of("default")


async def test_counters_and_fields_that_a_newer_version_adds_are_passed_over(service: Service, redis: Redis) -> None:
    turn_id = await service.say("I live in Berlin")
    await service.drain()
    events = b'[{"event":"ADD","id":"m","memory":"I live in Berlin","mood":"calm"}]'
    more: Any = {"used_images": 3, "used_calls": 2, "events": events, "colour": "blue"}
    await redis.hset(keys.turn("default", turn_id), mapping=more)
    await redis.hset(keys.usage("default"), mapping={"m|images": 3, "m|calls": 2})
    status = await service.status(turn_id)
    assert (status.usage.calls, status.events[0].memory) == (2, "I live in Berlin")
    assert (await service.turns.usage("default"))["m"].calls == 2


@asynccontextmanager
async def api(redis_url: str, qdrant_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The real API app, in this process; what its lifespan opens is opened here, as that also tunes the process."""
    settings = Settings(redis_url=redis_url, qdrant_url=qdrant_url, auth="off", openai_api_key=None)
    app = create_app(settings)
    transport = httpx.ASGITransport(on_loopback(app), raise_app_exceptions=False)
    async with (
        opened(settings) as parts,
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        app.state.parts = parts
        yield client


async def test_the_api_answers_with_a_sentence_or_leaves_out_what_only_a_newer_one_can_read(
    redis: Redis, redis_url: str, qdrant_url: str
) -> None:
    async with api(redis_url, qdrant_url) as client:
        body = {"user_id": "newer", "messages": [{"role": "user", "content": "I live in Berlin"}]}
        ids = [(await client.post("/turns", json=body)).json()["id"] for _ in range(2)]
        await set_body_format(redis, ids[0], NEWER)
        await redis.hset(keys.turn("default", ids[1]), mapping={"v": NEWER, "status": "dreaming"})
        await redis.set(keys.guidance("default"), b'{"v":99,"must":"x"}')

        turn = (await client.get(f"/turns/{ids[0]}")).json()
        assert (turn["status"], turn["messages"]) == ("queued", None)
        for path in (f"/turns/{ids[1]}", "/guidance"):
            refused = await client.get(path)
            assert (refused.status_code, refused.json()["error"]) == (503, "newer_format")
            assert "upgrade" in refused.json()["detail"]
        listed = (await client.get("/turns", params={"user_id": "newer"})).json()
        assert [result["id"] for result in listed["results"]] == ids[:1]
        for path in ("/turns", "/turns/gated", "/dead", "/metrics", "/dashboard", f"/dashboard/turns/{ids[0]}"):
            assert (await client.get(path)).status_code == 200, path


async def test_a_key_that_names_no_format_is_refused_in_a_sentence(service: Service, redis: Redis) -> None:
    turn_id = await service.say("I live in Berlin")
    await redis.hdel(keys.turn("default", turn_id), "v")
    await redis.set(keys.guidance("default"), b'{"instructions":"In verse."}')
    for reading in (service.status(turn_id), RedisGuidance(redis).of("default")):
        with pytest.raises(NewerFormat, match=r"names no format: .*; begin with an empty Redis and Qdrant"):
            await reading


async def test_a_collection_whose_points_name_no_format_is_refused_in_a_sentence(
    service: Service, qdrant_url: str
) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    (memory,) = await service.memories()
    client: AsyncQdrantClient = service.store.collection.client
    await client.delete_payload(service.store.collection.name, ["v"], points=[memory.id], wait=True)
    store = QdrantStore(client, service.embedder)
    with pytest.raises(StoreUnavailable, match=r"holds points that name no format: .* SCRUBJAY_COLLECTION_PREFIX"):
        await store.get(Scope(tenant="default"), memory.id)
    with pytest.raises(StoreUnavailable, match="holds points that name no format"):
        await store.ping()


async def test_a_collection_of_somebody_else_is_neither_taken_nor_looked_at(service: Service) -> None:
    client: AsyncQdrantClient = service.store.collection.client
    theirs = models.VectorParams(size=4, distance=models.Distance.COSINE)
    await client.create_collection("2024", vectors_config=theirs)
    try:
        assert "2024" not in await QdrantStore(client, service.embedder).collection.of_embedder()
    finally:
        await client.delete_collection("2024")
