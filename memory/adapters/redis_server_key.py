"""The server's key: from the settings, else made once and kept in Redis, where every process finds the same."""

from __future__ import annotations

import hashlib
import secrets

from redis.asyncio import Redis

from memory.adapters import redis_keys as keys
from memory.adapters.redis_scripts import RedisScripts

_BYTES = 32


class RedisServerKey:
    """The port `ServerKey`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        given: as set; None: the one that Redis keeps, made by whoever asks first.
    """

    def __init__(self, redis: Redis, given: str | None = None) -> None:
        self._run = RedisScripts(redis).run
        self._key = given.encode() if given else None

    async def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (BLAKE2b, keyed and personalised, RFC 7693). Raises InboxUnavailable."""
        if self._key is None:
            # A script, as a full Redis would refuse the plain command, even where the key is there.
            self._key = await self._run("server_key", [keys.SERVER_KEY], [secrets.token_hex(_BYTES)])
        root = hashlib.blake2b(self._key, digest_size=_BYTES).digest()
        return hashlib.blake2b(key=root, person=purpose.encode(), digest_size=_BYTES).digest()
