"""The calls about receipts of erases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack
from urllib.parse import quote

from scrubjay.client.owners import Owner
from scrubjay.client.views import Page, ReceiptView, VerificationView
from scrubjay.client.wire import Wire


class Receipts:
    """The receipts of erases: `client.receipts.verify(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def page(self, *, page: int = 1, page_size: int = 20, cursor: str | None = None) -> Page[ReceiptView]:
        """The receipts of erases, newest first; they hold no personal data."""
        query = {"page": page, "page_size": page_size, "cursor": cursor}
        answer = await self._wire.ask("GET", "/receipts", safe=True, params=query)
        return Page[ReceiptView].model_validate(answer)

    async def get(self, receipt_id: str) -> ReceiptView:
        """One receipt."""
        answer = await self._wire.ask("GET", f"/receipts/{quote(receipt_id, safe='')}", safe=True)
        return ReceiptView.model_validate(answer)

    async def verify(self, receipt: ReceiptView | Mapping[str, Any], **owner: Unpack[Owner]) -> VerificationView:
        """Whether a receipt holds; with an owner's ids also whether it is about them and whether they are gone.

        Args:
            receipt: as it was given out.
            owner: user_id, agent_id, run_id, app_id, just as they were named for the erase.
        """
        document = receipt.model_dump(mode="json") if isinstance(receipt, ReceiptView) else dict(receipt)
        body = {"receipt": document, **owner}
        return VerificationView.model_validate(await self._wire.ask("POST", "/receipts/verify", safe=True, json=body))
