"""The orders of digests on Redis: sealed, as they name owners, and gone after a day or with an owner whom they name."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from time import time
from typing import Any

import orjson
from pydantic import ValidationError
from redis.asyncio import Redis

from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.chunks import chunks, members
from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import Unreadable
from scrubjay.model import DigestOrder, Scope

KEPT_SECONDS = 24 * 3600
_AT_ONCE = 200


class RedisDigests:
    """The port `DigestStore`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        pseudonyms: seals what is kept, and stands for filters in the names of keys.
        keys: the names of the keys.
    """

    def __init__(self, redis: Redis, pseudonyms: Pseudonyms, keys: Keys = DEFAULT_KEYS) -> None:
        self._redis = redis
        self._pseudonyms = pseudonyms
        self._keys = keys

    async def keep(self, tenant: str, order: DigestOrder) -> None:
        """Keep one, under its id and under its filters."""
        sealed = await self._pseudonyms.sealed(order.model_dump_json().encode())
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(self._keys.digest(tenant, order.id), sealed, ex=KEPT_SECONDS)
            pipeline.set(self._keys.digest(tenant, await self._name(order.filters)), order.id, ex=KEPT_SECONDS)
            for owner in order.owners:
                naming, now_s = await self._naming(tenant, owner), time()
                pipeline.zremrangebyscore(naming, "-inf", now_s)
                pipeline.zadd(naming, {order.id: now_s + KEPT_SECONDS})
                pipeline.expire(naming, KEPT_SECONDS)
            await answered(pipeline.execute())

    async def get(self, tenant: str, order_id: str) -> DigestOrder | None:
        """One of the tenant's; None when there is none, or none any more. Raises Unreadable."""
        sealed = await answered(self._redis.get(self._keys.digest(tenant, order_id)))
        if sealed is None:
            return None
        return await self._order(sealed)

    async def _order(self, sealed: bytes) -> DigestOrder:
        return DigestOrder.model_validate_json(await self._pseudonyms.opened(sealed.decode()))

    async def latest(self, tenant: str, filters: Mapping[str, Any]) -> DigestOrder | None:
        """The tenant's latest with just these filters; None when there is none any more. Raises Unreadable."""
        order_id = await answered(self._redis.get(self._keys.digest(tenant, await self._name(filters))))
        return None if order_id is None else await self.get(tenant, order_id.decode())

    async def drop(self, scope: Scope) -> int:
        """Drop the orders that name every id of a scope; returns how many."""
        naming = [await self._naming(scope.tenant, owner) for owner in scope.ids.items()]
        dropped = 0
        if not naming:
            return dropped
        async for ids in members(self._redis, naming[0]):
            for other in naming[1:]:
                ids = await self._also_in(other, ids)
            for chunk in chunks(ids, _AT_ONCE):
                dropped += await self._drop(scope, naming, chunk)
        return dropped

    async def _also_in(self, name: str, ids: Sequence[str]) -> list[str]:
        scores = await answered(self._redis.zmscore(name, list(ids))) if ids else []
        return [digest_id for digest_id, score in zip(ids, scores, strict=True) if score is not None]

    async def _drop(self, scope: Scope, naming: Sequence[str], ids: Sequence[str]) -> int:
        names = [self._keys.digest(scope.tenant, digest_id) for digest_id in ids]
        documents = [document for document in await answered(self._redis.mget(names)) if document is not None]
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(*names)
            for digest_id in naming:
                pipeline.zrem(digest_id, *ids)
            for sealed in documents:
                with contextlib.suppress(Unreadable, ValidationError):  # nobody can read it, and it goes all the same
                    order = await self._order(sealed)
                    pipeline.delete(self._keys.digest(scope.tenant, await self._name(order.filters)))
                    for owner in order.owners - set(scope.ids.items()):
                        pipeline.zrem(await self._naming(scope.tenant, owner), order.id)
            await answered(pipeline.execute())
        return len(documents)

    async def _naming(self, tenant: str, owner: tuple[str, str]) -> str:
        return self._keys.digests(tenant, await self._pseudonyms.body(orjson.dumps(owner)))

    async def _name(self, filters: Mapping[str, Any]) -> str:
        canonical = orjson.dumps(filters, option=orjson.OPT_SORT_KEYS)
        return f"of:{await self._pseudonyms.body(canonical)}"
