"""Remembering: drain a lane. Decide what its waiting turns change, record it, apply it, settle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from memory.decide import Deciding, decide
from memory.errors import LeaseLost, Permanent, Transient, TurnstoneError
from memory.model import Batch, Lane, Lease, Write
from memory.plan import final_writes
from memory.ports import Inbox, Lanes, MemoryStore
from memory.removals import finish_removals, take_back
from memory.spending import paid_by

log = structlog.get_logger(__name__)

# A drain gives its lane up after so many batches and rings for it again, so that one full lane starves no other.
_BATCHES_A_DRAIN = 8


@dataclass(frozen=True, kw_only=True)
class Remembering(Deciding):
    """What draining needs.

    Args:
        batch_turns: at most so many turns are decided on at once.
        batch_chars: and at most about so many characters.
        batch_wait_seconds: how long a lane is left alone before its turns are taken, so that turns which come in a
            burst make one batch and cost one call.
    """

    lanes: Lanes
    batch_turns: int = 8
    batch_chars: int = 24_000
    batch_wait_seconds: float = 0


async def drain(lane: Lane, parts: Remembering) -> int:
    """Apply a lane's waiting turns in the order of acceptance.

    Args:
        lane: whose turns.
        parts: the world.

    Returns how many turns were settled; 0 when somebody else holds the lane. A failure that can be answered
    for leaves the turns in the inbox: backed off (transient), bisected or dead (permanent). Raises
    InboxUnavailable when Redis is away: the sweep rings again.
    """
    settled = 0
    async with parts.lanes.lease(lane) as lease:
        if lease is None:
            return 0
        await asyncio.sleep(parts.batch_wait_seconds)
        try:
            for _ in range(_BATCHES_A_DRAIN):
                batch = await parts.lanes.take(lease, parts.batch_turns, parts.batch_chars)
                done = await _tried(lease, batch, parts) if batch else None
                if done is None:
                    break
                settled += done
        except LeaseLost:
            log.warning("lease_lost", lane_kind=lane.kind, token=lease.token)
    return settled


async def _tried(lease: Lease, batch: Batch, parts: Remembering) -> int | None:
    """Work one batch off; returns how many turns were settled, None when the lane is to rest."""
    try:
        return await _pass(lease, batch, parts)
    except Transient as error:
        delay = await parts.lanes.postpone(lease, str(error), error.retry_after_seconds)
        log.warning("lane_backs_off", error=error.code, reason=str(error), delay_seconds=delay)
        return None
    except Permanent as error:
        log.warning("batch_failed", error=error.code, reason=str(error), turns=len(batch.turns))
        await parts.lanes.fail(lease, f"{error.code}: {error}")
        return 0


async def _pass(lease: Lease, batch: Batch, parts: Remembering) -> int:
    plan = batch.plan
    if plan is None:
        with paid_by(lease.lane.tenant, [turn.id for turn in batch.turns]):
            plan = await decide(batch.turns, parts)
        await parts.lanes.record(lease, plan)
    gone = frozenset(plan.turn_ids) - {turn.id for turn in batch.turns}
    seen = await parts.lanes.confirm(lease, batch.turns)
    writes = await _not_forgotten(final_writes(plan, gone | seen.erased), parts.lanes)
    try:
        await parts.store.apply(lease, writes, seen.good_until)
        await parts.lanes.settle(lease, plan, seen.erased)
    except LeaseLost:
        await take_back([turn.scope for turn in batch.turns], parts.lanes, parts.store)
        raise
    told = {"writes": len(plan.writes), "dropped": plan.dropped, "gated": len(plan.gated)}
    log.info("turns_settled", turns=len(batch.turns), **told)
    return len(batch.turns)


async def _not_forgotten(writes: Sequence[Write], lanes: Lanes) -> list[Write]:
    """Without the versions that an erase has covered since the plan was made: an old text must not come back by it."""
    epochs = {scope: await lanes.epochs(scope) for scope in {write.memory.scope for write in writes}}
    return [
        write for write in writes if all(write.memory.updated_at > epoch for _, epoch in epochs[write.memory.scope])
    ]


async def sweep_forever(inbox: Inbox, store: MemoryStore, every_seconds: float) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            rung = await inbox.sweep()
            repeated = await finish_removals(inbox, store)
        except TurnstoneError as error:  # whatever it is, the next sweep comes
            log.warning("sweep_failed", reason=str(error))
        else:
            if rung or repeated:
                log.info("swept", bells=rung, removals=repeated)
