"""The receipts on Redis: each ends by itself, and nothing in one tells whom it is about."""

from __future__ import annotations

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from scrubjay.adapters.redis.scripts.erasing import receipt as keep_receipt
from scrubjay.adapters.redis.scripts.runner import RedisScripts, answered
from scrubjay.adapters.redis.turn_log.lists import newest
from scrubjay.model import Page, Slice
from scrubjay.model.erasure import Receipt

log = structlog.get_logger(__name__)


class RedisReceipts:
    """The port `ReceiptStore`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        retention_seconds: how long a receipt is kept.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, retention_seconds: int) -> None:
        self._redis = redis
        self._scripts = scripts
        self._retention_seconds = retention_seconds
        self._keys = scripts.keys

    async def keep(self, receipt: Receipt) -> None:
        """Keep one."""
        await keep_receipt(self._scripts, receipt, self._retention_seconds)

    async def get(self, tenant: str, receipt_id: str) -> Receipt | None:
        """One of the tenant's; None when there is none, or none any more."""
        return next(iter(await self._read(tenant, [receipt_id])), None)

    async def page(self, tenant: str, page: Page) -> Slice[Receipt]:
        """A part of the tenant's, newest first."""
        places = await newest(self._scripts, [self._keys.receipts(tenant)], page)
        return Slice(places.count, await self._read(tenant, [place.name for place in places.items]), places.after)

    async def _read(self, tenant: str, ids: list[str]) -> list[Receipt]:
        prefix, receipts = self._keys.receipt_prefix(tenant), list[Receipt]()
        for data in await answered(self._redis.mget([prefix + receipt_id for receipt_id in ids])) if ids else []:
            try:
                receipts += [Receipt.model_validate_json(data)] if data else []
            except ValidationError:
                log.warning("left_out", reason="a receipt was written by a newer Scrubjay; upgrade this process")
        return receipts
