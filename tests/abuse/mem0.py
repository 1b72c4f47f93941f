"""The same for the routes that Mem0's clients speak, which stand in no document: those that can be made expensive."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.abuse.catalogue import BEYOND, CATALOGUE, LARGEST, Call, Make, broad, page
from tests.abuse.world import LONG, NO_ID, WHALE, World, key_header

MEM0: dict[str, Make] = {}
_DOUBLINGS = 5  # more are refused
_EMPTY_PARTS = 2_000  # of the schema that takes the longest to be looked at: a third of a second


def _put(label: str, make: Make) -> None:
    assert label not in CATALOGUE
    MEM0[label] = make


def schema(number: int) -> dict[str, Any]:
    """A large schema, one that doubles a few times, and one that a document takes long to be checked against."""
    names = [f"a{level}" for level in range(_DOUBLINGS + 1)]
    doubled: dict[str, Any] = {names[-1]: {"type": "object"}}
    for name, after in pairwise(names):
        doubled[name] = {"allOf": [{"$ref": f"#/$defs/{after}"}] * 2}
    schemas: list[dict[str, Any]] = [
        {"type": "object", "allOf": [{}] * _EMPTY_PARTS},
        {"type": "object", "$ref": "#/$defs/a0", "$defs": doubled},
        {"type": "object", "anyOf": [{"properties": {"facts": {"enum": list(range(20))}}}] * 90},
    ]
    return schemas[number % 3]


def _filters(number: int) -> dict[str, Any]:
    return broad(number) if number % 2 else {"user_id": (WHALE, LONG)[number % 4 // 2]}


async def _export(world: World, number: int) -> Call:
    return Call("/v1/exports/", more={"json": {"schema": schema(number), "filters": {"user_id": WHALE}}})


async def _document(world: World, number: int) -> Call:
    order = {"schema": schema(number), "filters": {"user_id": (WHALE, LONG)[number % 2]}}
    made = await world.http.post("/v1/exports/", headers=key_header(world.keys["read"]), json=order)
    return Call("/v1/exports/get/", more={"json": {"memory_export_id": made.json().get("id", NO_ID)}})


async def _entities(world: World, number: int) -> Call:
    return Call("/v1/entities/", more={"params": {"page": (1, BEYOND)[number % 2]}})


async def _entity(world: World, number: int) -> Call:
    return Call(f"/v2/entities/user/{world.user()}/")


async def _search(world: World, number: int) -> Call:
    body = {"query": world.text(8_000), "filters": _filters(number), "top_k": 1_000, "threshold": 0}
    return Call("/v3/memories/search/", more={"json": body})


async def _list(world: World, number: int) -> Call:
    return Call("/v3/memories/", more={"params": page(number), "json": {"filters": _filters(number)}})


async def _events(world: World, number: int) -> Call:
    return Call("/v1/events/", more={"params": {"page": (1, 50, BEYOND)[number % 3], "page_size": LARGEST}})


async def _history(world: World, number: int) -> Call:
    return Call(f"/v1/memories/{world.memories[number % len(world.memories)]}/history/")


async def _add(world: World, number: int) -> Call:
    """It waits until the turn is settled."""
    body = {"user_id": world.user(), "messages": [{"role": "user", "content": world.text(500)}], "infer": False}
    return Call("/v3/memories/add/", "write", {"json": body})


async def _batch(world: World, number: int) -> Call:
    several = [
        world.memories[(number * 15 + offset) % len(world.memories)] for offset in range(min(15, world.size.whale))
    ]
    text = world.text(world.size.long_text // 50)
    return Call(
        "/v1/batch/", "write", {"json": {"memories": [{"memory_id": memory_id, "text": text} for memory_id in several]}}
    )


async def _summary(world: World, number: int) -> Call:
    return Call("/v1/summary/", more={"json": {"filters": _filters(number)}})


for _label, _make in {
    "POST /v1/exports/": _export,
    "POST /v1/exports/get/": _document,
    "GET /v1/entities/": _entities,
    "GET /v2/entities/{kind}/{name}/": _entity,
    "POST /v3/memories/search/": _search,
    "POST /v3/memories/": _list,
    "GET /v1/events/": _events,
    "GET /v1/memories/{memory_id}/history/": _history,
    "POST /v3/memories/add/": _add,
    "PUT /v1/batch/": _batch,
    "POST /v1/summary/": _summary,
}.items():
    _put(_label, _make)
