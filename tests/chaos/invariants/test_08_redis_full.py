"""Invariant 8: a Redis without memory refuses turns; it never says yes to one that it does not keep."""

from __future__ import annotations

import httpx

from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from tests.chaos.scene import TENANT, Scene
from tests.redis_keys import lane_scripts

ROOM_BYTES = 300_000
MOST = 100


async def test_a_full_redis_answers_503_keeps_what_it_accepted_and_goes_on_when_there_is_room(scene: Scene) -> None:
    accepted: list[str] = []
    async with httpx.AsyncClient(base_url=scene.client.url, trust_env=False) as http:
        await scene.redis.config_set("maxmemory", int((await scene.redis.info("memory"))["used_memory"]) + ROOM_BYTES)
        try:
            while (answer := await post(http, scene, len(accepted))).status_code == 202 and len(accepted) < MOST:
                accepted.append(answer.json().get("id", "none"))
            assert accepted, "it was full before anything was accepted"
            assert answer.status_code == 503
            assert answer.json()["error"] == "inbox_unavailable"
            assert int(answer.headers["Retry-After"]) >= 1
        finally:
            await scene.redis.config_set("maxmemory", 0)
        await assert_exactly_these_wait(scene, accepted)
        accepted.append((await post(http, scene, len(accepted))).json()["id"])

    await assert_exactly_these_wait(scene, accepted)
    await scene.start(1)
    await scene.settled(accepted)
    assert await scene.ledger_balances(len(accepted))


async def post(http: httpx.AsyncClient, scene: Scene, number: int) -> httpx.Response:
    """A turn of 10,000 characters, with a key of its own."""
    message = {"role": "user", "content": f"I like number {number}. {'x' * 10_000}"}
    key = {"Idempotency-Key": scene.id_of(f"full-{number}")}
    return await http.post("/turns", json={"user_id": scene.id_of("ana"), "messages": [message]}, headers=key)


async def assert_exactly_these_wait(scene: Scene, ids: list[str]) -> None:
    ledger = await RedisTurns(scene.redis, lane_scripts(scene.redis)).ledger(TENANT)
    assert (ledger.accepted, ledger.waiting) == (len(ids), len(ids))
    assert {turn.id for turn in (await scene.client.turns(page_size=200)).results} == set(ids)
