"""Every place in which a trace of an owner could be: Redis with its slow log, Qdrant, what the processes logged."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from redis.asyncio import Redis

from tests.chaos.scan import all_of_qdrant, all_of_redis


async def traces(
    secrets: Collection[str], redis: Redis, qdrant_url: str, logs: Sequence[Path] = ()
) -> tuple[list[str], int]:
    """Look for words in the names and the contents of all keys, in all payloads and in all logs.

    Args:
        secrets: an owner's ids, keys and words.
        redis: of the inbox.
        qdrant_url: of the store.
        logs: files.

    Returns where they were found, and how many keys, points and lines were looked at.
    """
    wanted = re.compile("|".join(map(re.escape, secrets)))
    values = await all_of_redis(redis)
    places = [f"Redis: {key}" for key, value in values.items() if wanted.search(key) or wanted.search(value)]
    slow = [str(entry) for entry in await redis.slowlog_get(-1)]
    places += [f"Redis' slow log: {entry[:200]}" for entry in slow if wanted.search(entry)]
    points = await all_of_qdrant(qdrant_url)
    places += [f"Qdrant: {payload[:200]}" for payload in points if wanted.search(payload)]
    lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
    places += [f"a log: {line[:200]}" for line in lines if wanted.search(line)]
    return places, len(values) + len(slow) + len(points) + len(lines)
