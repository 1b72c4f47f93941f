"""Turns on Redis that people judge: dead ones are replayed, as far as limits allow, or any one is discarded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field

from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.lane_names import LaneKeys
from scrubjay.adapters.redis.limits import FULL, LANE_FULL
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.scripts.turns import DeadTurn, discard, revive
from scrubjay.errors import LaneBusy, NotFound, TurnFinished
from scrubjay.model import Status
from scrubjay.ports import Revived

_AT_ONCE = 100
_DISCARD_SECONDS = 5
_DISCARD_LOOK_SECONDS = 0.05


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
    full: dict[LaneKeys, str] = field(default_factory=dict)

    def add(self, lane: LaneKeys, answer: str) -> None:
        """Note what the script answered for a turn."""
        if answer == "revived":
            self.count += 1
        elif answer != "not_dead":
            self.left += 1
            if answer != "behind":
                self.full[lane] = answer

    @property
    def limits(self) -> list[str]:
        """The limits that were met, the widest first."""
        return [limit for limit in FULL if limit in self.full.values()]

    @property
    def is_over(self) -> bool:
        """Whether no other lane has room either."""
        return any(limit != LANE_FULL for limit in self.limits)


class RedisDeadLetters:
    """Replays and discards turns that people decide on: the port `DeadLetters` on Redis.

    Args:
        core: what the adapters share.
    """

    def __init__(self, core: RedisCore) -> None:
        self._core = core

    async def revive(self, tenant: str, turn_ids: Sequence[str], *, replay: bool) -> Revived:
        """Replay dead turns in this order, or discard them. Raises InboxUnavailable.

        A lane that is full keeps its own turns back, a tenant or an inbox that is full all that follow. No turn of a
        lane passes one before it.
        """
        outcome = _Outcome()
        for start in range(0, len(turn_ids), _AT_ONCE):
            chunk = turn_ids[start : start + _AT_ONCE]
            turns = await self._dead_turns(tenant, chunk)
            tried = [turn for turn in turns if turn.lane not in outcome.full]
            outcome.left += len(turns) - len(tried)
            # The calls are begun one after the other, and the scripts run in the order in which they were begun.
            answers = await asyncio.gather(*self._steps(tried, replay))
            for turn, answer in zip(tried, answers, strict=True):
                outcome.add(turn.lane, answer)
            if outcome.is_over:
                outcome.left += len(turn_ids) - start - len(chunk)
                break
        reason = FULL[outcome.limits[0]] if outcome.limits else None
        return Revived(count=outcome.count, left=outcome.left, reason=reason)

    async def _dead_turns(self, tenant: str, turn_ids: Sequence[str]) -> list[DeadTurn]:
        """Read each turn's lane from Redis, with one pipeline; turns that are there no longer are left out."""
        async with self._core.redis.pipeline(transaction=False) as pipeline:
            for turn_id in turn_ids:
                pipeline.hget(self._core.keys.turn(tenant, turn_id), "lane")
            lane_ids = await answered(pipeline.execute())
        rows, keys = zip(turn_ids, lane_ids, strict=True), self._core.keys
        return [DeadTurn(turn_id, LaneKeys(keys, lane_id.decode())) for turn_id, lane_id in rows if lane_id]

    def _steps(self, turns: Sequence[DeadTurn], replay: bool) -> Iterator[Awaitable[str]]:
        core, last = self._core, dict[LaneKeys, str]()
        for turn in turns:
            following = turn._replace(before=last.get(turn.lane))
            yield revive(core.scripts, following, core.wakeups, core.limits, replay=replay)
            last[turn.lane] = turn.id

    async def discard(self, tenant: str, turn_id: str) -> None:
        """Give up a turn that waits, or is dead: its text is removed, and its lane goes on without it.

        Raises NotFound, TurnFinished, or LaneBusy while what came of it is being written.
        """
        deadline = asyncio.get_running_loop().time() + _DISCARD_SECONDS
        while _is_busy(await self._discarded(tenant, turn_id)):
            if asyncio.get_running_loop().time() > deadline:
                raise LaneBusy("what came of this turn is being written just now", retry_after_seconds=1)
            await asyncio.sleep(_DISCARD_LOOK_SECONDS)

    async def _discarded(self, tenant: str, turn_id: str) -> str:
        core = self._core
        status, lane_id = await answered(core.redis.hmget(core.keys.turn(tenant, turn_id), "status", "lane"))
        if status is None or lane_id is None:  # what was erased names no lane
            return (status or b"").decode()
        if status == Status.DEAD.value.encode():
            return "discarded" if (await self.revive(tenant, [turn_id], replay=False)).count else "busy"
        return await discard(core.scripts, turn_id, LaneKeys(core.keys, lane_id.decode()), core.wakeups, core.limits)


def _is_busy(outcome: str) -> bool:
    """Whether the script `discard` has to be run again; raises where there is nothing to discard."""
    if outcome == "":
        raise NotFound("there is no turn with this id; statuses are kept for the retention time")
    if outcome in ("settled", "erased"):
        raise TurnFinished(f"the turn is {outcome}: it does not wait any more")
    return outcome != "discarded"
