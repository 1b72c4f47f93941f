"""The API keys in Redis: one hash, a field a key, and a number that grows with every change."""

from __future__ import annotations

from typing import Literal

import orjson
from redis.asyncio import Redis

from scrubjay.adapters.redis.codec import VERSION, known_format
from scrubjay.adapters.redis.scripts.processes import keyring
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.model import ApiKey

_PAGE = 500


class RedisKeyring:
    """The port `Keyring`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._keys = scripts.keys

    async def find(self, key_id: str) -> ApiKey | None:
        """One key. Raises NewerFormat."""
        document = await answered(self._redis.hget(self._keys.api_keys, key_id))
        return _decoded(document) if document else None

    async def add(self, key: ApiKey) -> None:
        """A new key: from now on it is known to every process."""
        await self._change("add", key.id, _encoded(key))

    async def replace(self, key: ApiKey) -> bool:
        """Another state of a key; False, and nothing is changed, where there is none of this id any more."""
        return await self._change("replace", key.id, _encoded(key))

    async def remove(self, key_id: str) -> bool:
        """A key that is good no longer; False where there was none."""
        return await self._change("remove", key_id)

    async def _change(self, kind: Literal["add", "replace", "remove"], key_id: str, record: bytes = b"") -> bool:
        return await keyring(self._scripts, kind, key_id, record)

    async def changes(self) -> int:
        """How often the keyring has been changed."""
        return int(await answered(self._redis.get(self._keys.api_keys_changed)) or 0)

    async def all(self, tenant: str | None) -> list[ApiKey]:
        """The keys of a tenant, or of every tenant, the oldest first."""
        api_keys, cursor = dict[str, ApiKey](), None
        while cursor != 0:
            cursor, rows = await answered(self._redis.hscan(self._keys.api_keys, cursor or 0, count=_PAGE))
            decoded = [_decoded(row) for row in rows.values()]
            api_keys |= {key.id: key for key in decoded if tenant in (None, key.tenant)}
        return sorted(api_keys.values(), key=lambda key: (key.created_at, key.id))


def _encoded(key: ApiKey) -> bytes:
    return orjson.dumps({"v": VERSION, **key.model_dump(mode="json", exclude_none=True)})


def _decoded(document: bytes) -> ApiKey:
    return ApiKey.model_validate(known_format(orjson.loads(document), "an API key"))
