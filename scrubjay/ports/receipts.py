"""The port to the receipts that are kept."""

from __future__ import annotations

from typing import Protocol

from scrubjay.model import Page, Slice
from scrubjay.model.erasure import Receipt


class ReceiptStore(Protocol):
    """The receipts of erases, as long as they are kept. Raises InboxUnavailable."""

    async def keep(self, receipt: Receipt) -> None:
        """Keep a receipt."""

    async def get(self, tenant: str, receipt_id: str) -> Receipt | None:
        """One of the tenant's; None when there is none, or none any more."""

    async def page(self, tenant: str, page: Page) -> Slice[Receipt]:
        """How many the tenant has, and one page of them, newest first."""
