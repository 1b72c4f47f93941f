"""Removals on Redis that are to be repeated, once whoever may have been writing must have ended."""

from __future__ import annotations

import asyncio

import structlog

from scrubjay.adapters.redis.codec import decode_removal, encode_removal
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.scripts import erasing
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import reason_of
from scrubjay.model.erasure import Removal

log = structlog.get_logger(__name__)

_REMOVALS_AT_ONCE, _MOST_UNREADABLE = 4, 100
_CLAIM_MS = 60_000  # longer than one removal may take: then another process takes it
_PAUSE_MS, _LONGEST_PAUSE_MS = 30_000, 600_000  # before a removal that has failed is tried again


class RedisRemovalNotes:
    """Notes removals: the port `RemovalNotes` on Redis.

    Args:
        core: what the adapters share.
    """

    def __init__(self, core: RedisCore) -> None:
        self._redis, self._scripts, self._keys = core.redis, core.scripts, core.keys
        self._limits, self._pseudonyms = core.limits, core.pseudonyms

    async def note_removal(self, removal: Removal) -> None:
        """Note down that a memory was deleted, to be removed once more."""
        member = f"0 {await self.sealed(removal)}"
        await erasing.note(self._scripts, member, self._limits.finish_ms)

    async def sealed(self, removal: Removal) -> str:
        """Encode a removal, sealed."""
        document = removal.model_dump_json(exclude_none=True).encode()
        return encode_removal(removal, await self._pseudonyms.sealed(document))

    async def unfinished(self) -> list[tuple[str, Removal]]:
        """Some removals that are due to be repeated, each with its name; for a minute no other process gets them.

        One that cannot be read is put back: it waits for a process that can, and holds up no other.
        """
        for _ in range(_MOST_UNREADABLE // _REMOVALS_AT_ONCE):
            members = await erasing.removals_due(self._scripts, _REMOVALS_AT_ONCE, _CLAIM_MS)
            documents = (decode_removal(member, self._pseudonyms.opened) for member in members)
            read = await asyncio.gather(*documents, return_exceptions=True)  # whatever stands there
            removals = list[tuple[str, Removal]]()
            for member, removal in zip(members, read, strict=True):
                if isinstance(removal, Removal):
                    removals.append((member.decode(), removal))
                else:
                    pause = await self.put_back(member.decode())
                    log.warning("left_out", reason=reason_of(removal), seconds=pause)
            if removals or not members:
                return removals
        return []

    async def put_back(self, name: str) -> float:
        """A removal could not be repeated: it is due again after a pause that grows; returns the pause in seconds."""
        return await erasing.put_back(self._scripts, name, _PAUSE_MS, _LONGEST_PAUSE_MS) / 1000

    async def finished(self, name: str) -> None:
        """Forget a removal that has been repeated."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrem(self._keys.removals, name)
            pipeline.hdel(self._keys.removal_failures, name)
            await answered(pipeline.execute())
