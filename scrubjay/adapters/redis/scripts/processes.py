"""Scripts for what processes share: which are alive, how the queue is, API keys, the server's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from scrubjay.adapters.redis.scripts.runner import RedisScripts


class Queue(NamedTuple):
    """How the queue is.

    Args:
        lanes: with work.
        backing_off: of them.
        oldest_due_ms: for how long the oldest due turn is due, in milliseconds; None where none is.
        workers: processes that were seen lately.
    """

    lanes: int
    backing_off: int
    oldest_due_ms: int | None
    workers: int


async def beat(scripts: RedisScripts, process: str, keep_ms: int) -> None:
    """Note that a worker process is alive; those that were not seen for so many milliseconds are forgotten."""
    await scripts.run("beat", [scripts.keys.workers], [process, keep_ms])


async def queue(scripts: RedisScripts, seen_ms: int) -> Queue:
    """How the queue is; workers count that were seen within so many milliseconds."""
    names = [scripts.keys.due, scripts.keys.workers]
    lanes, backing_off, due_ms, workers = map(int, await scripts.run("queue", names, [seen_ms]))
    return Queue(lanes, backing_off, due_ms if due_ms >= 0 else None, workers)


async def unwell(
    scripts: RedisScripts, unwell_parts: Sequence[str], recovered: Sequence[str], keep_seconds: int
) -> list[int]:
    """Note which parts do not work and which work again.

    Args:
        scripts: runs it.
        unwell_parts: the names of those that do not work.
        recovered: the names of the others.
        keep_seconds: for how long it is kept that a part does not work.

    Returns since when each of the first does not, in microseconds since 1970.
    """
    names = [scripts.keys.unwell(part) for part in (*unwell_parts, *recovered)]
    return [int(since_us) for since_us in await scripts.run("unwell", names, [len(unwell_parts), keep_seconds])]


async def keyring(
    scripts: RedisScripts, change: Literal["add", "replace", "remove"], key_id: str, record: bytes
) -> bool:
    """Change the API keys; False, and nothing is changed, where there is none of this id."""
    names = [scripts.keys.api_keys, scripts.keys.api_keys_changed]
    return bool(await scripts.run("keyring", names, [change, key_id, record]))


async def server_key(scripts: RedisScripts, fresh_key: bytes) -> bytes:
    """The server's key: the one that is kept, or a fresh one, which is kept from now on."""
    return bytes(await scripts.run("server_key", [scripts.keys.server_key], [fresh_key]))


async def lane_names(scripts: RedisScripts, fresh_key: bytes, key_id: str) -> bytes:
    """The key of the hashes that stand for lanes: the one that is kept, or a fresh one, which is kept from now on.

    Args:
        scripts: runs it.
        fresh_key: made by whoever asks.
        key_id: what tells it from another.
    """
    return bytes(await scripts.run("lane_names", [scripts.keys.lane_names], [fresh_key, key_id]))
