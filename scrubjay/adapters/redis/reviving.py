"""Dead turns on Redis: replayed, as far as the limits of what waits allow, or discarded, each in a step of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import FULL, LANE_FULL, MOST_MESSAGES, InboxLimits
from scrubjay.adapters.redis.scripts import Argument, RedisScripts, answered
from scrubjay.model import Lane
from scrubjay.ports import Revived, WakeupMessages

_AT_ONCE = 100
_DONE, _BEHIND = 1, b"behind"

_Dead = tuple[str, str]  # a turn's id, and its lane


@dataclass
class _Outcome:
    """What has come of it so far.

    Args:
        count: turns that were replayed or discarded.
        left: turns that stay dead.
        full: the lanes that refused one, each with the limit.
    """

    count: int = 0
    left: int = 0
    full: dict[str, bytes] = field(default_factory=dict)

    def add(self, lane: str, answer: int | bytes) -> None:
        """Note what the script answered for a turn."""
        self.count += answer == _DONE
        if isinstance(answer, bytes):
            self.left += 1
            if answer != _BEHIND:
                self.full[lane] = answer

    @property
    def limits(self) -> list[bytes]:
        """The limits that were met, the widest first."""
        return [limit for limit in FULL if limit in self.full.values()]

    @property
    def is_over(self) -> bool:
        """Whether no other lane has room either."""
        return any(limit != LANE_FULL for limit in self.limits)


class RedisReviving:
    """Dead turns go back into their lanes, or out of the books.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        scripts: runs the steps.
        wakeups: makes the message that wakes a worker.
        limits: bounds.
    """

    def __init__(self, redis: Redis, scripts: RedisScripts, wakeups: WakeupMessages, limits: InboxLimits) -> None:
        self._redis = redis
        self._run = scripts.run
        self._keys = scripts.keys
        self._wakeups = wakeups
        self._limits = limits

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> Revived:
        """Replay dead turns in this order, or discard them. Raises InboxUnavailable.

        A lane that is full keeps its own turns back, a tenant or an inbox that is full all that follow. No turn of a
        lane passes one before it.
        """
        outcome = _Outcome()
        for start in range(0, len(turn_ids), _AT_ONCE):
            chunk = turn_ids[start : start + _AT_ONCE]
            known = await self._known(tenant, chunk)
            tried = [(turn_id, lane) for turn_id, lane in known if lane not in outcome.full]
            outcome.left += len(known) - len(tried)
            # The calls are begun one after the other, and the scripts run in the order in which they were begun.
            answers = await asyncio.gather(*self._steps(tenant, tried, replay))
            for (_, lane), answer in zip(tried, answers, strict=True):
                outcome.add(lane, answer)
            if outcome.is_over:
                outcome.left += len(turn_ids) - start - len(chunk)
                break
        reason = FULL[outcome.limits[0]] if outcome.limits else None
        return Revived(count=outcome.count, left=outcome.left, reason=reason)

    async def _known(self, tenant: str, turn_ids: Sequence[str]) -> list[_Dead]:
        """Read each turn's lane from Redis, with one pipeline; turns that are there no longer are left out."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in turn_ids:
                pipeline.hget(self._keys.turn(tenant, turn_id), "lane")
            lanes = await answered(pipeline.execute())
        return [(turn_id, lane.decode()) for turn_id, lane in zip(turn_ids, lanes, strict=True) if lane]

    def _steps(self, tenant: str, dead: Sequence[_Dead], replay: bool) -> Iterator[Awaitable[int | bytes]]:
        last = dict[str, str]()
        for turn_id, lane in dead:
            yield self._step(tenant, turn_id, Lane.parse(lane), replay, last.get(lane, ""))
            last[lane] = self._keys.turn(tenant, turn_id)

    def _step(self, tenant: str, turn_id: str, lane: Lane, replay: bool, before: str) -> Awaitable[int | bytes]:
        """One turn's step.

        Args:
            tenant: whose.
            turn_id: of the turn.
            lane: that it belongs to.
            replay: or it is discarded.
            before: the key of the turn that was to be replayed before it in its lane; empty: none.
        """
        keys, limits = self._keys, self._limits
        names = [keys.turn(tenant, turn_id), keys.waiting(lane), keys.ledger(tenant), keys.backlog, keys.lanes]
        names += [self._wakeups.queue, keys.lane(lane), keys.owned(lane), keys.dead(lane), keys.tenants]
        args: list[Argument] = [turn_id, keys.status_prefix(tenant), lane.key, self._wakeups.message()]
        args += [MOST_MESSAGES, limits.retention_seconds, int(replay)]
        args += [limits.max_backlog, limits.max_lane_backlog, *limits.tenant_backlog, before]
        return self._run("revive", names, args)
