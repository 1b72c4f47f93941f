"""A circuit breaker that the whole fleet shares: its state is in Redis, and each step is one Lua script.

Closed, it counts failures in a row; those of one owner alone do not open it. Open, it refuses until its pause is over.
Then one call of the whole fleet is let through, and not at once that of whoever failed last; with each answer one more
at once, until they are no longer counted; with each failure half as many, and a failure of the only one opens again for
twice as long. So of the calls begun since it opened there are never more at once than one and the answers since.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from scrubjay.adapters.redis.scripts.calls import (
    Admitted,
    Caller,
    CallOutcome,
    Pauses,
    breaker_admit,
    breaker_report,
    breaker_trouble,
)
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.errors import InboxUnavailable, ModelRefused, ModelRejected, ModelUnavailable
from scrubjay.llm.asking import asker
from scrubjay.model import Trouble
from scrubjay.model.clock import from_us

log = structlog.get_logger(__name__)

_LONGEST_ASKED_SECONDS = 600  # as for a lane: a Retry-After of a day is not honoured to the letter
_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and how it closes again.

    Args:
        threshold: failures in a row, of the whole fleet, that open it.
        base_seconds: the first pause; each further one is twice as long,
        longest_seconds: but no longer than this, unless the provider asks for more.
        call_seconds: how long a call can take; then its place is free though nobody reported.
        whole: with so many calls at once the provider counts as back, and calls are no longer counted.
    """

    threshold: int = 5
    base_seconds: float = 1
    longest_seconds: float = 60
    call_seconds: float = 120
    whole: int = 64


def name_of(*endpoint: str | None) -> str:
    """The name of an endpoint's circuit breaker in Redis' keys: a SHA-256 hash of all that makes it another endpoint.

    Nothing can be read back from it.
    """
    return hashlib.sha256("\0".join(part or "" for part in endpoint).encode()).hexdigest()[:24]


class RedisBreaker:
    """One endpoint's breaker. Redis away: every call is let through, as lanes then rest anyway and people still ask.

    Args:
        scripts: runs the steps.
        name: the same wherever the same endpoint is meant, see `name_of`.
        limits: when it opens, and how it closes.
    """

    def __init__(self, scripts: RedisScripts, name: str, limits: BreakerLimits) -> None:
        self._scripts = scripts
        self._name = name
        self._limits = limits

    async def trouble(self) -> Trouble | None:
        """Why calls are paused and since when; None from the first answer on. Raises InboxUnavailable."""
        trouble = await breaker_trouble(self._scripts, self._name)
        if trouble is None:
            return None
        reason, since_us = trouble
        return Trouble(reason=f"{reason}; calls are paused.", since=from_us(since_us))

    @contextlib.asynccontextmanager
    async def call(self, step: str | None = None) -> AsyncIterator[None]:
        """Make one call inside. What it raises tells how the provider is; a cancelled call tells nothing.

        Args:
            step: the step of remembering that it is for, in which the outcomes of owners are compared.

        Raises ModelUnavailable without a call being made when it is not the time for one.
        """
        call, outcomes = uuid.uuid4().hex, f"{self._name}:{step}" if step else None
        opening = await self._admitted(call)
        outcome, failure = "left", None
        try:
            yield
            outcome = "answered"
        except ModelRejected:
            outcome = "answered"
            raise
        except ModelUnavailable as error:
            outcome, failure = "refused" if isinstance(error, ModelRefused) else "failed", error
            if outcome == "failed" and not error.for_any_request:
                error.outcomes = outcomes
            raise
        finally:
            if opening is not None:
                await self._report(call, opening, outcome, failure, outcomes)

    async def _admitted(self, call: str) -> bytes | None:
        """The opening that the call is made under; None when Redis is away. Raises ModelUnavailable."""
        limits = self._limits
        rest_ms = _ms(min(limits.base_seconds, limits.longest_seconds))
        try:
            answer = await breaker_admit(
                self._scripts, self._name, _caller(call), call_ms=_ms(limits.call_seconds), rest_ms=rest_ms
            )
        except InboxUnavailable as error:
            log.warning("breaker_unreachable", reason=error.plain)
            return None
        if isinstance(answer, Admitted):
            return answer.opening
        # Whoever waits does not come back in the same moment as all others.
        seconds = answer.wait_ms / 1000 * random.uniform(1, 1 + _JITTER)
        then = "a few calls at a time try whether it is back, this one" if answer.is_tried else "asking again"
        sentence = f"{answer.reason}; {then} in {math.ceil(seconds)} s."
        raise ModelUnavailable(sentence, retry_after_seconds=seconds)

    async def _report(
        self, call: str, opening: bytes, outcome: str, failure: ModelUnavailable | None, outcomes: str | None
    ) -> None:
        limits, asked_seconds = self._limits, (failure.retry_after_seconds if failure else None) or 0
        # Without the provider's own words: they may repeat what one tenant said, and all read the reason.
        reason = failure.plain if failure else ""
        # Longer than any lane sleeps: while lanes still wait for the provider, it is not forgotten that it was away.
        kept_seconds = 2 * max(limits.longest_seconds, _LONGEST_ASKED_SECONDS)
        pauses = Pauses(
            threshold=limits.threshold,
            base_ms=_ms(limits.base_seconds),
            longest_ms=_ms(limits.longest_seconds),
            whole=limits.whole,
            keep_ms=_ms(kept_seconds),
        )
        retry_after_ms = _ms(min(asked_seconds, _LONGEST_ASKED_SECONDS))
        became = CallOutcome(opening, outcome, reason, retry_after_ms, outcomes)
        try:
            pause_ms = await breaker_report(self._scripts, self._name, _caller(call), became, pauses)
        except InboxUnavailable as error:
            log.warning("breaker_unreachable", reason=error.plain)
            return
        if pause_ms:
            log.warning("breaker_opens", reason=reason, pause_seconds=pause_ms / 1000)


def _caller(call: str) -> Caller:
    """The call with whoever asks for it."""
    asks = asker()
    return Caller(call, asks.owner, asks.turn or "") if asks else Caller(call, "")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
