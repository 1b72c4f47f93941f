"""The epochs on Redis: when exactly an owner was last erased, without saying who it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.pseudonyms import Pseudonyms
from memory.adapters.redis_scripts import answered
from memory.clock import from_us
from memory.model import Scope


class RedisEpochs:
    """Reads epochs; an earlier Turnstone named some of them by the ids themselves.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        pseudonyms: what stands for an owner.
    """

    def __init__(self, redis: Redis, pseudonyms: Pseudonyms) -> None:
        self._redis = redis
        self._pseudonyms = pseudonyms

    async def of(self, scopes: Iterable[Scope]) -> dict[Scope, datetime]:
        """When each of these was last erased; those that never were are left out. Raises InboxUnavailable."""
        asked = list(dict.fromkeys(scopes))
        if not asked:
            return {}
        names = [await self.key(scope) for scope in asked] + [keys.plain_epoch(scope) for scope in asked]
        stamps = [int(stamp or 0) for stamp in await answered(self._redis.mget(names))]
        newest = zip(asked, map(max, stamps[: len(asked)], stamps[len(asked) :]), strict=True)
        return {scope: from_us(stamp) for scope, stamp in newest if stamp}

    async def key(self, scope: Scope) -> str:
        """The key of a scope's epoch."""
        return keys.epoch(scope.tenant, await self._pseudonyms.epoch(scope))
