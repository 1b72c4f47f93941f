"""For each route of the OpenAPI document an expensive request that is valid, by a key that may make it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.abuse.world import LONG, NOBODY, WHALE, World, key_header

DEEPEST, LARGEST = 50, 200  # the last page of a list, and how many are on one
BEYOND = 1_000_000  # a page that is valid, and which no list has
_MANY = 200


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        path: with the ids in it.
        role: of the key that it is made with.
        more: query and body, as httpx takes them.
    """

    path: str
    role: str = "read"
    more: Mapping[str, Any] = field(default_factory=dict)


Make = Callable[[World, int], Awaitable[Call]]
CATALOGUE: dict[str, Make] = {}


def route(label: str) -> Callable[[Make], Make]:
    """Put a request into the catalogue, under a route's label, such as `POST /turns`."""

    def put(make: Make) -> Make:
        CATALOGUE[label] = make
        return make

    return put


def operations(document: Mapping[str, Any]) -> Iterator[str]:
    """The labels of every route of an OpenAPI document."""
    for path, methods in document["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods)


def page(number: int) -> dict[str, int]:
    """The first page, the deepest one and one far beyond by turns, always of the largest size."""
    return {"page": (1, DEEPEST, BEYOND)[number % 3], "page_size": LARGEST}


def broad(number: int) -> dict[str, Any]:
    """A filter with as many conditions and values as there may be."""
    users = [f"user {index:04}" for index in range(number % 7, number % 7 + 150)]
    conditions: list[dict[str, Any]] = [{"keywords": {"icontains": f"te{chr(97 + index % 26)}"}} for index in range(40)]
    stars = [{"metadata": {"stars": {"gte": index}}} for index in range(40)]
    return {"user_id": {"in": [WHALE, LONG, *users]}, "OR": [*conditions, *stars], "NOT": [{"categories": "none"}]}


def _always(label: str, path: str, role: str, **more: Any) -> None:
    """A request that is the same each time."""

    async def make(world: World, number: int) -> Call:
        return Call(path, role, more)

    CATALOGUE[label] = make


def _listed(path: str, role: str, **also: Any) -> None:
    """A list of which deep and large pages are wanted."""

    async def make(world: World, number: int) -> Call:
        return Call(path, role, {"params": {**page(number), **also}})

    CATALOGUE[f"GET {path}"] = make


for _path, _role in (("/turns", "read"), ("/turns/gated", "admin"), ("/receipts", "admin"), ("/dead", "admin"),
                     ("/quarantine", "admin"), ("/keys", "admin")):  # fmt: skip
    _listed(_path, _role)
for _path, _role in (("/receipts/key", "read"), ("/guidance", "admin"), ("/webhooks", "admin"), ("/metrics", "admin"),
                     ("/health/live", "read"), ("/health/ready", "read")):  # fmt: skip
    _always(f"GET {_path}", _path, _role)
_always("POST /dead/replay", "/dead/replay", "admin", json={"all": True, "dry_run": True, "limit": 100})
_always("POST /dead/discard", "/dead/discard", "admin", json={"all": True, "dry_run": True, "limit": 100})


@route("GET /entities")
async def _(world: World, number: int) -> Call:
    return Call("/entities", more={"params": {"page": (1, DEEPEST, BEYOND)[number % 3], "page_size": 1_000}})


@route("GET /memories")
async def _(world: World, number: int) -> Call:
    if number % 2:
        return Call("/memories", more={"params": {"filters": json.dumps(broad(number)), "top_k": 1_000}})
    return Call("/memories", more={"params": {"user_id": (WHALE, LONG)[number % 4 // 2], **page(number // 2)}})


@route("POST /search")
async def _(world: World, number: int) -> Call:
    waits = {"wait_for": world.waiting, "wait_ms": 1_000} if number % 3 == 0 else {}
    of = {"filters": broad(number)} if number % 3 == 1 else {"user_id": (WHALE, LONG)[number % 2]}
    return Call("/search", more={"json": {"query": world.text(8_000), "limit": 100, **of, **waits}})


@route("GET /export")
async def _(world: World, number: int) -> Call:
    return Call("/export", more={"params": {"user_id": (WHALE, LONG)[number % 2]}})


@route("POST /turns")
async def _(world: World, number: int) -> Call:
    messages = [{"role": "user", "content": world.text(world.size.long_text)} for _ in range(4)]
    if number % 3:
        messages = [{"role": "user", "content": f"I like {index} {number}"} for index in range(_MANY)]
    body = {"user_id": world.user(), "messages": messages, "infer": number % 3 == 2}
    return Call("/turns", "write", {"json": body})


@route("GET /turns/{turn_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/turns/{world.waiting if number % 2 else world.turns[number % len(world.turns)]}")


@route("DELETE /turns/{turn_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/turns/{world.turns[number % len(world.turns)]}", "admin")


@route("POST /import")
async def _(world: World, number: int) -> Call:
    memories = [{"user_id": world.user(), "memory": f"I like tea {index % 40} {number}"} for index in range(_MANY)]
    if number % 2:
        memories = [{"user_id": f"{LONG} {number}", "memory": world.text(world.size.long_text)} for _ in range(4)]
    return Call("/import", "admin", {"json": {"memories": memories}})


def _memory(world: World, number: int) -> str:
    return world.memories[number % len(world.memories)]


@route("GET /memories/{memory_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/memories/{_memory(world, number)}")


@route("GET /memories/{memory_id}/history")
async def _(world: World, number: int) -> Call:
    return Call(f"/memories/{_memory(world, number)}/history")


@route("PUT /memories/{memory_id}")
async def _(world: World, number: int) -> Call:
    text = world.text(world.size.long_text if number % 2 else 60)
    memory = world.others[-1 - number % (len(world.others) // 2)]
    return Call(f"/memories/{memory}", "write", {"json": {"text": text}})


@route("PUT /memories/{memory_id}/feedback")
async def _(world: World, number: int) -> Call:
    body = {"rating": "positive", "reason": world.text(1_000)}
    return Call(f"/memories/{world.others[number % len(world.others)]}/feedback", "write", {"json": body})


@route("POST /memories/{memory_id}/undo")
async def _(world: World, number: int) -> Call:
    memory = world.others[number % min(world.size.spare, len(world.others))]
    return Call(f"/memories/{memory}/undo", "write")


@route("DELETE /memories/{memory_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/memories/{world.spare_memories.popleft()}", "write")


@route("DELETE /memories")
async def _(world: World, number: int) -> Call:
    return Call("/memories", "write", {"params": {"user_id": world.spare_users.popleft()}})


@route("DELETE /entities/{type}/{entity_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/entities/user/{world.spare_users.popleft()}", "write")


@route("GET /receipts/{receipt_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/receipts/{world.receipt['id']}", "admin")


@route("POST /receipts/verify")
async def _(world: World, number: int) -> Call:
    return Call("/receipts/verify", more={"json": {"receipt": dict(world.receipt), "user_id": "nobody"}})


@route("POST /quarantine/{memory_id}/release")
async def _(world: World, number: int) -> Call:
    return Call(f"/quarantine/{world.spare_held.popleft()}/release", "admin")


@route("POST /quarantine/{memory_id}/discard")
async def _(world: World, number: int) -> Call:
    return Call(f"/quarantine/{world.spare_held.popleft()}/discard", "admin")


@route("PUT /guidance")
async def _(world: World, number: int) -> Call:
    categories = {f"category {index}": world.text(100) for index in range(50)}
    texts = {name: world.text(2_000) for name in ("custom_instructions", "includes", "excludes")}
    return Call("/guidance", "admin", {"json": {**texts, "custom_categories": categories}})


@route("POST /keys")
async def _(world: World, number: int) -> Call:
    return Call("/keys", "admin", {"json": {"label": world.text(100), "role": "read"}})


async def _new_key(world: World) -> str:
    return str((await world.ask("POST", "/keys", json={"role": "read"}))["id"])


@route("POST /keys/{key_id}/rotate")
async def _(world: World, number: int) -> Call:
    return Call(f"/keys/{await _new_key(world)}/rotate", "admin", {"json": {}})


@route("DELETE /keys/{key_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/keys/{await _new_key(world)}", "admin")


@route("POST /webhooks")
async def _(world: World, number: int) -> Call:
    answer = await world.http.get("/webhooks", headers=key_header(world.keys["admin"]))
    for hook in answer.json()["results"][15:]:  # a tenant has at most twenty
        await world.http.delete(f"/webhooks/{hook['id']}", headers=key_header(world.keys["admin"]))
    return Call("/webhooks", "admin", {"json": {"url": NOBODY, "name": world.text(60)}})


def _hook(world: World, number: int) -> str:
    return world.hooks[number % len(world.hooks)]


@route("GET /webhooks/{webhook_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/webhooks/{_hook(world, number)}", "admin")


@route("PUT /webhooks/{webhook_id}")
async def _(world: World, number: int) -> Call:
    return Call(f"/webhooks/{_hook(world, number)}", "admin", {"json": {"name": world.text(60)}})


@route("DELETE /webhooks/{webhook_id}")
async def _(world: World, number: int) -> Call:
    made = await world.ask("POST", "/webhooks", json={"url": NOBODY})
    return Call(f"/webhooks/{made['id']}", "admin")


@route("POST /webhooks/{webhook_id}/test")
async def _(world: World, number: int) -> Call:
    return Call(f"/webhooks/{_hook(world, number)}/test", "admin")


@route("GET /webhooks/{webhook_id}/deliveries")
async def _(world: World, number: int) -> Call:
    return Call(f"/webhooks/{_hook(world, number)}/deliveries", "admin", {"params": page(number)})


@route("POST /webhooks/{webhook_id}/deliveries/{delivery_id}/retry")
async def _(world: World, number: int) -> Call:
    place = number % len(world.hooks)
    return Call(f"/webhooks/{world.hooks[place]}/deliveries/{world.deliveries[place]}/retry", "admin")


@route("POST /chat")
async def _(world: World, number: int) -> Call:
    text = world.text(world.size.long_text) if number % 5 == 0 else "What do I like?"
    return Call("/chat", "write", {"json": {"user_id": (WHALE, LONG)[number % 2], "message": text}})
