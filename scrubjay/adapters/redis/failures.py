"""What follows when a batch has failed, on Redis: whose fault it may be, a pause, a bisection or a dead letter."""

from __future__ import annotations

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.scripts import batches
from scrubjay.model import CallOutcomes, Lease

_LONGEST_ASKED_SECONDS = 600  # a Retry-After of a day is not honoured to the letter


class RedisFailures:
    """The part of the port `Lanes` for batches that have failed.

    Args:
        core: what the adapters share.
    """

    def __init__(self, core: RedisCore) -> None:
        self._lanes, self._limits = core.lanes, core.limits

    async def outcomes(self, lease: Lease, record: str, *, dies: bool = False) -> CallOutcomes:
        """What became of others' calls in the step in which the held batch has failed."""
        others = await batches.outcomes(self._lanes, lease, record, dies=dies)
        tries = others.tries + 1
        return CallOutcomes(
            turns=others.turns,
            tries=tries,
            is_last=others.turns == 1 and tries >= self._limits.max_attempts,
            answered=others.answered,
            failed=others.failed,
            failing=others.failing,
            may_die_without_others=others.may_die,
        )

    async def postpone(
        self, lease: Lease, error: str, retry_after_seconds: float | None, *, counted: bool = False
    ) -> float:
        """A transient failure: the lane sleeps for the returned seconds; no attempt is spent unless it is counted."""
        retry_after_ms = int(1000 * min(retry_after_seconds or 0, _LONGEST_ASKED_SECONDS))
        failure = batches.Failure(error, retry_after_ms, counted)
        return await batches.postpone(self._lanes, lease, failure, self._limits) / 1000

    async def fail(self, lease: Lease, error: str) -> None:
        """A permanent failure: the batch is halved; a turn that stands alone goes to the dead letters."""
        await batches.fail(self._lanes, lease, error)
