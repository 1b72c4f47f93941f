"""The orders of digests on Redis: sealed, as they name owners, and gone after a day or with an owner whom they name."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import orjson
from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.pseudonyms import Pseudonyms
from memory.adapters.redis_scripts import answered
from memory.errors import Unreadable
from memory.model import DigestOrder, Scope

KEPT_SECONDS = 24 * 3600


class RedisDigests:
    """The port `DigestBook`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        pseudonyms: seals what is kept, and stands for filters in the names of keys.
    """

    def __init__(self, redis: Redis, pseudonyms: Pseudonyms) -> None:
        self._redis = redis
        self._pseudonyms = pseudonyms

    async def keep(self, tenant: str, order: DigestOrder) -> None:
        """Put one into the book, under its id and under its filters."""
        sealed = await self._pseudonyms.sealed(order.model_dump_json().encode())
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(keys.digest(tenant, order.id), sealed, ex=KEPT_SECONDS)
            pipeline.set(keys.digest(tenant, await self._name(order.filters)), order.id, ex=KEPT_SECONDS)
            for owner in order.named:
                naming = await self._naming(tenant, owner)
                pipeline.sadd(naming, order.id)
                pipeline.expire(naming, KEPT_SECONDS)
            await answered(pipeline.execute())

    async def get(self, tenant: str, order_id: str) -> DigestOrder | None:
        """One of the tenant's; None when there is none, or none any more. Raises Unreadable."""
        sealed = await answered(self._redis.get(keys.digest(tenant, order_id)))
        if sealed is None:
            return None
        return DigestOrder.model_validate_json(await self._pseudonyms.opened(sealed.decode()))

    async def latest(self, tenant: str, filters: Mapping[str, Any]) -> DigestOrder | None:
        """The tenant's latest with just these filters; None when there is none any more. Raises Unreadable."""
        order_id = await answered(self._redis.get(keys.digest(tenant, await self._name(filters))))
        return None if order_id is None else await self.get(tenant, order_id.decode())

    async def drop(self, scope: Scope) -> int:
        """Drop the orders that name every id of a scope; returns how many."""
        found = await answered(self._redis.sinter([await self._naming(scope.tenant, one) for one in scope.ids.items()]))
        for order_id in found:
            await self._drop(scope, order_id.decode())
        return len(found)

    async def _drop(self, scope: Scope, order_id: str) -> None:
        gone, named = [keys.digest(scope.tenant, order_id)], {*scope.ids.items()}
        with contextlib.suppress(Unreadable):  # with another server key: nobody can read it, and it goes all the same
            order = await self.get(scope.tenant, order_id)
            if order is not None:
                gone.append(keys.digest(scope.tenant, await self._name(order.filters)))
                named |= order.named
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(*gone)
            for owner in named:
                pipeline.srem(await self._naming(scope.tenant, owner), order_id)
            await answered(pipeline.execute())

    async def _naming(self, tenant: str, owner: tuple[str, str]) -> str:
        return keys.digests(tenant, await self._pseudonyms.body(orjson.dumps(owner)))

    async def _name(self, filters: Mapping[str, Any]) -> str:
        told = orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)
        return f"of:{await self._pseudonyms.body(told)}"
