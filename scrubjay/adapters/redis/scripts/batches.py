"""Scripts over the batch that the holder of a lane works on: taken, planned, settled; and what follows a failure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

from scrubjay.adapters.redis.codec import decode_plan, decode_turn, encode_events, encode_plan, shortened
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.leases import ensure_ours
from scrubjay.adapters.redis.scripts.runner import Argument
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


async def take(lanes: LaneScripts, lease: Lease, limits: InboxLimits, max_turns: int, max_chars: int) -> Taken:
    """Take the next turns of a lane, at most so many of at most so many characters together. Raises LeaseLost."""
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    names = [
        *(lane.lease, lane.counters, lane.waiting, lane.plan, keys.lanes),
        *(lane.ledger, keys.backlog, lane.owned, lane.dead),
    ]
    args: list[Argument] = [lease.token, lane.id, max_turns, max_chars, limits.max_attempts, *lane.prefixes]
    outcome, *rest = await lanes.run("take", names, [*args, _LOST_WORKER, limits.retention_seconds])
    ensure_ours(outcome != b"lost", lease.lane)
    lost = [turn_id.decode() for turn_id in rest[0]]
    if outcome != b"turns":
        return Taken(lost, "again" if outcome == b"again" else "empty")
    _, rows, plan, others_wait = rest
    turns = tuple(decode_turn(row) for row in rows)
    batch = Batch(turns=turns, plan=decode_plan(plan) if plan else None, others_wait=bool(others_wait))
    return Taken(lost, "turns", batch)


async def record(lanes: LaneScripts, lease: Lease, plan: Plan) -> None:
    """Keep the plan with its batch. Raises LeaseLost."""
    lane = await lanes.of(lease.lane)
    names = [lane.lease, lane.plan, lane.counters]
    ensure_ours(await lanes.run("record", names, [lease.token, encode_plan(plan)]), lease.lane)


async def unplan(lanes: LaneScripts, lease: Lease) -> None:
    """Drop a lane's plan: its batch is decided anew. Raises LeaseLost."""
    lane = await lanes.of(lease.lane)
    names = [lane.lease, lane.plan, lane.counters]
    ensure_ours(await lanes.run("unplan", names, [lease.token]), lease.lane)


async def settle(lanes: LaneScripts, lease: Lease, plan: Plan, erased: frozenset[str], limits: InboxLimits) -> bool:
    """Let a batch leave its lane, as its plan is applied; returns whether webhooks wait for it. Raises LeaseLost.

    Args:
        lanes: runs it.
        lease: of the lane.
        plan: what was applied.
        erased: the ids of turns that an erase has covered.
        limits: bounds.
    """
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    names = [
        *(lane.lease, lane.counters, lane.waiting, lane.plan, lane.ledger),
        *(keys.backlog, lane.owned, keys.hooks(lane.tenant), lane.hook_outbox),
        *(keys.hook_lanes(lane.tenant), keys.hooks_due),
    ]
    args: list[Argument] = [lease.token, *lane.prefixes, limits.retention_seconds, plan.dropped]
    args += [keys.text_prefix(lane.tenant), limits.text_seconds]
    for turn_id in plan.turn_ids:
        status = Status.ERASED if turn_id in erased else Status.SETTLED
        args += [turn_id, status.value, encode_events(plan.events.get(turn_id, ())), int(turn_id in plan.gated)]
    answer = await lanes.run("settle", names, args)
    ensure_ours(answer, lease.lane)
    return bool(answer == _NOTED)


async def outcomes(lanes: LaneScripts, lease: Lease, record_name: str, *, dies: bool) -> OthersOutcomes:
    """What became of others' calls in the step in which a batch has failed. Raises LeaseLost.

    Args:
        lanes: runs it.
        lease: of the batch's lane.
        record_name: of the calls, as the error names it.
        dies: note as well that a turn dies of it though there were few others to compare it with.
    """
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    names = [
        *(lane.lease, lane.counters, lane.waiting),
        *(keys.outcomes(record_name), keys.outcomes_marks(record_name)),
    ]
    args: list[Argument] = [lease.token, keys.turn_prefix(lane.tenant), owner_of(lease.lane), PROBE, int(dies)]
    answer = await lanes.run("outcomes", names, args)
    ensure_ours(answer, lease.lane)
    turns, tries, answered, failed, failing, may_die = map(int, answer)
    return OthersOutcomes(turns, tries, answered, failed, failing, bool(may_die))


async def postpone(lanes: LaneScripts, lease: Lease, failure: Failure, limits: InboxLimits) -> int:
    """Let a lane sleep after a transient failure; returns for how many milliseconds. Raises LeaseLost."""
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    names = [lane.lease, lane.counters, lane.waiting, keys.lanes]
    args: list[Argument] = [lease.token, lane.id, *lane.prefixes, failure.error, _BACKOFF_BASE_MS]
    args += [int(limits.retry_max_seconds * 1000), failure.retry_after_ms, random.random()]
    args += [shortened(failure.error), int(failure.counted)]
    delay_ms = int(await lanes.run("postpone", names, args))
    ensure_ours(delay_ms >= 0, lease.lane)
    return delay_ms


async def fail(lanes: LaneScripts, lease: Lease, error: str) -> None:
    """Halve a batch after a permanent failure; a turn that stands alone becomes a dead letter. Raises LeaseLost."""
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    names = [
        *(lane.lease, lane.counters, lane.waiting, lane.plan, lane.ledger),
        *(keys.backlog, lane.owned, lane.dead),
    ]
    args: list[Argument] = [lease.token, *lane.prefixes, error, shortened(error)]
    ensure_ours(await lanes.run("fail", names, args), lease.lane)
