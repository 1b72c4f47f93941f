"""Deciding: what a batch of turns changes. Extract, embed, look for neighbours, reconcile; nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrubjay.ingest.new_versions import Source, draft
from scrubjay.ingest.planner import Planner
from scrubjay.ingest.reconciliation import union
from scrubjay.ingest.wording import adds_to, carries
from scrubjay.llm.asking import asked_by
from scrubjay.llm.usage import paid_by
from scrubjay.model import Decision, Event, Extraction, Fact, Memory, Plan, Recalled, Role, Scope, Turn, Vector
from scrubjay.model.versions import is_late, is_misdated, latest_of
from scrubjay.ports import Embedder, Extractor, MemoryStore, Near, Reconciler
from scrubjay.safety.injection import Quarantine, judged, reads_like_an_instruction

_NEIGHBOURS = 5


@dataclass(frozen=True, kw_only=True)
class DecisionServices:
    """What a decision on a batch of turns needs.

    Args:
        store: where neighbours are looked for.
        extractor: finds the facts.
        reconciler: decides what each fact means for what is known.
        embedder: makes the vectors of facts and memories.
        quarantine: what becomes of facts that read like instructions to a prompt.
    """

    store: MemoryStore
    extractor: Extractor
    reconciler: Reconciler
    embedder: Embedder
    quarantine: Quarantine = Quarantine.MARK


async def decide(turns: Sequence[Turn], services: DecisionServices) -> Plan:
    """Work out what a batch changes.

    Args:
        turns: of one lane, in order.
        services: what a decision needs.

    Raises what the extractor, the reconciler, the embedder and the store raise.
    """
    if not turns:
        return Plan(turn_ids=())
    ids = [turn.id for turn in turns]
    with paid_by(turns[0].scope.tenant, ids), asked_by(turns[0].scope, ids):
        return await _decided(turns, services)


async def _decided(turns: Sequence[Turn], services: DecisionServices) -> Plan:
    by_id = {turn.id: turn for turn in turns}
    extraction = await services.extractor.extract([turn for turn in turns if turn.infer])
    extracted = [fact for turn in turns for fact in _facts_of(turn, extraction)]
    reads = await _reading(extracted, services.quarantine)
    is_held = [services.quarantine is Quarantine.HOLD and (reads(fact.text) or reads(fact.quote)) for fact in extracted]
    held_facts = [fact for fact, holds in zip(extracted, is_held, strict=True) if holds]
    facts = [fact for fact, holds in zip(extracted, is_held, strict=True) if not holds]
    vectors = await _embed([fact.text for fact in facts], {}, services.embedder)
    neighbours = await _neighbours(facts, by_id, vectors, services.store)
    with paid_by(turns[0].scope.tenant, list(dict.fromkeys(fact.turn_id for fact in facts if not fact.verbatim))):
        outcome = await services.reconciler.reconcile(facts, neighbours)
    known = union(neighbours)
    targets = [known[decision.target] if decision.target is not None else None for decision in outcome.decisions]

    histories = await _histories(facts, targets, by_id, services.store)
    members = await _members(facts, targets, by_id, services.store)
    source = Source(services.extractor.name, services.extractor.prompt_version)
    planner = Planner(by_id, source, histories, members, services.quarantine, reads)
    for number, (fact, decision, target) in enumerate(zip(facts, outcome.decisions, targets, strict=True)):
        turn = by_id[fact.turn_id]
        if target is not None and decision.event is Event.UPDATE:
            others = [recalled.memory.text for recalled in known if recalled.memory.scope != turn.scope]
            decision = _without_others_words(decision, fact, target.memory, others)
        own = draft(number, fact, turn)
        planner.follow(fact, decision, target.memory if target else None, own.id)
    for fact in held_facts:
        planner.hold(fact)
    if planner.shortened:
        planner.arrange(await services.store.members(turns[0].scope.lane, planner.shortened))
    return planner.plan(await _embed(planner.texts, vectors, services.embedder), extraction)


def _without_others_words(decision: Decision, fact: Fact, target: Memory, others: Sequence[str]) -> Decision:
    """A decision to update whose wording has nothing of what was said in other scopes.

    Else the fact keeps its own wording: beside what is known where the decision adds to that, or in its place.
    """
    if not decision.text or not carries(decision.text, others, (target.text, fact.text, fact.quote)):
        return decision
    if adds_to(decision.text, target.text, fact.text):
        return decision.model_copy(update={"event": Event.ADD, "target": None, "text": None})
    return decision.model_copy(update={"text": fact.text})


async def _members(
    candidates: Sequence[Fact], targets: Sequence[Recalled | None], turns: Mapping[str, Turn], store: MemoryStore
) -> list[Memory]:
    """The memories with the topics of those that candidates are compared with: some may come to stand for others."""
    topics = {stored.topic for target in targets if (stored := _stored(target, targets))}
    return await store.beside({turns[candidate.turn_id].scope for candidate in candidates}, topics) if topics else []


async def _reading(facts: Sequence[Fact], quarantine: Quarantine) -> Callable[[str], bool]:
    """What tells whether a text reads like an instruction; each text of the facts is judged once.

    A fact that does may be held, for a person to judge first: until then it is weighed against nothing, and nothing
    against it.
    """
    if quarantine is Quarantine.OFF:
        return reads_like_an_instruction
    return await judged(text for fact in facts for text in (fact.text, fact.quote))


def _facts_of(turn: Turn, extraction: Extraction) -> list[Fact]:
    """The facts of one turn. With `infer=false` each user or assistant message is one, word for word."""
    if turn.infer:
        return [fact for fact in extraction.facts if fact.turn_id == turn.id]
    return [
        Fact(turn_id=turn.id, text=message.content, category="", quote=message.content, verbatim=True)
        for message in turn.messages
        if message.role in (Role.USER, Role.ASSISTANT) and message.content.strip()
    ]


async def _neighbours(
    candidates: Sequence[Fact], turns: Mapping[str, Turn], vectors: Mapping[str, Vector], store: MemoryStore
) -> list[list[Recalled]]:
    """What is near each candidate, nearest first: of the store, and of what was said in earlier turns of the batch."""
    if not candidates:
        return []
    weighed = [number for number, candidate in enumerate(candidates) if not candidate.verbatim]
    queries = [_near(turns[candidates[number].turn_id], vectors[candidates[number].text]) for number in weighed]
    nearest = await store.neighbours(turns[candidates[0].turn_id].scope.lane, queries, _NEIGHBOURS)
    stored = dict(zip(weighed, nearest, strict=True))
    earlier = _told_before(weighed, candidates, turns, [vectors[candidate.text] for candidate in candidates])
    return [
        _nearest_first([*stored[number], *earlier[number]], turns[candidates[number].turn_id])
        if number in stored
        else []
        for number in range(len(candidates))
    ]


def _nearest_first(neighbours: Sequence[Recalled], turn: Turn) -> list[Recalled]:
    """Neighbours by score; of equally near ones those of the turn's own scope first."""
    return sorted(neighbours, key=lambda neighbour: (-neighbour.score, neighbour.memory.scope != turn.scope))


