"""Books what models cost in Redis: the tenant's totals by model, and each turn's share."""

from __future__ import annotations

import structlog

from scrubjay.adapters.redis.scripts.calls import add_usage
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import InboxUnavailable
from scrubjay.llm.usage import payer
from scrubjay.model import Usage

log = structlog.get_logger(__name__)


class RedisMeter:
    """The port `Meter` on Redis.

    Args:
        scripts: runs the step.
    """

    def __init__(self, scripts: RedisScripts) -> None:
        self._scripts = scripts

    async def spent(self, model: str, usage: Usage) -> None:
        """Book an answered call on whoever pays. It fails no call: what cannot be booked is logged."""
        pays = payer()
        if pays is None:
            return
        try:
            await add_usage(self._scripts, model, usage, pays)
        except InboxUnavailable as error:
            log.warning("cost_not_booked", reason=error.plain, calls=usage.calls, embeddings=usage.embeddings)
