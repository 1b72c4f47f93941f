"""Every route has the role that it needs, and nobody passes who has less."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from redis.asyncio import Redis

from scrubjay.api.app import create_app
from scrubjay.settings import Settings
from tests.integration.front import Front, fronts

NOBODY = "0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10"
HEALTH = {"GET /health/live", "GET /health/ready"}
SIGN_IN = {"GET /dashboard/sign-in", "POST /dashboard/sign-in", "POST /dashboard/sign-out"}
NEEDS = {
    "POST /turns": "write",
    "GET /turns": "read",
    "GET /turns/{turn_id}": "read",
    "DELETE /turns/{turn_id}": "admin",
    "GET /turns/gated": "admin",
    "POST /search": "read",
    "GET /memories": "read",
    "DELETE /memories": "write",
    "GET /memories/{memory_id}": "read",
    "GET /memories/{memory_id}/history": "read",
    "PUT /memories/{memory_id}": "write",
    "POST /memories/{memory_id}/undo": "write",
    "PUT /memories/{memory_id}/feedback": "write",
    "GET /entities": "read",
    "DELETE /entities/{type}/{entity_id}": "write",
    "DELETE /memories/{memory_id}": "write",
    "POST /chat": "write",
    "GET /dead": "admin",
    "POST /dead/replay": "admin",
    "POST /dead/discard": "admin",
    "GET /quarantine": "admin",
    "POST /quarantine/{memory_id}/release": "admin",
    "POST /quarantine/{memory_id}/discard": "admin",
    "GET /guidance": "admin",
    "PUT /guidance": "admin",
    "POST /keys": "admin",
    "GET /receipts": "admin",
    "GET /receipts/key": "read",
    "GET /receipts/{receipt_id}": "admin",
    "POST /receipts/verify": "read",
    "GET /export": "read",
    "POST /import": "admin",
    "GET /keys": "admin",
    "POST /keys/{key_id}/rotate": "admin",
    "DELETE /keys/{key_id}": "admin",
    "POST /webhooks": "admin",
    "GET /webhooks": "admin",
    "GET /webhooks/{webhook_id}": "admin",
    "PUT /webhooks/{webhook_id}": "admin",
    "DELETE /webhooks/{webhook_id}": "admin",
    "POST /webhooks/{webhook_id}/test": "admin",
    "GET /webhooks/{webhook_id}/deliveries": "admin",
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/retry": "admin",
    "GET /metrics": "admin",
    "GET /dashboard": "admin",
    "GET /dashboard/parts": "admin",
    "GET /dashboard/turns/{turn_id}": "admin",
    "GET /dashboard/dead": "admin",
    "GET /dashboard/memories": "admin",
    "GET /dashboard/quarantine": "admin",
    "GET /dashboard/memories/{memory_id}": "admin",
}
PROJECT = "/api/v1/orgs/organizations/{org_id}/projects/{project_id}/"
NEEDS |= {  # what Mem0's clients speak; forgetting every owner of a kind needs admin, see tests/mem0/test_options.py
    "GET /v1/ping/": "read",
    "POST /v3/memories/add/": "write",
    "POST /v3/memories/search/": "read",
    "POST /v3/memories/": "read",
    "DELETE /v1/memories/": "write",
    "GET /v1/memories/{memory_id}/": "read",
    "GET /v1/memories/{memory_id}/history/": "read",
    "PUT /v1/memories/{memory_id}/": "write",
    "DELETE /v1/memories/{memory_id}/": "write",
    "PUT /v1/batch/": "write",
    "DELETE /v1/batch/": "write",
    "GET /v1/event/{event_id}/": "read",
    "GET /v1/events/": "read",
    "POST /v1/memories/": "write",
    "POST /v1/memories/search/": "read",
    "POST /v2/memories/search/": "read",
    "GET /v1/memories/": "read",
    "POST /v2/memories/": "read",
    "GET /v1/entities/": "read",
    "GET /v2/entities/{kind}/{name}/": "read",
    "DELETE /v1/entities/{kind}/{name}/": "write",
    "DELETE /v2/entities/{kind}/{name}/": "write",
    "POST /v1/feedback/": "write",
    "POST /v1/exports/": "read",
    "POST /v1/exports/get/": "read",
    "POST /v1/summary/": "read",
    f"GET {PROJECT}": "admin",
    f"PATCH {PROJECT}": "admin",
    f"DELETE {PROJECT}": "admin",
    "POST /api/v1/orgs/organizations/{org_id}/projects/": "admin",
    **{f"{method} {PROJECT}members/": "admin" for method in ("GET", "POST", "PUT", "DELETE")},
    "GET /api/v1/webhooks/projects/{project_id}/": "admin",
    "POST /api/v1/webhooks/projects/{project_id}/": "admin",
    "PUT /api/v1/webhooks/{webhook_id}/": "admin",
    "DELETE /api/v1/webhooks/{webhook_id}/": "admin",
    "GET /v2/entities/user/{name}/profile/": "read",
    "GET /v2/profiles/settings/": "read",
    "POST /v2/profiles/settings/": "admin",
    "POST /v2/profiles/jobs/": "write",
    "GET /v2/profiles/jobs/{job_id}/": "read",
    "POST /memories": "write",
    "POST /reset": "admin",
    "GET /configure": "read",
    "POST /configure": "admin",
    "GET /configure/providers": "read",
    "POST /generate-instructions": "admin",
}
LESS = {"write": ["read"], "admin": ["read", "write"], "read": []}


def routes() -> set[str]:
    """Every route of the app, also those that its document leaves out."""
    top: list[Any] = list(create_app(Settings(auth="off")).routes)
    every = [
        *top,
        *(inner for route in top if hasattr(route, "original_router") for inner in route.original_router.routes),
    ]
    return {
        f"{verb} {route.path_format}" for route in every if isinstance(route, APIRoute) for verb in route.methods or ()
    }


def filled(route: str) -> tuple[str, str]:
    """A route's method, and its path with the ids of nothing that is there."""
    method, _, path = route.partition(" ")
    for name, filling in {"key_id": "0" * 12, "type": "user", "kind": "user", "name": "nobody"}.items():
        path = path.replace(f"{{{name}}}", filling)
    return method, re.sub(r"\{\w+_id\}", NOBODY, path)


def test_every_route_is_in_the_table_of_roles() -> None:
    assert routes() == {*NEEDS, *HEALTH, *SIGN_IN}


@pytest.fixture
async def front(redis: Redis, redis_url: str, qdrant_url: str) -> AsyncIterator[Front]:
    async with fronts(1, redis_url, qdrant_url) as (made,):
        yield made


async def test_nobody_passes_without_a_key_or_with_less_than_the_role_that_is_needed(front: Front) -> None:
    keys = {role: (await front.key(role))["key"] for role in ("read", "write", "admin")}
    for route, needed in NEEDS.items():
        method, path = filled(route)
        body: dict[str, Any] = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
        assert (await front.ask(method, path, None, **body)).status_code == 401, route
        for role in LESS[needed]:
            answer = await front.ask(method, path, keys[role], **body)
            assert answer.status_code == 403, (route, role)
        answer = await front.ask(method, path, keys[needed], **body)
        assert answer.status_code not in (401, 403), (route, answer.text)


@pytest.mark.parametrize("path", sorted(HEALTH))
async def test_health_tells_everybody_and_nothing_of_anybody(front: Front, path: str) -> None:
    answer = await front.ask("GET", path.partition(" ")[2], None)
    assert answer.status_code in (200, 503)
