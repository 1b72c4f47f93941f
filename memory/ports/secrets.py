"""The port to what only this server knows."""

from __future__ import annotations

from typing import Protocol


class ServerKey(Protocol):
    """The server's key, one and the same for every process. It never leaves: only what is derived from it is used."""

    async def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose; those of another purpose tell nothing about them.

        Args:
            purpose: at most 16 ASCII characters.

        Raises InboxUnavailable while the key is in Redis, was not read yet, and Redis is away.
        """
