"""The ports to who may ask: API keys, tokens of an identity provider, and how often somebody has asked."""

from __future__ import annotations

from typing import Protocol

from scrubjay.model import ApiKey, Principal, Value


class Keyring(Protocol):
    """The API keys, by the part of them that is no secret. Raises InboxUnavailable."""

    async def find(self, key_id: str) -> ApiKey | None:
        """One key."""

    async def add(self, key: ApiKey) -> None:
        """A new key: from now on it is known to every process."""

    async def replace(self, key: ApiKey) -> bool:
        """Another state of a key; False, and nothing is changed, where there is none of this id any more."""

    async def remove(self, key_id: str) -> bool:
        """A key that is good no longer; False where there was none."""

    async def changes(self) -> int:
        """A number that is another one after every change: whoever remembers keys looks at it."""

    async def all(self, tenant: str | None) -> list[ApiKey]:
        """The keys of a tenant, or of every tenant, the oldest first."""


class Tokens(Protocol):
    """Tokens that an identity provider has signed."""

    async def principal(self, token: str) -> Principal:
        """Whom a token names. Raises Unauthorized, or IdentityUnavailable while the provider's keys cannot be had."""


class Rate(Value):
    """How somebody stands with the requests that they may make.

    Args:
        limit: requests a minute.
        remaining: that may be made at once.
        reset_seconds: until as many as the limit may be made at once.
        retry_after_seconds: until one more may be made; None: this one may.
    """

    limit: int
    remaining: int
    reset_seconds: float
    retry_after_seconds: float | None = None


class Rates(Protocol):
    """Counts requests, over all processes together."""

    async def count(self, name: str, per_minute: int) -> Rate:
        """One more request of somebody. Raises InboxUnavailable.

        Args:
            name: of whoever asks.
            per_minute: how many they may make; as many may come at once.
        """
