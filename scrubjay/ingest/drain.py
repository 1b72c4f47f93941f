"""Remembering: drain a lane. Decide what its waiting turns change, record it, apply it, settle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from scrubjay.erase.tombstones import take_back
from scrubjay.errors import LeaseLost, NewerFormat, Permanent, Transient
from scrubjay.ingest.pipeline import DecisionServices, decide
from scrubjay.ingest.planner import final_writes
from scrubjay.ingest.suspicion import obituary, suspected
from scrubjay.model import Batch, Confirmation, Lane, Lease, Plan, Write
from scrubjay.ports import Lanes

log = structlog.get_logger(__name__)

# A drain gives its lane up after so many batches, so that one full lane starves no other. Where lanes of other tenants
# are ready, it does so after one.
_BATCHES_A_DRAIN = 8
_PLANS_A_BATCH = 3


@dataclass(frozen=True, kw_only=True)
class DrainServices:
    """What draining a lane needs.

    Args:
        lanes: where turns wait.
        decision: decides what they change; its store is written to.
        batch_turns: at most so many turns are decided on at once.
        batch_chars: and at most about so many characters.
        batch_wait_seconds: how long a lane is left alone before its turns are taken, so that turns which come in a
            burst make one batch and cost one call.
    """

    lanes: Lanes
    decision: DecisionServices
    batch_turns: int = 8
    batch_chars: int = 24_000
    batch_wait_seconds: float = 0


async def drain(lane: Lane, services: DrainServices) -> int:
    """Apply a lane's waiting turns in the order of acceptance.

    Args:
        lane: whose turns.
        services: what draining needs.

    Returns how many turns were settled; 0 when somebody else holds the lane. A failure that can be answered
    for leaves the turns in the inbox: backed off (transient), bisected or dead (permanent). Raises
    InboxUnavailable when Redis is away: the lane is ready again when its lease has ended.
    """
    async with services.lanes.lease(lane) as lease:
        return await drain_held(lease, services) if lease is not None else 0


async def drain_held(lease: Lease, services: DrainServices) -> int:
    """The same for a lane that is held; whoever took the lease hands it back. Returns how many turns were settled."""
    settled = 0
    await asyncio.sleep(max(0, services.batch_wait_seconds - lease.waited_seconds))
    try:
        for _ in range(_BATCHES_A_DRAIN):
            batch = await _taken(lease, services)
            done = await _tried(lease, batch, services) if batch else None
            if batch is None or done is None:
                break
            settled += done
            if batch.others_wait:
                break
    except LeaseLost:
        log.warning("lease_lost", lane_kind=lease.lane.kind, token=lease.token)
    return settled


async def _taken(lease: Lease, services: DrainServices) -> Batch | None:
    """The next turns; None when there are none, or when only a newer worker can read them: then the lane rests."""
    try:
        return await services.lanes.take(lease, services.batch_turns, services.batch_chars)
    except NewerFormat as error:
        await _rest(lease, error, services)
        return None


async def _rest(lease: Lease, error: Transient, services: DrainServices, *, counted: bool = False) -> None:
    delay = await services.lanes.postpone(lease, str(error), error.retry_after_seconds, counted=counted)
    log.warning("lane_backs_off", error=error.code, reason=error.plain, delay_seconds=delay, counted=counted)


async def _tried(lease: Lease, batch: Batch, services: DrainServices) -> int | None:
    """Work one batch off; returns how many turns were settled, None when the lane is to rest."""
    try:
        return await _pass(lease, batch, services)
    except Transient as error:
        seen = await suspected(lease, error, services.lanes, services.decision)
        if seen is None or not seen.is_last:
            await _rest(lease, error, services, counted=seen is not None)
            return None
        log.warning("turn_set_apart", error=error.code, reason=error.plain, tries=seen.tries)
        await services.lanes.fail(lease, obituary(error, seen))
        return 0
    except Permanent as error:
        log.warning("batch_failed", error=error.code, reason=error.plain, turns=len(batch.turns))
        await services.lanes.fail(lease, f"{error.code}: {error}")
        return 0


async def _pass(lease: Lease, batch: Batch, services: DrainServices) -> int:
    """Make memories of one batch of a lane's turns: plan, write to the store, settle. Returns how many turns it had."""
    plan, writes, seen = await _holding_plan(lease, batch, services)
    try:
        await services.decision.store.apply(lease, writes, seen.good_until)
        await services.lanes.settle(lease, plan, seen.erased)
    except LeaseLost:
        await take_back([turn.scope for turn in batch.turns], services.lanes, services.decision.store)
        raise
    facts = {"writes": len(plan.writes), "dropped": plan.dropped, "gated": len(plan.gated)}
    log.info("turns_settled", turns=len(batch.turns), **facts)
    return len(batch.turns)


async def _holding_plan(lease: Lease, batch: Batch, services: DrainServices) -> tuple[Plan, list[Write], Confirmation]:
    """The recorded plan, or a new one, that nothing erased is part of.

    A plan of which an erase has covered a part is decided anew: what is left of it would not fit together. Raises
    LeaseLost when erases do not let it be: the lane is about to be taken.
    """
    ids = [turn.id for turn in batch.turns]
    plan = batch.plan if batch.plan is not None and list(batch.plan.turn_ids) == ids else None
    gone: frozenset[str] = frozenset()
    for _ in range(_PLANS_A_BATCH):
        if plan is None:
            decided = await decide([turn for turn in batch.turns if turn.id not in gone], services.decision)
            plan = decided.model_copy(update={"turn_ids": tuple(ids)})
            await services.lanes.record(lease, plan)
        seen = await services.lanes.confirm(lease, batch.turns)
        writes = final_writes(plan)
        if seen.erased <= gone and not await _forgotten(writes, services.lanes):
            return plan, writes, seen
        plan, gone = None, seen.erased
    raise LeaseLost("this owner is being forgotten just now")


async def _forgotten(writes: Sequence[Write], lanes: Lanes) -> bool:
    """Whether an erase covers one of the versions that the plan of a batch of turns is to write.

    An old text must not come back by it.
    """
    epochs = {scope: await lanes.epochs(scope) for scope in {write.memory.scope for write in writes}}
    return any(write.memory.order <= epoch.order for write in writes for _, epoch in epochs[write.memory.scope])
