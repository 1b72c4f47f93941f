"""What surrounds memories on Mem0's surface: entities, the project, feedback, exports, summaries, profiles."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.ingest.drain import drain
from scrubjay.model import Scope
from tests.chaos.scan import all_of_redis
from tests.integration.front import Front, fronts
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned

PROJECT = "/api/v1/orgs/organizations/default/projects/default/"
SHAPE = {
    "type": "object",
    "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
    "required": ["facts"],
}
ANA = {"filters": {"user_id": "ana"}}


@pytest.fixture
async def front(server: ModelServer, redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    more = {"openai_api_key": "key", "openai_base_url": server.base_url, "embedder": "local"}
    async with fronts(1, redis_url, qdrant_url, **more) as (made,):
        worker = made.parts.drain
        for text in ("I live in Oslo", "I like tea"):
            body = {
                "user_id": "ana",
                "agent_id": "bot",
                "messages": [{"role": "user", "content": text}],
                "infer": False,
            }
            await made.ask("POST", "/turns", json=body)
        await drain(Scope(tenant="default", user_id="ana").lane, worker)
        yield made


async def asked(front: Front, method: str, path: str, status: int = 200, **request: Any) -> Any:
    answer = await front.ask(method, path, **request)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_entities_are_listed_with_totals_told_one_by_one_and_forgotten(front: Front) -> None:
    page = await asked(front, "GET", "/v1/entities/")
    assert [(result["type"], result["name"], result["total_memories"]) for result in page["results"]] == [
        ("user", "ana", 2), ("agent", "bot", 2),
    ]  # fmt: skip
    assert (page["count"], page["total_users"], page["total_agents"], page["total_apps"]) == (
        2,
        1,
        1,
        0,
    )
    assert (await asked(front, "GET", "/v2/entities/user/ana/"))["total_memories"] == 2
    assert (await asked(front, "GET", "/v2/entities/user/nobody/", 404))["detail"] == "Entity not found!"
    assert (await asked(front, "DELETE", "/v2/entities/user/nobody/"))["event_id"]
    gone = await asked(front, "DELETE", "/v2/entities/user/ana/")
    assert (await asked(front, "GET", f"/v1/event/{gone['event_id']}/"))["status"] == "SUCCEEDED"
    assert (await asked(front, "GET", "/v1/entities/"))["results"] == []


async def test_the_projects_instructions_and_categories_are_the_tenants_guidance(front: Front) -> None:
    await asked(front, "PUT", "/guidance", json={"includes": "hobbies"})
    project_guidance = {"custom_instructions": "Keep what they eat.", "custom_categories": [{"food": "what they eat"}]}
    done = await asked(front, "PATCH", PROJECT, json={**project_guidance, "org_id": "default", "project_id": "default"})
    assert done == {"message": "Project updated successfully"}
    project = await asked(front, "GET", PROJECT, params={"fields": ["custom_instructions"]})
    assert {name: project[name] for name in project_guidance} == project_guidance
    guidance = await asked(front, "GET", "/guidance")
    assert (guidance["includes"], guidance["custom_categories"]) == ("hobbies", {"food": "what they eat"})
    await asked(front, "PATCH", PROJECT, json={"custom_instructions": ""})
    assert (await asked(front, "GET", PROJECT))["custom_instructions"] is None


@pytest.mark.parametrize("option", [{"decay": True}, {"multilingual": False}, {"memory_depth": "deep"}])
async def test_what_a_project_cannot_be_told_here_is_refused_by_name(front: Front, option: dict[str, Any]) -> None:
    refused = await asked(front, "PATCH", PROJECT, 501, json=option)
    assert next(iter(option)) in refused["detail"]


async def test_another_project_is_not_found(front: Front) -> None:
    assert (await asked(front, "GET", PROJECT.replace("projects/default", "projects/other"), 404))["detail"]


async def test_feedback_is_kept_with_its_memory(front: Front) -> None:
    memory = (await asked(front, "GET", "/memories?user_id=ana"))["results"][0]
    feedback = {"memory_id": memory["id"], "feedback": "VERY_NEGATIVE", "feedback_reason": "it is not so"}
    answer = await asked(front, "POST", "/v1/feedback/", json=feedback)
    assert answer == {"id": memory["id"], "feedback": "VERY_NEGATIVE", "feedback_reason": "it is not so"}
    assert (await asked(front, "GET", f"/memories/{memory['id']}"))["feedback"]["rating"] == "very_negative"
    await asked(front, "POST", "/v1/feedback/", 400, json={**feedback, "memory_id": "mem_abc"})
    await asked(
        front, "POST", "/v1/feedback/", 404, json={**feedback, "memory_id": "0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10"}
    )


@pytest.mark.parametrize("schema", [SHAPE, json.dumps(SHAPE)])
async def test_an_export_is_made_by_the_model_in_the_shape_that_was_asked_for(front: Front, schema: Any) -> None:
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": schema, **ANA})
    by_id = await asked(front, "POST", "/v1/exports/get/", json={"memory_export_id": kept["id"]})
    assert by_id == {"facts": ["I live in Oslo", "I like tea"]}
    assert await asked(front, "POST", "/v1/exports/get/", json=ANA) == by_id
    missing = await asked(front, "POST", "/v1/exports/get/", 404, json={"filters": {"user_id": "bob"}})
    assert missing["error"] == "No memory export request found"


async def test_an_export_that_does_not_meet_its_shape_is_asked_for_again_and_then_refused(
    front: Front, server: ModelServer
) -> None:
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    wrong = Canned(route="digest", answer={"document": '{"facts": "tea"}'})
    server.say(wrong)
    assert await asked(front, "POST", "/v1/exports/get/", json={"memory_export_id": kept["id"]})
    for _ in range(2):
        server.say(wrong)
    refused = await asked(front, "POST", "/v1/exports/get/", 502, json={"memory_export_id": kept["id"]})
    assert "does not meet its schema at $.facts (type)" in refused["detail"]


async def orders_in(redis: Redis) -> dict[str, str]:
    return {key: text for key, text in (await all_of_redis(redis)).items() if key.startswith("sj:digest")}


async def test_an_export_names_nobody_in_redis_and_goes_when_they_are_forgotten(front: Front, redis: Redis) -> None:
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    orders = await orders_in(redis)
    assert len(orders) == 3
    assert not any("ana" in key + text for key, text in orders.items())
    await asked(front, "DELETE", "/memories?user_id=ana")
    assert await orders_in(redis) == {}
    for wanted in ({"memory_export_id": kept["id"]}, ANA):
        assert await asked(front, "POST", "/v1/exports/get/", 404, json=wanted)


@pytest.mark.parametrize(
    ("filters", "goes"),
    [
        ({"OR": [{"user_id": "bob"}, {"user_id": {"in": ["ana", "eve"]}}]}, True),
        ({"AND": [{"user_id": "ana"}, {"agent_id": "bot"}]}, True),
        ({"AND": [{"user_id": "bob"}, {"agent_id": "ana"}]}, False),
        ({"OR": [{"user_id": "bob"}, {"session_id": "ana"}]}, False),
        ({"AND": [{"agent_id": "bot"}, {"metadata": {"user_id": "ana"}}]}, True),
    ],
)
async def test_the_orders_that_go_are_those_that_name_the_forgotten(
    front: Front, redis: Redis, filters: dict[str, Any], goes: bool
) -> None:
    await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, "filters": filters})
    kept = await orders_in(redis)
    await asked(front, "DELETE", "/memories?user_id=ana")
    assert await orders_in(redis) == ({} if goes else kept)


SPELLINGS: list[tuple[Any, str, Any]] = [
    ({"user_id": " alice "}, "alice", {"user_id": "alice"}),
    ({"user_id": 7}, "7", {"user_id": "7"}),
    ({"AND": [{"user_id": {"in": [" carol "]}}]}, "carol", {"AND": [{"user_id": {"in": ["carol"]}}]}),
    ({"user_id": {"in": ["jose\u0301"]}}, "jos\u00e9", {"user_id": {"in": [" jos\u00e9"]}}),
]


@pytest.mark.parametrize(("filters", "user", "otherwise"), SPELLINGS)
async def test_an_order_is_found_by_every_spelling_of_its_owner_and_goes_with_them(
    front: Front, redis: Redis, filters: Any, user: str, otherwise: Any
) -> None:
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, "filters": filters})
    assert await asked(front, "POST", "/v1/exports/get/", json={"filters": otherwise}) == {"facts": []}
    forgotten = await front.ask("DELETE", "/memories", params={"user_id": user})
    assert forgotten.json()["verified"], forgotten.text
    assert await orders_in(redis) == {}
    for wanted in ({"memory_export_id": kept["id"]}, {"filters": filters}):
        assert await asked(front, "POST", "/v1/exports/get/", 404, json=wanted)


async def test_an_order_by_mem0s_name_of_a_run_goes_with_the_run(front: Front, redis: Redis) -> None:
    for filters in ({"session_id": "s-1"}, {"AND": [{"user_id": "ana"}, {"session_id": "s-1"}]}):
        kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, "filters": filters})
        assert await asked(front, "POST", "/v1/exports/get/", json={"filters": filters}) == {"facts": []}
        assert await asked(front, "POST", "/v1/exports/get/", json={"memory_export_id": kept["id"]}) == {"facts": []}
    await asked(front, "DELETE", "/memories?run_id=s-1")
    assert await orders_in(redis) == {}


async def test_no_order_is_left_when_everybody_is_forgotten(front: Front, redis: Redis) -> None:
    """The bot has no memories but those that go with ana."""
    for owner in ({"user_id": "ana"}, {"agent_id": "bot"}):
        await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, "filters": owner})
    await asked(front, "DELETE", "/v1/memories/?user_id=*&agent_id=*&run_id=*&app_id=*")
    assert await orders_in(redis) == {}


async def test_orders_that_have_ended_are_listed_no_longer(front: Front, redis: Redis) -> None:
    await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    (naming,) = [key async for key in redis.scan_iter("sj:digests:*")]
    await redis.zadd(naming, {"of-yesterday": 1})
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    listed: list[Any] = await redis.zrange(naming, 0, -1)
    assert kept["id"].encode() in listed
    assert len(listed) == 2


async def test_a_part_of_an_owner_that_is_forgotten_takes_only_the_orders_for_that_part(
    front: Front, redis: Redis
) -> None:
    of_both = {"filters": {"AND": [{"user_id": "ana"}, {"agent_id": "bot"}]}}
    both = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **of_both})
    whole = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    await asked(front, "DELETE", "/memories?user_id=ana&agent_id=bot")
    kept = await orders_in(redis)
    assert not any(both["id"] in key for key in kept)
    assert any(whole["id"] in key for key in kept)


async def test_nobody_fetches_an_export_beyond_their_reach(front: Front) -> None:
    kept = await asked(front, "POST", "/v1/exports/", 201, json={"schema": SHAPE, **ANA})
    fetch = {"memory_export_id": kept["id"]}
    other = (await front.key("admin", tenant="other"))["key"]
    assert (await front.ask("POST", "/v1/exports/get/", other, json=fetch)).status_code == 404
    limited = (await front.key("read", user_id="bob"))["key"]
    assert (await front.ask("POST", "/v1/exports/get/", limited, json=fetch)).status_code == 403


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ("{", "schema: it is not valid JSON"),
        ([], "schema: give the JSON schema of an object"),
        ({"type": "string"}, "schema: give the JSON schema of an object"),
        ({"properties": {"a": {"type": "strin"}}}, "schema: it is no valid JSON schema at $.properties.a.type"),
        ({"properties": {"a": {"pattern": "(a+)+$"}}}, "schema: pattern and patternProperties are not taken"),
        ({"description": "x" * 20_001}, "schema: it must not be larger"),
        ({**SHAPE, "$ref": "http://127.0.0.1:1/schema.json"}, "schema: a $ref in it leads out of it"),
        ({"type": "object", "$ref": "#"}, "schema: a $ref in it leads back to itself"),
    ],
)
async def test_a_shape_that_is_none_is_refused_before_anything_is_kept(
    front: Front, schema: Any, sentence: str
) -> None:
    refused = await asked(front, "POST", "/v1/exports/", 400, json={"schema": schema, **ANA})
    assert sentence in refused["detail"]


async def test_a_summary_is_made_of_what_is_remembered_and_empty_where_nothing_is(
    front: Front, server: ModelServer
) -> None:
    server.say(Canned(route="chat", answer="Lives in Oslo and drinks tea."))
    assert (await asked(front, "POST", "/v1/summary/", json=ANA))["summary"] == "Lives in Oslo and drinks tea."
    request = json.dumps(server.requests()[-1])
    assert ("[0] I live in Oslo" in request, "[1] I like tea" in request) == (True, True)
    assert (await asked(front, "POST", "/v1/summary/", json={"filters": {"user_id": "bob"}}))["summary"] == ""


async def test_profiles_are_not_enabled(front: Front) -> None:
    profile = await asked(front, "GET", "/v2/entities/user/ana/profile/")
    assert (profile["status"], profile["profile"], profile["entity_id"]) == ("not_enabled", None, "ana")
    assert (await asked(front, "GET", "/v2/profiles/settings/"))["enabled"] is False
    job = {"operation": "trigger", "entity_type": "user", "entity_id": "ana"}
    assert "not offered here" in (await asked(front, "POST", "/v2/profiles/jobs/", 501, json=job))["detail"]
