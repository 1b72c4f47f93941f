"""The server's key: from the settings, else made once and kept in Redis, where every process finds the same."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from scrubjay.adapters.redis.scripts.processes import server_key
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import InboxUnavailable

_BYTES = 32
_LOOK_EVERY_SECONDS = 60.0


class RedisServerKey:
    """The port `ServerKey`.

    What Redis keeps is looked at once a minute: should Redis have lost everything, the key is put back by the first who
    looks, and all processes go on with the same one.

    Args:
        scripts: runs the step that reads or makes the key.
        configured: as set; None: the one that Redis keeps, made by whoever asks first.
    """

    def __init__(self, scripts: RedisScripts, configured: str | None = None) -> None:
        self._scripts = scripts
        self._key = configured.encode() if configured else None
        self._good_until = float("inf") if configured else float("-inf")

    async def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (BLAKE2b, keyed and personalised, RFC 7693). Raises InboxUnavailable."""
        root = hashlib.blake2b(await self._current(), digest_size=_BYTES).digest()
        return hashlib.blake2b(key=root, person=purpose.encode(), digest_size=_BYTES).digest()

    async def _current(self) -> bytes:
        now = asyncio.get_running_loop().time()
        if self._key is None or now > self._good_until:
            self._good_until = now + _LOOK_EVERY_SECONDS  # meanwhile others go on with what is known
            # A script, as a full Redis would refuse the plain command, even where the key is there.
            ours = self._key or secrets.token_hex(_BYTES).encode()
            try:
                self._key = await server_key(self._scripts, ours)
            except InboxUnavailable:
                if self._key is None:
                    raise
        return self._key