def _near(turn: Turn, vector: Vector) -> Near:
    """A turn of long ago is also weighed against what was taken back after it: it must not bring that to life again.

    What was taken back before it, but is dated ahead of it, is none of that.
    """
    is_old = turn.replayed or turn.said_at < turn.accepted_at
    until = None if turn.replayed else latest_of(turn)
    return Near(scope=turn.scope, vector=tuple(vector), taken_back=(turn.said_at, until) if is_old else None)


def _told_before(
    weighed: Sequence[int], candidates: Sequence[Fact], turns: Mapping[str, Turn], vectors: Sequence[Vector]
) -> dict[int, list[Recalled]]:
    """For each candidate that is weighed, the nearest ones from earlier turns of its batch: not in the store yet."""
    if not weighed:
        return {}
    matrix = np.asarray(vectors, dtype=np.float32)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    turn_of = np.asarray([candidate.turn_id for candidate in candidates])
    nearest = dict[int, list[Recalled]]()
    for number in weighed:
        earlier = np.flatnonzero(turn_of[:number] != turn_of[number])
        cosines = matrix[earlier] @ matrix[number]
        best = np.argsort(-cosines, kind="stable")[:_NEIGHBOURS]
        nearest[number] = [
            Recalled(
                memory=draft(int(earlier[place]), candidates[earlier[place]], turns[str(turn_of[earlier[place]])]),
                score=float(np.clip(cosines[place], 0.0, 1.0)),
                candidate=int(earlier[place]),
            )
            for place in best
        ]
    return nearest


async def _histories(
    candidates: Sequence[Fact], targets: Sequence[Recalled | None], turns: Mapping[str, Turn], store: MemoryStore
) -> dict[str, list[Memory]]:
    """Every version of the memories that a candidate comes too late for, or before the date of: others change too."""
    late = {
        stored.id: Scope(tenant=stored.scope.tenant)
        for candidate, target in zip(candidates, targets, strict=True)
        if (stored := _stored(target, targets)) and _changes_others(stored, turns[candidate.turn_id])
    }
    return {memory_id: await store.history(everything, memory_id) for memory_id, everything in late.items()}


def _changes_others(stored: Memory, turn: Turn) -> bool:
    return is_late(stored, turn) or is_misdated(stored, turn)


def _stored(target: Recalled | None, targets: Sequence[Recalled | None]) -> Memory | None:
    """The stored memory that a target is, or that an earlier candidate changes."""
    while target is not None and target.candidate is not None:
        target = targets[target.candidate]  # always an earlier one: the reconciler lets no other through
    return target.memory if target else None


async def _embed(texts: Sequence[str], known: Mapping[str, Vector], embedder: Embedder) -> dict[str, Vector]:
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    vectors = await embedder.embed(missing) if missing else []
    return {**known, **dict(zip(missing, vectors, strict=True))}
