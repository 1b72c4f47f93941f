"""Scripts over the batch that the holder of a lane works on: taken, planned, settled; and what follows a failure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

from scrubjay.adapters.redis.codec import decode_plan, decode_turn, encode_events, encode_plan, shortened
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.leases import ensure_ours
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.llm.asking import PROBE, owner_of
from scrubjay.model import Batch, Lease, Plan, Status

_LOST_WORKER = "worker_lost: the worker was lost every time it held this turn alone"
_BACKOFF_BASE_MS = 500
_NOTED = 2


class Taken(NamedTuple):
    """What a step has taken out of a lane.

    Args:
        lost: the ids of turns of which nothing is left; they have left the lane.
        state: again: more may be lost, and the next step goes on; empty: the lane is asleep; or turns.
        batch: the turns, with their plan.
    """

    lost: Sequence[str]
    state: Literal["again", "empty", "turns"]
    batch: Batch | None = None


class OthersOutcomes(NamedTuple):
    """What became of others' calls in the step in which a batch has failed.

    Args:
        turns: in the batch.
        tries: the most that are counted of one of them.
        answered: to others.
        failed: for others.
        failing: how many others failed.
        may_die: whether a turn may die though there were few to compare with.
    """

    turns: int
    tries: int
    answered: int
    failed: int
    failing: int
    may_die: bool


class Failure(NamedTuple):
    """A transient failure of a batch.

    Args:
        error: what went wrong.
        retry_after_ms: how long the other side asked to wait, in milliseconds; 0 where it did not.
        counted: whether it counts against the turns.
    """

    error: str
    retry_after_ms: int
    counted: bool


async def take(scripts: RedisScripts, lease: Lease, limits: InboxLimits, max_turns: int, max_chars: int) -> Taken:
    """Take the next turns of a lane, at most so many of at most so many characters together. Raises LeaseLost."""
    keys, lane = scripts.keys, lease.lane
    names = [
        *(keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.plan(lane), keys.lanes),
        *(keys.ledger(lane.tenant), keys.backlog, keys.owned(lane), keys.dead(lane)),
    ]
    args: list[Argument] = [lease.token, lane.key, max_turns, max_chars, limits.max_attempts, *keys.prefixes(lane)]
    outcome, *rest = await scripts.run("take", names, [*args, _LOST_WORKER, limits.retention_seconds])
    ensure_ours(outcome != b"lost", lane)
    lost = [turn_id.decode() for turn_id in rest[0]]
    if outcome != b"turns":
        return Taken(lost, "again" if outcome == b"again" else "empty")
    _, rows, plan, others_wait = rest
    turns = tuple(decode_turn(row) for row in rows)
    batch = Batch(turns=turns, plan=decode_plan(plan) if plan else None, others_wait=bool(others_wait))
    return Taken(lost, "turns", batch)


async def record(scripts: RedisScripts, lease: Lease, plan: Plan) -> None:
    """Keep the plan with its batch. Raises LeaseLost."""
    keys, lane = scripts.keys, lease.lane
    names = [keys.lease(lane), keys.plan(lane), keys.lane(lane)]
    ensure_ours(await scripts.run("record", names, [lease.token, encode_plan(plan)]), lane)


async def unplan(scripts: RedisScripts, lease: Lease) -> None:
    """Drop a lane's plan: its batch is decided anew. Raises LeaseLost."""
    keys, lane = scripts.keys, lease.lane
    names = [keys.lease(lane), keys.plan(lane), keys.lane(lane)]
    ensure_ours(await scripts.run("unplan", names, [lease.token]), lane)


async def settle(scripts: RedisScripts, lease: Lease, plan: Plan, erased: frozenset[str], limits: InboxLimits) -> bool:
    """Let a batch leave its lane, as its plan is applied; returns whether webhooks wait for it. Raises LeaseLost.

    Args:
        scripts: runs it.
        lease: of the lane.
        plan: what was applied.
        erased: the ids of turns that an erase has covered.
        limits: bounds.
    """
    keys, lane = scripts.keys, lease.lane
    names = [
        *(keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.plan(lane), keys.ledger(lane.tenant)),
        *(keys.backlog, keys.owned(lane), keys.hooks(lane.tenant), keys.hook_outbox(lane)),
        *(keys.hook_lanes(lane.tenant), keys.hooks_due),
    ]
    args: list[Argument] = [lease.token, *keys.prefixes(lane), limits.retention_seconds, plan.dropped]
    args += [keys.text_prefix(lane.tenant), limits.text_seconds]
    for turn_id in plan.turn_ids:
        status = Status.ERASED if turn_id in erased else Status.SETTLED
        args += [turn_id, status.value, encode_events(plan.events.get(turn_id, ())), int(turn_id in plan.gated)]
    answer = await scripts.run("settle", names, args)
    ensure_ours(answer, lane)
    return bool(answer == _NOTED)


async def outcomes(scripts: RedisScripts, lease: Lease, record_name: str, *, dies: bool) -> OthersOutcomes:
    """What became of others' calls in the step in which a batch has failed. Raises LeaseLost.

    Args:
        scripts: runs it.
        lease: of the batch's lane.
        record_name: of the calls, as the error names it.
        dies: note as well that a turn dies of it though there were few others to compare it with.
    """
    keys, lane = scripts.keys, lease.lane
    names = [
        *(keys.lease(lane), keys.lane(lane), keys.waiting(lane)),
        *(keys.outcomes(record_name), keys.outcomes_marks(record_name)),
    ]
    args: list[Argument] = [lease.token, keys.turn_prefix(lane.tenant), owner_of(lane), PROBE, int(dies)]
    answer = await scripts.run("outcomes", names, args)
    ensure_ours(answer, lane)
    turns, tries, answered, failed, failing, may_die = map(int, answer)
    return OthersOutcomes(turns, tries, answered, failed, failing, bool(may_die))


async def postpone(scripts: RedisScripts, lease: Lease, failure: Failure, limits: InboxLimits) -> int:
    """Let a lane sleep after a transient failure; returns for how many milliseconds. Raises LeaseLost."""
    keys, lane = scripts.keys, lease.lane
    names = [keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.lanes]
    args: list[Argument] = [lease.token, lane.key, *keys.prefixes(lane), failure.error, _BACKOFF_BASE_MS]
    args += [int(limits.retry_max_seconds * 1000), failure.retry_after_ms, random.random()]
    args += [shortened(failure.error), int(failure.counted)]
    delay_ms = int(await scripts.run("postpone", names, args))
    ensure_ours(delay_ms >= 0, lane)
    return delay_ms


async def fail(scripts: RedisScripts, lease: Lease, error: str) -> None:
    """Halve a batch after a permanent failure; a turn that stands alone becomes a dead letter. Raises LeaseLost."""
    keys, lane = scripts.keys, lease.lane
    names = [
        *(keys.lease(lane), keys.lane(lane), keys.waiting(lane), keys.plan(lane), keys.ledger(lane.tenant)),
        *(keys.backlog, keys.owned(lane), keys.dead(lane)),
    ]
    args: list[Argument] = [lease.token, *keys.prefixes(lane), error, shortened(error)]
    ensure_ours(await scripts.run("fail", names, args), lane)
