"""Random requests: any route, any ids of any tenant, odd filters, metadata and headers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.tenants.world import OWNERS, TENANTS


@dataclass(frozen=True)
class Asked:
    """One request, with its path still to be filled with somebody's id.

    Args:
        route: method and path; `{memory}`, `{turn}`, `{key}`, `{webhook}` and `{delivery}` stand for an id,
        of: of this tenant; None: of the one who asks,
        number: the so-manieth of the latest.
    """

    route: str
    of: str | None
    number: int
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


NAMES = st.sampled_from(["alice", "bob", "bot", "r1", "dead", "acme:user:alice", "globex", "acme", '"', "a' OR 1=1"])
IDS = st.one_of(
    st.sampled_from([dict(owner) for owner in OWNERS]),
    st.dictionaries(st.sampled_from(["user_id", "agent_id", "run_id", "app_id"]), NAMES, min_size=1, max_size=2),
)
SCALARS = st.one_of(st.sampled_from([*TENANTS, "alice", "*", "current", "", 0, 1, True, None]), st.integers(-2, 2))
FIELDS = st.sampled_from(
    ["tenant", "user_id", "agent_id", "run_id", "metadata", "text", "categories", "created_at", "memory_ids", "state"]
)
OPERATORS = st.sampled_from(["eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "contains", "icontains", "or"])
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(OPERATORS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["k", "tenant", "..", "a].tenant"]), SCALARS, min_size=1, max_size=2),
)
FILTERS: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(FIELDS, VALUES, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["AND", "OR", "NOT"]), st.lists(inner, min_size=1, max_size=3), min_size=1),
        st.fixed_dictionaries({"NOT": inner}),
    ),
    max_leaves=5,
)
METADATA = st.dictionaries(st.sampled_from(["tenant", "user_id", "state", "k", "a.b"]), SCALARS, max_size=3)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Tenant", "X-Tenant-Id", "X-User-Id", "X-Original-URL", "Cookie"]), st.sampled_from(TENANTS)
)
PAGES = st.fixed_dictionaries({}, optional={"page": st.integers(1, 2), "page_size": st.sampled_from([1, 50, 200])})


@st.composite
def _search(draw: st.DrawFn) -> dict[str, Any]:
    body: dict[str, Any] = {"query": draw(st.sampled_from(["number in Berlin", "§globex§", "keep"])), "limit": 100}
    body |= draw(IDS)
    if draw(st.integers(0, 2)) == 0:
        body["filters"] = draw(FILTERS)
    if draw(st.integers(0, 4)) == 0:
        body["as_of"] = "2999-01-01T00:00:00Z"
    return body


def asked_of(route: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Asked]:
    """One request of a route, about what is the tenant's own or another's."""
    whose = st.one_of(st.none(), st.sampled_from([None, *TENANTS]))
    return st.builds(Asked, route=st.just(route), of=whose, number=st.integers(0, 9), headers=HEADERS, **parts)


def _listed() -> st.SearchStrategy[dict[str, Any]]:
    none: st.SearchStrategy[dict[str, Any]] = st.just({})
    filters = st.one_of(none, st.fixed_dictionaries({"filters": FILTERS.map(json.dumps)}))
    return st.builds(lambda *parts: {key: value for part in parts for key, value in part.items()}, IDS, PAGES, filters)


TURN_BODY = st.builds(lambda ids, metadata: {**ids, "metadata": metadata}, IDS, METADATA)
DEAD = st.one_of(
    st.fixed_dictionaries({"error": st.just("bad_answer"), "dry_run": st.booleans()}),
    st.fixed_dictionaries({"all": st.just(True), "dry_run": st.just(True)}),
)

ROUTES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "POST /search": {"body": _search()},
    "GET /memories": {"query": _listed()},
    "GET /memories/{memory}": {},
    "GET /memories/{memory}/history": {},
    "PUT /memories/{memory}": {"body": st.just({})},
    "POST /memories/{memory}/undo": {},
    "PUT /memories/{memory}/feedback": {"body": st.just({"rating": "positive", "reason": "it is so"})},
    "DELETE /memories/{memory}": {},
    "GET /entities": {"query": PAGES},
    "DELETE /entities/{type}/{entity}": {},
    "DELETE /memories": {"query": IDS},
    "POST /turns": {"body": TURN_BODY},
    "GET /turns": {"query": PAGES},
    "GET /turns/{turn}": {},
    "GET /turns/gated": {"query": PAGES},
    "GET /dead": {"query": PAGES},
    "POST /dead/replay": {"body": DEAD},
    "POST /dead/discard": {"body": DEAD},
    "GET /quarantine": {"query": PAGES},
    "POST /quarantine/{memory}/release": {},
    "POST /quarantine/{memory}/discard": {},
    "GET /guidance": {},
    "PUT /guidance": {"body": st.fixed_dictionaries({"includes": st.sampled_from(["a", "b"])})},
    "GET /keys": {"query": PAGES},
    "POST /keys/{key}/rotate": {"body": st.just({})},
    "DELETE /keys/{key}": {},
    "GET /export": {"query": IDS},
    "POST /import": {"body": IDS},
    "GET /receipts": {"query": PAGES},
    "GET /webhooks": {},
    "GET /webhooks/{webhook}": {},
    "PUT /webhooks/{webhook}": {"body": st.fixed_dictionaries({"active": st.booleans()})},
    "DELETE /webhooks/{webhook}": {},
    "POST /webhooks/{webhook}/test": {},
    "GET /webhooks/{webhook}/deliveries": {"query": PAGES},
    "POST /webhooks/{webhook}/deliveries/{delivery}/retry": {},
    "GET /metrics": {},
    "POST /chat": {"body": st.just({"user_id": "alice", "message": "what do you know?"})},
}
_PROJECT = "/api/v1/orgs/organizations/{org}/projects/{project}/"
_EVERYBODY = st.sampled_from([{"user_id": "*"}, {"agent_id": "*"}, dict.fromkeys(("user_id", "run_id"), "*")])
_BATCH = st.just({"memories": [{"memory_id": "{memory}", "text": "{mark} by hand"}]})
_FILTERED = st.one_of(IDS.map(lambda ids: {"filters": ids}), FILTERS.map(lambda filters: {"filters": filters}))
_SEARCH_FILTERED = _FILTERED.map(lambda body: {"query": "number in Berlin", "threshold": 0, "top_k": 100, **body})
ROUTES |= {  # what Mem0's clients speak
    "GET /v1/ping/": {},
    "POST /v3/memories/add/": {"body": TURN_BODY},
    "POST /v3/memories/search/": {"body": _SEARCH_FILTERED},
    "POST /v3/memories/": {"query": PAGES, "body": _FILTERED},
    "DELETE /v1/memories/": {"query": st.one_of(IDS, _EVERYBODY)},
    "GET /v1/memories/{memory}/": {},
    "GET /v1/memories/{memory}/history/": {},
    "PUT /v1/memories/{memory}/": {"body": st.just({"text": "{mark} by hand"})},
    "DELETE /v1/memories/{memory}/": {},
    "PUT /v1/batch/": {"body": _BATCH},
    "DELETE /v1/batch/": {"body": _BATCH},
    "GET /v1/event/{event}/": {},
    "GET /v1/events/": {"query": PAGES},
    "POST /v1/memories/": {"body": TURN_BODY},
    "POST /v1/memories/search/": {"body": _search()},
    "POST /v2/memories/search/": {"body": _SEARCH_FILTERED},
    "GET /v1/memories/": {"query": IDS},
    "POST /v2/memories/": {"body": _FILTERED},
    "GET /v1/entities/": {"query": PAGES},
    "GET /v2/entities/{kind}/{name}/": {},
    "DELETE /v1/entities/{kind}/{name}/": {},
    "DELETE /v2/entities/{kind}/{name}/": {},
    "POST /v1/feedback/": {"body": st.just({"memory_id": "{memory}", "feedback": "POSITIVE"})},
    "POST /v1/exports/": {"body": _FILTERED.map(lambda body: {"schema": {"type": "object"}, **body})},
    "POST /v1/exports/get/": {"body": _FILTERED},
    "POST /v1/summary/": {"body": _FILTERED},
    f"GET {_PROJECT}": {},
    f"PATCH {_PROJECT}": {"body": st.fixed_dictionaries({"custom_instructions": st.sampled_from(["a", "b"])})},
    f"DELETE {_PROJECT}": {},
    "GET /api/v1/webhooks/projects/{project}/": {},
    "PUT /api/v1/webhooks/{webhook}/": {"body": st.fixed_dictionaries({"name": st.sampled_from(["a", "b"])})},
    "DELETE /api/v1/webhooks/{webhook}/": {},
    "POST /memories": {"body": TURN_BODY},
    "POST /reset": {},
    "DELETE /turns/{turn}": {},
}
# A leak would be seen in these first.
SEEING = frozenset(
    {
        "POST /search",
        "GET /memories",
        "GET /memories/{memory}",
        "GET /memories/{memory}/history",
        "PUT /memories/{memory}",
        "GET /turns",
        "GET /turns/{turn}",
        "GET /dead",
        "GET /webhooks",
        "GET /entities",
        "POST /v3/memories/search/",
        "POST /v3/memories/",
        "GET /v1/memories/{memory}/",
        "GET /v1/events/",
        "GET /v1/entities/",
    }
)
