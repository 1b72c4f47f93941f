"""Taking turns in, on Redis: one Lua script, so one atomic step."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from functools import partial

from scrubjay.adapters.redis.codec import encode_submission
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import with_current_names
from scrubjay.adapters.redis.limits import FULL
from scrubjay.adapters.redis.scripts.order import OrderUnseededError
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.scripts.turns import Acceptance, NewTurn, accept
from scrubjay.errors import IdempotencyConflict, InboxFull, StoreUnavailable
from scrubjay.model import Submission
from scrubjay.ports import Accepted

_SEED_SECONDS = 1


class RedisIntake:
    """Accepts turns: the port `TurnIntake` on Redis 6.2 or newer (one primary; Redis Cluster is not supported).

    Args:
        core: what the adapters share.
    """

    def __init__(self, core: RedisCore) -> None:
        self._core = core

    async def ping(self) -> None:
        """Raises InboxUnavailable when Redis does not answer, or takes no writes: a replica answers a PING as well."""
        await answered(self._core.redis.delete(self._core.keys.nothing))

    async def accept(self, submission: Submission, *, idempotency_key: str | None = None) -> Accepted:
        """Take a turn in. Raises InboxFull or IdempotencyConflict, and then nothing was taken.

        Raises InboxUnavailable when Redis does not answer in time: it may have been taken all the same, so whoever asks
        again sends the same key.
        """
        core, turn = self._core, await self._new_turn(submission, idempotency_key)
        step = partial(accept, core.lanes, turn, core.wakeups, core.limits)
        try:
            acceptance = await with_current_names(step)
        except OrderUnseededError:
            with contextlib.suppress(StoreUnavailable, TimeoutError):  # accepting needs Redis alone
                async with asyncio.timeout(_SEED_SECONDS):
                    await core.order.seed()
            acceptance = await with_current_names(partial(step, allow_unseeded=True))
        return _accepted(acceptance)

    async def _new_turn(self, submission: Submission, idempotency_key: str | None) -> NewTurn:
        body, idempotency = encode_submission(submission), None
        if idempotency_key is not None:
            pseudonyms = self._core.pseudonyms
            idempotency = (await pseudonyms.idempotency(idempotency_key), await pseudonyms.body(body))
        return NewTurn(str(uuid.uuid4()), submission.scope, body, idempotency)


def _accepted(acceptance: Acceptance) -> Accepted:
    """Turn the answer of the Lua script `accept` into an `Accepted`. Raises IdempotencyConflict or InboxFull."""
    outcome = acceptance.outcome
    if outcome == "conflict":
        raise IdempotencyConflict("this Idempotency-Key was used before with another body; use a new key")
    if outcome in FULL:
        raise InboxFull(f"{FULL[outcome]}; try again later", retry_after_seconds=5)
    return Accepted(id=acceptance.turn_id, repeated=outcome == "repeated")
