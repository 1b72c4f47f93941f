"""Everything that Redis and Qdrant hold, for a test to look through."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

_AT_ONCE = 500


async def all_of_redis(redis: Redis) -> dict[str, str]:
    """Every key with what it holds, as text; a bell's body, which Celery encodes, is read as well."""
    texts = dict[str, str]()
    names = [key async for key in redis.scan_iter(count=1000)]
    for start in range(0, len(names), _AT_ONCE):
        chunk = names[start : start + _AT_ONCE]
        async with redis.pipeline(transaction=False) as pipeline:
            for key in chunk:
                pipeline.type(key)
            kinds = await pipeline.execute()
        async with redis.pipeline(transaction=False) as pipeline:
            for key, kind in zip(chunk, kinds, strict=True):
                _read(pipeline, key, kind.decode())
            values = await pipeline.execute(raise_on_error=False)  # one that is of another kind by now is new
        texts |= {key.decode(): _as_text(value) for key, value in zip(chunk, values, strict=True)}
    return texts


def _read(pipeline: Any, key: bytes, kind: str) -> None:
    match kind:
        case "list":
            pipeline.lrange(key, 0, -1)
        case "set":
            pipeline.smembers(key)
        case "zset":
            pipeline.zrange(key, 0, -1)
        case "hash":
            pipeline.hgetall(key)
        case "string" | "none":  # it may have ended since
            pipeline.get(key)
        case other:
            raise AssertionError(f"{key!r} is a {other}: teach this test to read it")


def _as_text(value: Any) -> str:
    if isinstance(value, RedisError):
        return ""
    parts = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
    return "\n".join(map(_readable, parts if isinstance(parts, list | set) else [parts or b""]))


def _readable(value: bytes) -> str:
    text = value.decode(errors="replace")
    try:
        return text + base64.b64decode(json.loads(text)["body"]).decode()
    except (ValueError, KeyError, TypeError):
        return text


async def all_of_qdrant(url: str) -> list[str]:
    """The payload of every point of every collection, as JSON."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False) as http:
        collections = (await http.get("/collections")).raise_for_status().json()["result"]["collections"]
        return [payload for collection in collections for payload in await _scrolled(http, collection["name"])]


async def _scrolled(http: httpx.AsyncClient, collection: str) -> list[str]:
    payloads, offset = list[str](), None
    while True:
        query = {"limit": 256, "offset": offset, "with_payload": True}
        answer = await http.post(f"/collections/{collection}/points/scroll", json=query)
        page = answer.raise_for_status().json()["result"]
        payloads += [json.dumps(point["payload"], ensure_ascii=False) for point in page["points"]]
        offset = page["next_page_offset"]
        if offset is None:
            return payloads
