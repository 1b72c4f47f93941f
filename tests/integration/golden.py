"""What Scrubjay keeps, as files: `python -m tests.integration.golden tests/integration/data/format-N`.

Run it with the code that writes the format, before that code is changed: it lets a small service live for a moment and
puts down what stands in its Redis (`redis.json`) and its Qdrant (`qdrant.json`). `test_upgrade.py` then lets every
later version finish the work. `loaded` is the way back.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient, models
from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, free_port, http_get
from tests.conftest import qdrant_command, running
from tests.fakes import WordEmbedder
from tests.integration.golden_scenes import live
from tests.integration.service import Service
from tests.redis_keys import keys, lane_scripts
from tests.support import wait_until

DATA = Path(__file__).parent / "data"
_PASSING = ("sj:lease:", keys.sweeper)  # long gone when an upgrade begins


@asynccontextmanager
async def service_of(redis: Redis, qdrant_url: str, name: str, limits: InboxLimits) -> AsyncIterator[Service]:
    """A service whose collection is named after an embedder of this name; the collection goes when it is left."""
    client = AsyncQdrantClient(url=qdrant_url, cloud_inference=True, check_compatibility=False)
    scripts, wakeups, embedder = RedisScripts(redis), CeleryWakeups(), WordEmbedder(name)
    pseudonyms, store = Pseudonyms(RedisServerKey(RedisScripts(redis))), QdrantStore(client, embedder)
    order = RedisOrder(scripts, store.greatest_order)
    adapters = turn_adapters(RedisCore(redis, LaneScripts(scripts), wakeups, limits, pseudonyms, order))
    service = Service(
        adapters,
        RedisTurns(redis, lane_scripts(redis)),
        store,
        embedder=embedder,
    )
    await service.texts()
    yield service
    await client.delete_collection(service.store.collection.name)
    await client.close()


async def redis_as_json(redis: Redis) -> dict[str, Any]:
    """Every key with its type, value and TTL in seconds (null: none). The client's answers must be decoded."""
    keys_as_json: dict[str, Any] = {}
    for name in sorted([name async for name in redis.scan_iter("*")]):
        if not name.startswith(_PASSING):
            kind, ttl = str(await redis.type(name)), await redis.ttl(name)
            keys_as_json[name] = {
                "type": kind,
                "ttl": None if ttl < 0 else ttl,
                "value": await _value(redis, name, kind),
            }
    return keys_as_json


async def _value(redis: Redis, name: str, kind: str) -> Any:
    if kind == "hash":
        return dict(sorted((await redis.hgetall(name)).items()))
    if kind == "zset":
        rows: Any = await redis.zrange(name, 0, -1, withscores=True)
        return {member: int(score) for member, score in rows}
    if kind == "list":
        return await redis.lrange(name, 0, -1)
    return sorted(await redis.smembers(name)) if kind == "set" else await redis.get(name)


async def points_as_json(client: AsyncQdrantClient, collection: str) -> list[dict[str, Any]]:
    """Every point with its payload and its vectors."""
    points, _ = await client.scroll(collection, limit=10_000, with_payload=True, with_vectors=True)
    return [point.model_dump(mode="json", include={"id", "payload", "vector"}) for point in points]


async def loaded(folder: Path, redis: Redis, qdrant_url: str, collection: str) -> None:
    """Put what a folder holds into an empty Redis and into a collection."""
    for name, entry in json.loads((folder / "redis.json").read_text()).items():
        value, kind = entry["value"], entry["type"]
        if kind == "hash":
            await redis.hset(name, mapping=value)
        elif kind == "zset":
            await redis.zadd(name, value)
        elif kind == "list":
            await redis.rpush(name, *value)
        elif kind == "set":
            await redis.sadd(name, *value)
        else:
            await redis.set(name, value)
        if entry["ttl"] is not None:
            await redis.expire(name, entry["ttl"])
    client = AsyncQdrantClient(url=qdrant_url, check_compatibility=False)
    points = [models.PointStruct.model_validate(point) for point in json.loads((folder / "qdrant.json").read_text())]
    await client.upsert(collection, points, wait=True)
    await client.close()


async def _written(redis_port: int, qdrant_port: int) -> dict[str, Any]:
    async def serves() -> bool:
        return (await http_get("127.0.0.1", qdrant_port, "/readyz"))[0] == 200

    await wait_until(lambda: answers_ping(redis_port), what="Redis answering")
    await wait_until(serves, what="the engine server answering")
    redis, url = Redis.from_url(f"redis://127.0.0.1:{redis_port}/0"), f"http://127.0.0.1:{qdrant_port}"
    async with service_of(redis, url, "golden", InboxLimits(max_attempts=2)) as service:
        await live(service, redis)
        decoded = Redis.from_url(f"redis://127.0.0.1:{redis_port}/0", decode_responses=True)
        stored: dict[str, Any] = {"redis": await redis_as_json(decoded)}
        await decoded.aclose()
        client = AsyncQdrantClient(url=url, check_compatibility=False)
        points = await points_as_json(client, service.store.collection.name)
        await client.close()
    await redis.aclose()
    return {**stored, "qdrant": points}


def main() -> None:
    """Write the folder that is named on the command line."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    redis_port, qdrant_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as data:
        redis = redis_part(Path(data) / "redis", redis_port)
        with running(list(redis.command)), running(qdrant_command(qdrant_port, Path(data) / "qdrant")):
            documents = asyncio.run(_written(redis_port, qdrant_port))
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
