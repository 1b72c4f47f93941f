"""Books what models cost in Redis: the tenant's totals by model, and each turn's share."""

from __future__ import annotations

import structlog

from scrubjay.adapters.redis.codec import NANO
from scrubjay.adapters.redis.scripts import Argument, RedisScripts
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
        self._run = scripts.run
        self._keys = scripts.keys

    async def spent(self, model: str, usage: Usage) -> None:
        """Book an answered call on whoever pays. It fails no call: what cannot be booked is logged."""
        pays = payer()
        if pays is None:
            return
        names = [self._keys.usage(pays.tenant), *(self._keys.turn(pays.tenant, turn_id) for turn_id in pays.turn_ids)]
        args: list[Argument] = [model, usage.calls, usage.embeddings]
        args += [usage.prompt_tokens, usage.completion_tokens, usage.embedding_tokens]
        args.append("" if usage.cost_usd is None else round(usage.cost_usd * NANO))
        try:
            await self._run("add_usage", names, args)
        except InboxUnavailable as error:
            log.warning("cost_not_booked", reason=error.plain, calls=usage.calls, embeddings=usage.embeddings)
