"""Each tenant's guidance in Redis: one JSON document, read for each batch, so that a change counts at once."""

from __future__ import annotations

import orjson
from redis.asyncio import Redis

from scrubjay.adapters.redis.codec import VERSION, known_format
from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.model import Guidance


class RedisGuidance:
    """The port `GuidanceStore` on Redis.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        keys: the names of the keys.
    """

    def __init__(self, redis: Redis, keys: Keys = DEFAULT_KEYS) -> None:
        self._redis = redis
        self._keys = keys

    async def of(self, tenant: str) -> Guidance:
        """The tenant's guidance; an empty one where none was given. Raises NewerFormat."""
        document = await answered(self._redis.get(self._keys.guidance(tenant)))
        return Guidance.model_validate(known_format(orjson.loads(document), "the guidance")) if document else Guidance()

    async def give(self, tenant: str, guidance: Guidance) -> None:
        """Set the tenant's guidance, for all batches decided from now on."""
        document = {"v": VERSION, **guidance.model_dump(mode="json", exclude_defaults=True)}
        await answered(self._redis.set(self._keys.guidance(tenant), orjson.dumps(document)))
