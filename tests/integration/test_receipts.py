"""Receipts and export through the API: right counts, no names, a signature that holds, everything to take along."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.crypto.receipt_signer import ServerReceiptSigner
from scrubjay.adapters.redis.erase.receipts import RedisReceipts
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.owners import RedisOwners
from scrubjay.api.app import create_app
from scrubjay.bootstrap import Ports, put_together
from scrubjay.model import Event, Scope, Write
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.settings import Settings
from tests.fakes import NoGuidance
from tests.integration.front import fronts
from tests.integration.service import ANA, BOB, Service
from tests.redis_keys import keys, lane_keys, lane_scripts

ANA_BOT = Scope(tenant="default", user_id="ana", agent_id="bot")


@asynccontextmanager
async def api_over(service: Service, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.model_validate({"auth": "off", "host": "127.0.0.1", "extractor": "offline"})
    app = create_app(settings)
    server_key, missing = RedisServerKey(RedisScripts(redis)), None
    unused: Any = missing
    pseudonyms = Pseudonyms(server_key)
    ports = Ports(
        clock=OWN_CLOCK,
        intake=service.intake, sweeper=service.sweeper, dead_letters=service.dead_letters,
        turn_erasure=service.turn_erasure, removal_notes=service.removal_notes,
        lanes=service.lanes, turns=service.turns, store=service.store, embedder=service.embedder,
        extractor=service.extractor, reconciler=service.reconciler, model=unused, guidance=NoGuidance(), watch=unused,
        server_key=server_key, owners=RedisOwners(redis, service.turns, lane_scripts(redis)),
        signer=ServerReceiptSigner(server_key, pseudonyms),
        receipts=RedisReceipts(redis, RedisScripts(redis), 1000), keyring=unused, tokens=unused,
        rates=unused, digests=unused, webhooks=unused, deliveries=unused, sender=unused, pulse=unused,
        health=unused,
    )  # fmt: skip
    app.state.parts = put_together(ports, settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


@pytest.fixture
async def http(service: Service, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    async with api_over(service, redis) as client:
        yield client


async def forgotten(http: httpx.AsyncClient, **ids: str) -> dict[str, Any]:
    answer = await http.delete("/memories", params=ids)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def verified(http: httpx.AsyncClient, receipt: dict[str, Any], **ids: str) -> dict[str, Any]:
    answer = await http.post("/receipts/verify", json={"receipt": receipt, **ids})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def a_life(service: Service) -> None:
    """Two settled turns about one memory, one dead, one running, two waiting."""
    await service.say("I live in Berlin")
    await service.drain()
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Rome")
    await service.drain()
    await service.say("I collect poison")
    async with service.lanes.lease(ANA.lane) as lease:
        assert lease is not None
        await service.lanes.take(lease, 1, 1000)
        await service.lanes.fail(lease, "bad_answer: it was no JSON")
    for text in ("I like tea", "I like cake", "I like pie"):
        await service.say(text)
    lease = await service.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    await service.lanes.take(lease, 1, 1000)


async def test_a_receipt_counts_what_went_by_place_and_is_kept_without_a_name(
    service: Service, http: httpx.AsyncClient, redis: Redis
) -> None:
    await a_life(service)
    receipt = await forgotten(http, user_id="ana")
    assert receipt["counts"] == {
        "turns": {"settled": 2, "dead": 1, "running": 1, "waiting": 2},
        "plans": 0, "texts": 6, "memories": 1, "versions": 2,
    }  # fmt: skip
    assert (receipt["turns"], receipt["memories"], receipt["verified"], receipt["scope"]) == (6, 2, True, ["user_id"])
    assert set(receipt["left"].values()) == {0}
    kept = (await http.get(f"/receipts/{receipt['id']}")).json()
    listed = (await http.get("/receipts", params={"page_size": 1})).json()
    assert (kept, listed["count"], listed["results"]) == (receipt, 1, [receipt])
    assert await redis.ttl(keys.receipts("default")) > 0
    assert await redis.ttl(keys.receipt_prefix("default") + receipt["id"]) > 0
    assert "ana" not in json.dumps(receipt)


async def test_anybody_can_check_a_receipt_with_the_public_key(service: Service, http: httpx.AsyncClient) -> None:
    await service.say("I live in Berlin ☕")
    receipt = await forgotten(http, user_id="ana")
    key = (await http.get("/receipts/key")).json()
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key["raw"]))
    signature = base64.b64decode(receipt.pop("signature"))
    signed = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    public.verify(signature, signed)
    assert receipt["key_id"] == key["key_id"]
    with pytest.raises(InvalidSignature):
        public.verify(signature, signed.replace(b'"turns":1', b'"turns":2'))


async def test_a_receipt_that_was_changed_or_is_about_somebody_else_does_not_hold(
    service: Service, http: httpx.AsyncClient
) -> None:
    await service.say("I live in Berlin")
    receipt = await forgotten(http, user_id="ana")
    gone = {"turns": 0, "texts": 0, "plans": 0, "versions": 0}
    assert await verified(http, receipt) == {"signature": True, "owner": None, "left": None}
    assert await verified(http, receipt, user_id="ana") == {"signature": True, "owner": True, "left": gone}
    for other in ({"user_id": "bob"}, {"agent_id": "ana"}, {"user_id": "ana", "run_id": "r"}):
        assert await verified(http, receipt, **other) == {"signature": True, "owner": False, "left": None}
    for change in (
        {"turns": 2},
        {"erased_at": "2020-01-01T00:00:00Z"},
        {"watermark": 1},
        {"key_id": "0"},
        {"signature": "no base64"},
    ):
        verdict = await verified(http, {**receipt, **change}, user_id="ana")
        assert verdict == {"signature": False, "owner": True, "left": None}, change


async def test_a_check_finds_what_came_back_from_a_back_up_and_leaves_aside_what_is_new(
    service: Service, http: httpx.AsyncClient, redis: Redis
) -> None:
    turn_id = await service.say("I live in Berlin", ANA_BOT)
    await service.drain()
    (memory,) = await service.memories()
    turn: Any = await redis.hgetall(keys.turn("default", turn_id))
    for ids in ({"user_id": "ana"}, {"agent_id": "bot"}):
        receipt = await forgotten(http, **ids)
        await service.say("I live in Rome", ANA_BOT)
        await service.drain()
        assert set((await verified(http, receipt, **ids))["left"].values()) == {0}
        await redis.hset(keys.turn("default", turn_id), mapping=turn)
        await redis.zadd((await lane_keys(redis, ANA.lane)).owned, {turn_id: int(turn[b"accepted_us"])})
        vector = tuple((await service.embedder.embed([memory.text]))[0])
        async with service.lanes.edit(ANA.lane) as lease:
            seen = await service.lanes.confirm(lease, ())
            old = Write(point_id=memory.id, memory=memory, vector=vector)
            await service.store.apply(lease, [old], seen.good_until)
        left = (await verified(http, receipt, **ids))["left"]
        assert (left["turns"], left["versions"]) == (1, 1)


async def lines_of(http: httpx.AsyncClient, **ids: str) -> list[dict[str, Any]]:
    answer = await http.get("/export", params=ids)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.removesuffix("\n").split("\n")]


async def test_an_export_holds_every_version_and_every_turn_of_the_owner_and_nothing_of_others(
    service: Service, http: httpx.AsyncClient
) -> None:
    await a_life(service)
    await service.say("I am Bob", BOB)
    first, *lines, last = await lines_of(http, user_id="ana")
    assert (first["kind"], first["owner"], first["versions"]) == ("export", {"user_id": "ana"}, 2)
    assert last == {"kind": "end", "memories": 2, "turns": 6}
    memories = [line for line in lines if line["kind"] == "memory"]
    assert {(memory["memory"], memory["current"], memory["quote"]) for memory in memories} == {
        ("I live in Berlin", False, "I live in Berlin"), ("I live in Rome", True, "I live in Rome"),
    }  # fmt: skip
    assert not {"fence", "position", "fact", "scope", "tenant"} & set(memories[0])
    turns = [line for line in lines if line["kind"] == "turn"]
    assert [turn["status"] for turn in turns] == ["settled", "settled", "dead", "running", "queued", "queued"]
    assert turns[5]["messages"][0]["content"] == "I like pie"
    assert turns[1]["events"][0]["previous"] == "I live in Berlin"
    assert [line["kind"] for line in await lines_of(http, agent_id="nobody")] == ["export", "end"]
    assert (await http.get("/export")).status_code == 400


async def test_an_agents_export_spans_the_lanes_of_all_users(service: Service, http: httpx.AsyncClient) -> None:
    await service.say("I live in Berlin", ANA_BOT)
    await service.say("I like tea", ANA)
    await service.say("I am Bob", Scope(tenant="default", user_id="bob", agent_id="bot"))
    await service.drain()
    lines = await lines_of(http, agent_id="bot")
    assert [line["kind"] for line in lines] == ["export", "memory", "turn", "turn", "end"]
    assert {line["user_id"] for line in lines if line["kind"] == "turn"} == {"ana", "bob"}


async def test_a_receipt_is_its_tenants_alone(redis: Redis, redis_url: str, qdrant_url: str) -> None:
    async with fronts(1, redis_url, qdrant_url) as (front,):
        mine, theirs = [(await front.key("admin", tenant=tenant))["key"] for tenant in ("acme", "globex")]
        receipt = (await front.ask("DELETE", "/memories", mine, params={"user_id": "ana"})).json()
        assert (await front.ask("GET", f"/receipts/{receipt['id']}", mine)).json() == receipt
        assert (await front.ask("GET", f"/receipts/{receipt['id']}", theirs)).status_code == 404
        assert (await front.ask("GET", "/receipts", theirs)).json()["count"] == 0
        body = {"receipt": receipt, "user_id": "ana"}
        owners = [
            (await front.ask("POST", "/receipts/verify", key, json=body)).json()["owner"] for key in (mine, theirs)
        ]
        assert owners == [True, False]
