"""What Redis and Qdrant hold at one moment: memory, keys by kind, files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qdrant_client import AsyncQdrantClient
from redis.asyncio import Redis

from tests.key_catalog import KINDS, Ends
from tests.support import wait_until

# What stays a while in any case, however many turns there were.
PASSING = frozenset({"sj:sweeper", "sj:breaker"})
_CHUNK = 1_000
_REWRITE_SECONDS = 120
_NO_TTL = -1


@dataclass(frozen=True)
class Kind:
    """The keys of one kind.

    Args:
        keys: how many.
        bytes: what they take, all members included.
        without_ttl: how many of them have no end.
    """

    keys: int = 0
    bytes: int = 0
    without_ttl: int = 0

    def with_key(self, size: int, ttl: int) -> Kind:
        """One more key, of so many bytes."""
        return Kind(self.keys + 1, self.bytes + size, self.without_ttl + (ttl == _NO_TTL))


@dataclass(frozen=True)
class Memory:
    """What `INFO memory` says, in bytes, and the number of keys."""

    used: int
    dataset: int
    keys: int


@dataclass(frozen=True)
class State:
    """Everything, after a purge of the allocator and a rewrite of the append-only file.

    Args:
        memory: of Redis.
        file_bytes: the append-only file.
        kinds: the keys by kind.
        points: in Qdrant, which keeps memories on purpose.
        qdrant_bytes: its files.
    """

    memory: Memory
    file_bytes: int
    kinds: Mapping[str, Kind]
    points: int
    qdrant_bytes: int

    @property
    def key_bytes(self) -> int:
        """What all keys weigh together."""
        return sum(kind.bytes for kind in self.kinds.values())

    @property
    def left_over(self) -> int:
        """Keys that are neither permanent nor bound to go by themselves for another reason."""
        return sum(
            kind.without_ttl if name in PASSING else kind.keys
            for name, kind in self.kinds.items()
            if name not in PERMANENT
        )


async def memory(redis: Redis) -> Memory:
    """A quick look."""
    info = await redis.info("memory")
    return Memory(info["used_memory"], info["used_memory_dataset"], await redis.dbsize())


async def state(redis: Redis, qdrant: AsyncQdrantClient, folder: Path) -> State:
    """The whole picture.

    Args:
        redis: of a stack that does nothing just now.
        qdrant: of the same.
        folder: of Qdrant's files.
    """
    await redis.memory_purge()
    await redis.bgrewriteaof()

    async def rewritten() -> int:
        info = await redis.info("persistence")
        busy = info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]
        return 0 if busy else int(info["aof_current_size"])

    size = await wait_until(rewritten, deadline_seconds=_REWRITE_SECONDS, what="the append-only file being rewritten")
    names = [collection.name for collection in (await qdrant.get_collections()).collections]
    points = sum([(await qdrant.count(name, exact=True)).count for name in names])
    files = await asyncio.to_thread(_size, folder)
    return State(await memory(redis), size, await kinds(redis), points, files)


async def kinds(redis: Redis) -> dict[str, Kind]:
    """Every key, counted and weighed by kind."""
    names = [name async for name in redis.scan_iter(count=_CHUNK)]
    kinds_by_name: dict[str, Kind] = {}
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        async with redis.pipeline(transaction=False) as pipeline:
            for name in chunk:
                pipeline.memory_usage(name, samples=0)
                pipeline.ttl(name)
            answers = await pipeline.execute()
        for name, size, ttl in zip(chunk, answers[::2], answers[1::2], strict=True):
            if size is not None:
                kind = kind_of(name.decode())
                kinds_by_name[kind] = kinds_by_name.get(kind, Kind()).with_key(size, ttl)
    return kinds_by_name


def kind_of(name: str) -> str:
    """What a key is, without whose it is."""
    parts = name.split(":")
    return ":".join(parts[:2]) if parts[0] == "sj" else ".".join(name.split(".")[:2])


PERMANENT = frozenset(kind_of(kind.pattern) for kind in KINDS if kind.ends is Ends.NEVER)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
