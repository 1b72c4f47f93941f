"""What follows when a batch has failed, on Redis: whose fault it may be, a pause, a bisection or a dead letter."""

from __future__ import annotations

import random
from typing import Any

from scrubjay.adapters.redis.codec import told
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts import Argument, RedisScripts
from scrubjay.errors import LeaseLost
from scrubjay.llm.asking import PROBE, owner_of
from scrubjay.model import CallOutcomes, Lane, Lease

_BACKOFF_BASE_MS = 500
_LONGEST_ASKED_SECONDS = 600  # a Retry-After of a day is not honoured to the letter


class RedisFailures:
    """The part of the port `Lanes` for batches that have failed.

    Args:
        scripts: runs the steps.
        limits: bounds.
    """

    def __init__(self, scripts: RedisScripts, limits: InboxLimits) -> None:
        self._run = scripts.run
        self._limits = limits
        self._keys = scripts.keys

    async def outcomes(self, lease: Lease, record: str, *, dies: bool = False) -> CallOutcomes:
        """What became of others' calls in the step in which the held batch has failed."""
        lane = lease.lane
        names = [self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane)]
        names += [self._keys.outcomes(record), self._keys.outcomes_marks(record)]
        args: list[Argument] = [lease.token, self._keys.turn_prefix(lane.tenant), owner_of(lane), PROBE, int(dies)]
        seen = await self._run("outcomes", names, args)
        still_ours(seen, lane)
        turns, tries, answered, failed, failing, may_die = map(int, seen)
        return CallOutcomes(
            turns=turns,
            tries=tries + 1,
            is_last=turns == 1 and tries + 1 >= self._limits.max_attempts,
            answered=answered,
            failed=failed,
            failing=failing,
            may_die_without_others=bool(may_die),
        )

    async def postpone(
        self, lease: Lease, error: str, retry_after_seconds: float | None, *, counted: bool = False
    ) -> float:
        """A transient failure: the lane sleeps for the returned seconds; no attempt is spent unless it is counted."""
        lane, limits = lease.lane, self._limits
        names = [self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane), self._keys.lanes]
        args: list[Argument] = [lease.token, lane.key, *self._keys.prefixes(lane), error, _BACKOFF_BASE_MS]
        asked_ms = int(1000 * min(retry_after_seconds or 0, _LONGEST_ASKED_SECONDS))
        args += [int(limits.retry_max_seconds * 1000), asked_ms, random.random(), told(error), int(counted)]
        delay_ms = await self._run("postpone", names, args)
        still_ours(delay_ms >= 0, lane)
        return float(delay_ms) / 1000

    async def fail(self, lease: Lease, error: str) -> None:
        """A permanent failure: the batch is halved; a turn that stands alone goes to the dead letters."""
        lane = lease.lane
        names = [self._keys.lease(lane), self._keys.lane(lane), self._keys.waiting(lane), self._keys.plan(lane)]
        names += [self._keys.ledger(lane.tenant), self._keys.backlog, self._keys.owned(lane), self._keys.dead(lane)]
        still_ours(await self._run("fail", names, [lease.token, *self._keys.prefixes(lane), error, told(error)]), lane)


def still_ours(ours: Any, lane: Lane) -> None:
    """Raise LeaseLost where a script has answered that the lease is another's."""
    if not ours:
        raise LeaseLost(f"the lease on a {lane.kind} lane was lost")
