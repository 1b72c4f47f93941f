"""No request whatever crosses a tenant; and the same requests do, once the clause that holds them is taken out."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.qdrant import selectors
from scrubjay.api.mem0 import serving
from tests.integration.front import fronts
from tests.integration.test_roles import NEEDS
from tests.tenants.cases import cases
from tests.tenants.requests import ROUTES, SEEING, Asked
from tests.tenants.world import Leak, World

CASES = int(os.environ.get("TENANT_CASES", "400"))  # `make tenants` makes 2,000
OFTEN = 3 if CASES >= 2_000 else 1  # each kind of request has told a tenant something of its own
READING = {
    "POST /search", "POST /v1/memories/search/", "POST /v2/memories/search/", "POST /v3/memories/search/",
    "POST /v2/memories/", "POST /v3/memories/", "POST /v1/exports/get/", "POST /v1/summary/",
}  # fmt: skip
ADDING = {"POST /turns", "POST /memories", "POST /v1/memories/", "POST /v3/memories/add/"}
# Of the routes with a role, those that tell or change nothing of a tenant's, or only give a page to a person.
# A receipt tells of nobody; that it is its tenant's alone stands in tests/integration/test_receipts.py.
RECEIPTS = {"GET /receipts/key", "GET /receipts/{receipt_id}", "POST /receipts/verify"}
NOT_BUILT = {
    route for route in NEEDS if any(part in route for part in ("/configure", "/profile", "/members", "/generate"))
}
NOT_BUILT |= {"POST /api/v1/orgs/organizations/{org_id}/projects/"}
ELSEWHERE = {
    "POST /keys",
    "POST /webhooks",
    "POST /api/v1/webhooks/projects/{project_id}/",
    *NOT_BUILT,
    *RECEIPTS,
    *(route for route in NEEDS if " /dashboard" in route),
}


@pytest.fixture
async def world(redis: Redis, redis_url: str, qdrant_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(serving, "WAIT_SECONDS", 0)  # nothing settles before the world has its worker drain the lane
    async with fronts(1, redis_url, qdrant_url) as (front,):
        made = World(front, qdrant_url)
        await made.settle_down()
        yield made
        await made.clear()


def filled(world: World, tenant: str, request: Asked) -> tuple[str, str, Any]:
    """The request's method, path and body, with the ids of those that are meant."""
    method, _, path = request.route.partition(" ")
    whose = request.of or tenant
    turns, entities = world.turns[whose], {"type": ["user"], "kind": ["user"], "entity": ["alice"], "name": ["alice"]}
    known = {"memory": world.memories[whose], "turn": turns, "event": turns, "key": [world.spare[whose]], **entities}
    known |= {"org": [whose], "project": [whose], "mark": [f"§{tenant}§"]}
    known |= {"webhook": [world.hooks[whose]], "delivery": [f"{world.hooks[whose]}-1"]}
    body = json.dumps({"text": "{mark} by hand"} if request.route == "PUT /memories/{memory}" else request.body)
    for name, ids in known.items():
        known_id = ids[-1 - request.number % len(ids)]
        path, body = path.replace(f"{{{name}}}", known_id), body.replace(f"{{{name}}}", known_id)
    return method, path, json.loads(body)


async def answered(world: World, tenant: str, request: Asked, limited: bool) -> None:
    """Ask as a tenant; raises Leak when the answer tells of another one, or when something of another one changes."""
    key = world.key_of(tenant, limited)
    method, path, body = filled(world, tenant, request)
    if request.route in ADDING:
        answer = await world.tell(tenant, request.body or {}, limited, path)
    elif request.route == "POST /import":
        answer = await world.bring(tenant, request.of, request.number, request.body or {}, limited)
    else:
        answer = await world.front.ask(method, path, key, params=request.query, json=body, headers=request.headers)
    assert answer.status_code in (200, 202, 400, 403, 404, 409, 422, 501), (request, answer.text)
    world.look_at(request.route, tenant, limited, answer)
    if method != "GET" and request.route not in READING:
        await world.look_around(request.route, tenant)


def test_the_requests_cover_every_route_that_tells_or_changes_something() -> None:
    assert {*ROUTES} == {route.replace("_id", "") for route in {*NEEDS} - ELSEWHERE}


@pytest.fixture
def they_see_what_is_theirs(world: World) -> Iterator[None]:
    """Afterwards: the cases would have seen a leak, as they have seen what they may see."""
    yield
    assert {route for route, times in world.seen.items() if times >= OFTEN} >= SEEING, world.seen


@pytest.mark.timeout(600)
async def test_no_request_crosses_a_tenant(world: World, they_see_what_is_theirs: None) -> None:
    for tenant, request, limited in cases(CASES, SEEING):
        await answered(world, tenant, request, limited)


@pytest.fixture
def without_the_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place that forces the tenant into every call of the store, without the tenant."""
    whole = selectors.within

    def open_to_all(scope: Any, *more: Any) -> Any:
        clause = whole(scope, *more)
        return clause.model_copy(
            update={"must": [condition for condition in clause.must or () if getattr(condition, "key", "") != "tenant"]}
        )

    monkeypatch.setattr(selectors, "within", open_to_all)


@pytest.mark.xfail(strict=True, raises=Leak, reason="the clause is what holds it")
async def test_without_the_clause_they_do(world: World, without_the_clause: None) -> None:
    for tenant, request, limited in cases(CASES, SEEING):
        await answered(world, tenant, request, limited)
