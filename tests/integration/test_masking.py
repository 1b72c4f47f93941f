"""What must not be remembered gets in by no route: neither Redis nor Qdrant nor a model ever sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.ingest.drain import drain
from scrubjay.model import Scope
from scrubjay.settings import Settings
from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.integration.front import Front, fronts
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned

USER = "masked"
CARD, PASSWORD = "4111 1111 1111 1111", "hunter2x"
SECRETS = (CARD, PASSWORD)
TEXT = f"I pay with {CARD}; my password is {PASSWORD} and I like tea."
MASKED = "I pay with [masked: card number]; my password is [masked: password] and I like tea."
KEY = "sj_0123456789abcdef"

# Every route that takes a body, with a text in each field of it that holds one. A new route or field belongs in here.
BODIES: dict[str, dict[str, Any]] = {
    "POST /turns": {
        "user_id": USER,
        "messages": [{"role": "user", "content": TEXT, "name": KEY}, {"role": "assistant", "content": TEXT}],
        "metadata": {"note": TEXT, KEY: [{"deep": TEXT}]},
        "custom_instructions": TEXT,
        "includes": TEXT,
        "excludes": TEXT,
        "custom_categories": {"money": TEXT},
    },
    "POST /search": {"user_id": USER, "query": TEXT},
    "PUT /memories/{memory_id}": {"text": TEXT, "metadata": {"note": TEXT}},
    "PUT /memories/{memory_id}?": {"metadata_patch": {"patched": TEXT}},  # the same route: either of the two
    "PUT /memories/{memory_id}/feedback": {"rating": "positive", "reason": TEXT},
    "PUT /guidance": {
        "custom_instructions": TEXT,
        "includes": TEXT,
        "excludes": TEXT,
        "custom_categories": {"money": TEXT},
    },
    "POST /chat": {"user_id": USER, "message": TEXT},
    "POST /import": {
        "memories": [{"user_id": USER, "memory": TEXT, "metadata": {"note": TEXT, KEY: TEXT}, "categories": [KEY]}]
    },
    "POST /keys": {"label": TEXT},
    "POST /webhooks": {"url": "http://127.0.0.1:9/", "name": TEXT},
    "PUT /webhooks/{webhook_id}": {"name": TEXT},
}
# Ids, times, bounds and choices are no texts; filters are compared with what is stored and kept nowhere; a webhook's
# address is kept sealed, as a secret in it is needed.
NO_TEXTS = {
    "user_id", "agent_id", "run_id", "app_id", "timestamp", "expires_at", "show_expired", "rating",
    "infer", "filters", "explain", "stream", "expiration_date", "limit", "top_k", "threshold", "as_of",
    "wait_for", "wait_ms", "tenant", "role", "per_minute", "overlap_seconds",
    "url", "events", "active",
}  # fmt: skip
NOT_KEPT = {"POST /dead/replay", "POST /dead/discard", "POST /receipts/verify"}  # they name, or are only read


@dataclass(frozen=True)
class Scene:
    """The API with a model behind it, and everything that is stored."""

    front: Front
    settings: Settings
    server: ModelServer
    redis: Redis

    async def send(self, route: str, **more: Any) -> Any:
        method, _, path = route.partition(" ")
        if "{memory_id}" in path:
            path = path.format(memory_id=(await self.memories())[0]["id"])
        if "{webhook_id}" in path:
            path = path.format(webhook_id=(await self.front.ask("GET", "/webhooks")).json()["results"][0]["id"])
        answer = await self.front.ask(method, path, json=BODIES[route], **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def remember(self) -> None:
        worker = replace(self.front.parts.drain, batch_wait_seconds=0)
        await drain(Scope(tenant="default", user_id=USER).lane, worker)

    async def memories(self) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await self.front.ask("GET", f"/memories?user_id={USER}")).json()["results"]
        return results

    async def all_that_is_kept_or_asked(self) -> str:
        kept = [*(await all_of_redis(self.redis)).values(), *await all_of_qdrant(self.settings.qdrant_url)]
        return "\n".join([*kept, json.dumps(self.server.requests(), ensure_ascii=False)])


@pytest.fixture
async def scene(server: ModelServer, redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Scene]:
    more = {"openai_api_key": "key", "openai_base_url": server.base_url, "extractor": "openai", "embedder": "openai"}
    settings = Settings(redis_url=redis_url, qdrant_url=qdrant_url)
    async with fronts(1, redis_url, qdrant_url, **more) as (front,):
        scene = Scene(front, settings, server, redis)
        yield scene
        await front.ask("DELETE", f"/memories?user_id={USER}")


async def test_every_route_that_takes_a_text_is_known_with_every_field_of_its_body(scene: Scene) -> None:
    described = (await scene.front.http.get("/openapi.json")).json()
    fields_of = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                if "$ref" in schema:
                    schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                fields_of[f"{method.upper()} {path}"] = set(schema["properties"]) - NO_TEXTS
    texts = dict[str, set[str]]()
    for route, body in BODIES.items():
        texts.setdefault(route.rstrip("?"), set()).update(set(body) - NO_TEXTS)
    assert {route: fields for route, fields in fields_of.items() if route not in NOT_KEPT and fields} == texts


async def test_a_secret_sent_by_any_route_is_stored_nowhere_and_no_model_sees_it(scene: Scene) -> None:
    for route in BODIES:
        await scene.send(route)
        await scene.remember()
    everything = await scene.all_that_is_kept_or_asked()
    assert MASKED in everything
    assert [secret for secret in (*SECRETS, KEY) if secret in everything] == []
    assert "You said: I pay with [masked: card number]" in everything, "the chat is remembered, too"


async def test_a_query_of_the_dashboard_is_masked_before_it_is_embedded(scene: Scene) -> None:
    page = await scene.front.ask("GET", "/dashboard/memories", params={"user_id": USER, "query": TEXT})
    assert page.status_code == 200
    everything = await scene.all_that_is_kept_or_asked()
    assert [secret for secret in SECRETS if secret in everything] == []
    assert "[masked: card number]" in everything


async def test_a_reply_that_tells_a_secret_is_masked_before_it_is_remembered(scene: Scene) -> None:
    scene.server.say(Canned(route="chat", answer=f"Your card is {CARD}."))
    reply = await scene.front.ask(
        "POST", "/chat", json={"user_id": USER, "message": "Hello there, which card do I have?"}
    )
    assert reply.json()["reply"] == f"Your card is {CARD}."
    assert CARD not in "\n".join((await all_of_redis(scene.redis)).values())


async def test_the_same_body_under_one_key_is_one_turn_though_it_is_masked(scene: Scene) -> None:
    key: dict[str, Any] = {"headers": {"Idempotency-Key": "once"}}
    first, again = await scene.send("POST /turns", **key), await scene.send("POST /turns", **key)
    assert first == again
    other = await scene.front.ask("POST", "/turns", json={**BODIES["POST /turns"], "infer": False}, **key)
    assert other.status_code == 409


async def test_guidance_that_masking_makes_too_long_is_refused(scene: Scene) -> None:
    answer = await scene.front.ask("PUT", "/guidance", json={"includes": ("pw: ab1 " * 500)[:4000]})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "includes: String should have at most 4000 characters",
    )
    response = await scene.front.ask("PUT", "/guidance", json={"custom_categories": {KEY: "x"}})
    assert response.status_code == 422
    assert KEY not in response.text


async def test_with_masking_off_everything_is_kept_as_it_is(redis: Redis, redis_url: str, qdrant_url: str) -> None:
    async with fronts(1, redis_url, qdrant_url, mask="off") as (front,):
        assert (await front.ask("POST", "/turns", json=BODIES["POST /turns"])).status_code == 202
    everything = "\n".join(chain.from_iterable((await all_of_redis(redis)).items()))
    assert [secret for secret in (*SECRETS, KEY) if secret not in everything] == []
