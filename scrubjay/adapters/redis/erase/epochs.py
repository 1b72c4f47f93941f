"""The epochs on Redis: where in the order an owner was last erased, and when, without saying who it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.scripts.erasing import decode_epoch
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.model import Epoch, Scope, Turn


class RedisEpochs:
    """Reads epochs.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        pseudonyms: what stands for an owner.
        keys: the names of the keys.
    """

    def __init__(self, redis: Redis, pseudonyms: Pseudonyms, keys: Keys) -> None:
        self._redis = redis
        self._pseudonyms = pseudonyms
        self._keys = keys

    async def of(self, scopes: Iterable[Scope]) -> dict[Scope, Epoch]:
        """When each of these was last erased; those that never were are left out. Raises InboxUnavailable."""
        distinct = list(dict.fromkeys(scopes))
        if not distinct:
            return {}
        values = await answered(self._redis.mget([await self.key(scope) for scope in distinct]))
        return {scope: decode_epoch(*value.split()) for scope, value in zip(distinct, values, strict=True) if value}

    async def key(self, scope: Scope) -> str:
        """The key of a scope's epoch."""
        return self._keys.epoch(scope.tenant, await self._pseudonyms.epoch(scope))

    async def covering(self, scope: Scope) -> list[tuple[Scope, Epoch]]:
        """The erases that cover a scope, each with its epoch."""
        return list((await self.of(scope.covering)).items())

    async def erased(self, turns: Sequence[Turn]) -> frozenset[str]:
        """Which of these turns an erase has covered since they were accepted."""
        epochs = await self.of(scope for turn in turns for scope in turn.scope.covering)
        return frozenset(
            turn.id
            for turn in turns
            if any(turn.order <= epochs[scope].order for scope in turn.scope.covering if scope in epochs)
        )
