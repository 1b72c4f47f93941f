"""Remembering: drain a lane. Decide what its waiting turns change, record it, apply it, settle."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from memory.errors import LeaseLost, Permanent, Transient, TurnstoneError
from memory.model import (
    Batch,
    Decision,
    Event,
    Extraction,
    Fact,
    Lane,
    Lease,
    Memory,
    Plan,
    Role,
    Turn,
    Vector,
    Write,
)
from memory.plan import Planner, Source, final_writes, texts_of
from memory.ports import Embedder, Extractor, Inbox, Lanes, MemoryStore, Reconciler
from memory.reconcile import union
from memory.removals import finish_removals, take_back

log = structlog.get_logger(__name__)

_NEIGHBOURS = 5
# A drain gives its lane up after so many batches and rings for it again, so that one full lane starves no other.
_BATCHES_A_DRAIN = 8


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """What draining needs.

    Args:
        batch_turns: at most so many turns are decided on at once.
        batch_chars: and at most about so many characters.
    """

    lanes: Lanes
    store: MemoryStore
    extractor: Extractor
    reconciler: Reconciler
    embedder: Embedder
    batch_turns: int = 8
    batch_chars: int = 24_000


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
        for _ in range(_BATCHES_A_DRAIN):
            batch = await parts.lanes.take(lease, parts.batch_turns, parts.batch_chars)
            if batch is None:
                break
            try:
                settled += await _pass(lease, batch, parts)
            except LeaseLost:
                log.warning("lease_lost", lane_kind=lane.kind, token=lease.token)
                break
            except Transient as error:
                delay = await parts.lanes.postpone(lease, str(error), error.retry_after_seconds)
                log.warning("lane_backs_off", error=error.code, reason=str(error), delay_seconds=delay)
                break
            except Permanent as error:
                log.warning("batch_failed", error=error.code, reason=str(error), turns=len(batch.turns))
                await parts.lanes.fail(lease, f"{error.code}: {error}")
    return settled


async def _pass(lease: Lease, batch: Batch, parts: Remembering) -> int:
    plan = batch.plan
    if plan is None:
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
    log.info("turns_settled", turns=len(batch.turns), writes=len(plan.writes), dropped=plan.dropped)
    return len(batch.turns)


async def _not_forgotten(writes: Sequence[Write], lanes: Lanes) -> list[Write]:
    """Without the versions that an erase has covered since the plan was made: an old text must not come back by it."""
    epochs = {scope: await lanes.epochs(scope) for scope in {write.memory.scope for write in writes}}
    return [
        write for write in writes if all(write.memory.updated_at > epoch for _, epoch in epochs[write.memory.scope])
    ]


async def decide(turns: Sequence[Turn], parts: Remembering) -> Plan:
    """Work out what a batch changes: extract, embed, look for neighbours, reconcile. Changes nothing.

    Args:
        turns: of one lane, in order.
        parts: the world.

    Raises what the extractor, the reconciler, the embedder and the store raise.
    """
    extraction = await parts.extractor.extract([turn for turn in turns if turn.infer])
    facts = [fact for turn in turns for fact in _facts_of(turn, extraction)]
    vectors = await _embed([fact.text for fact in facts], {}, parts.embedder)

    by_id = {turn.id: turn for turn in turns}
    weighed = [fact for fact in facts if by_id[fact.turn_id].infer]
    neighbours = await parts.store.neighbours(
        turns[0].scope.lane.scope, [vectors[fact.text] for fact in weighed], _NEIGHBOURS
    )
    known = [one.memory for one in union(neighbours)]
    outcome = await parts.reconciler.reconcile(weighed, neighbours)
    decided = {id(fact): decision for fact, decision in zip(weighed, outcome.decisions, strict=True)}
    decisions = [decided.get(id(fact), Decision(candidate=0, event=Event.ADD)) for fact in facts]
    targets = [_target(decision, known) for decision in decisions]

    vectors = await _embed(texts_of(facts, decisions, targets), vectors, parts.embedder)
    source = Source(parts.extractor.name, parts.extractor.prompt_version)
    planner = Planner(by_id, vectors, source)
    for fact, decision, target in zip(facts, decisions, targets, strict=True):
        planner.follow(fact, decision, target)
    return planner.plan(extraction.dropped, extraction.usage + outcome.usage)


def _target(decision: Decision, known: Sequence[Memory]) -> Memory | None:
    return known[decision.target] if decision.target is not None else None


def _facts_of(turn: Turn, extraction: Extraction) -> list[Fact]:
    """The facts of one turn. With `infer=false` each user or assistant message is one, word for word."""
    if turn.infer:
        return [fact for fact in extraction.facts if fact.turn_id == turn.id]
    return [
        Fact(turn_id=turn.id, text=message.content, category="", quote=message.content)
        for message in turn.messages
        if message.role in (Role.USER, Role.ASSISTANT) and message.content.strip()
    ]


async def _embed(texts: Sequence[str], known: Mapping[str, Vector], embedder: Embedder) -> dict[str, Vector]:
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    found = await embedder.embed(missing) if missing else []
    return {**known, **dict(zip(missing, found, strict=True))}


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
