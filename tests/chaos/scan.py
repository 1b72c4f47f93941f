"""Everything that Redis and Qdrant hold, for a test to look through."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
from redis.asyncio import Redis


async def all_of_redis(redis: Redis) -> dict[str, str]:
    """Every key with what it holds, as text; a bell's body, which Celery encodes, is read as well."""
    found = {}
    async for key in redis.scan_iter(count=1000):
        held = await _held(redis, key)
        found[key.decode()] = "\n".join(_readable(one) for one in held)
    return found


async def _held(redis: Any, key: bytes) -> list[bytes]:
    match (await redis.type(key)).decode():
        case "string":
            return [await redis.get(key) or b""]
        case "list":
            return list(await redis.lrange(key, 0, -1))
        case "set":
            return list(await redis.smembers(key))
        case "zset":
            return list(await redis.zrange(key, 0, -1))
        case "hash":
            return [word for pair in (await redis.hgetall(key)).items() for word in pair]
        case "none":
            return []  # it has ended since
        case other:
            raise AssertionError(f"{key!r} is a {other}: teach this test to read it")


def _readable(held: bytes) -> str:
    text = held.decode(errors="replace")
    try:
        return text + base64.b64decode(json.loads(text)["body"]).decode()
    except (ValueError, KeyError, TypeError):
        return text


async def all_of_qdrant(url: str) -> list[str]:
    """The payload of every point of every collection, as JSON."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False) as http:
        collections = (await http.get("/collections")).raise_for_status().json()["result"]["collections"]
        return [payload for one in collections for payload in await _scrolled(http, one["name"])]


async def _scrolled(http: httpx.AsyncClient, collection: str) -> list[str]:
    payloads, offset = list[str](), None
    while True:
        asked = {"limit": 256, "offset": offset, "with_payload": True}
        answer = await http.post(f"/collections/{collection}/points/scroll", json=asked)
        page = answer.raise_for_status().json()["result"]
        payloads += [json.dumps(point["payload"], ensure_ascii=False) for point in page["points"]]
        offset = page["next_page_offset"]
        if offset is None:
            return payloads
