"""The port to the orders of digests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scrubjay.model import DigestOrder, Scope


class DigestStore(Protocol):
    """Orders of digests, each kept for a day. They name owners, so they are kept sealed. Raises InboxUnavailable."""

    async def keep(self, tenant: str, order: DigestOrder) -> None:
        """Keep an order."""

    async def get(self, tenant: str, order_id: str) -> DigestOrder | None:
        """One of the tenant's; None when there is none, or none any more."""

    async def latest(self, tenant: str, filters: Mapping[str, Any]) -> DigestOrder | None:
        """The tenant's latest with just these filters; None when there is none any more."""

    async def drop(self, scope: Scope) -> int:
        """Drop the orders that name every id of a scope; returns how many."""
