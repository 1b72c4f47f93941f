"""The plan: what a batch will change, worked out from facts and decisions. Pure, and deterministic in its ids."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from memory.model import Decision, Event, Fact, Memory, Plan, Turn, TurnEvent, Usage, Vector, Write

_NAMESPACE = uuid.UUID("6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44")


def memory_id(turn_id: str, index: int) -> str:
    """The id of the memory that a turn's fact number `index` makes: the same in every repetition."""
    return str(uuid.uuid5(_NAMESPACE, f"{turn_id}:{index}"))


def version_id(memory_id: str, version: int) -> str:
    """The point id of a superseded version."""
    return str(uuid.uuid5(_NAMESPACE, f"{memory_id}:version:{version}"))


def superseded(memory: Memory, by: Memory) -> Memory:
    """A version as it stays in the history once another has taken its place."""
    return memory.model_copy(
        update={"current": False, "valid_to": by.valid_from, "superseded_by": version_id(by.id, by.version)}
    )


@dataclass(frozen=True)
class Source:
    """Where facts come from, kept with each memory: "why do you think this?" has an answer."""

    model: str
    prompt_version: str | None = None


@dataclass
class Planner:
    """Collects what a batch changes, decision by decision, in the order the facts were said.

    Args:
        turns: the batch.
        vectors: a vector for every text that may be written (facts, updated texts, texts they replace).
        source: the extractor.
    """

    turns: Mapping[str, Turn]
    vectors: Mapping[str, Vector]
    source: Source
    _writes: dict[str, Write] = field(default_factory=dict)
    _events: dict[str, list[TurnEvent]] = field(default_factory=lambda: defaultdict(list))
    _made: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _latest: dict[str, Memory] = field(default_factory=dict)

    def follow(self, fact: Fact, decision: Decision, target: Memory | None) -> None:
        """Add what one decision changes. `target` is the memory it names, None for ADD."""
        if target is not None:
            target = self._latest.get(target.id, target)
        if decision.event is Event.ADD:
            self._add(fact)
        elif decision.event is Event.NONE or target is None or not target.current:
            self._note(fact, Event.NONE, target.id if target else "", target.text if target else fact.text)
        elif decision.event is Event.UPDATE:
            self._update(fact, target, decision.text or fact.text)
        else:
            self._retract(fact, target)

    def _add(self, fact: Fact) -> None:
        turn = self.turns[fact.turn_id]
        index = self._made[turn.id]
        self._made[turn.id] += 1
        memory = Memory(
            id=memory_id(turn.id, index),
            scope=turn.scope,
            text=fact.text,
            categories=(fact.category,) if fact.category else (),
            metadata=turn.metadata,
            created_at=turn.accepted_at,
            updated_at=turn.accepted_at,
            valid_from=turn.said_at,
            turn_ids=(turn.id,),
            fact=index,
            quote=fact.quote,
            model=self.source.model,
            prompt_version=self.source.prompt_version,
        )
        self._put(memory.id, memory)
        self._note(fact, Event.ADD, memory.id, memory.text)

    def _update(self, fact: Fact, target: Memory, text: str) -> None:
        turn = self.turns[fact.turn_id]
        renewed = target.model_copy(
            update={
                "text": text,
                "event": Event.UPDATE,
                "version": target.version + 1,
                "updated_at": turn.accepted_at,
                "valid_from": turn.said_at,
                "turn_ids": (turn.id,),
                "quote": fact.quote,
                "metadata": {**target.metadata, **turn.metadata},
                "model": self.source.model,
                "prompt_version": self.source.prompt_version,
            }
        )
        if turn.said_at < target.valid_from:
            # Said before what is known now: it enters the history and leaves the newer fact standing.
            past = superseded(renewed.model_copy(update={"version": target.version}), target)
            self._put(memory_id(turn.id, self._made[turn.id]), past)
            self._made[turn.id] += 1
            self._note(fact, Event.NONE, target.id, target.text)
            return
        self._put(version_id(target.id, target.version), superseded(target, renewed))
        self._put(target.id, renewed)
        self._note(fact, Event.UPDATE, target.id, text, target.text)

    def _retract(self, fact: Fact, target: Memory) -> None:
        turn = self.turns[fact.turn_id]
        if turn.said_at < target.valid_from:
            self._note(fact, Event.NONE, target.id, target.text)
            return
        changed = {
            "current": False,
            "event": Event.DELETE,
            "valid_to": turn.said_at,
            "updated_at": turn.accepted_at,
        }
        self._put(target.id, target.model_copy(update=changed))
        self._note(fact, Event.DELETE, target.id, target.text)

    def _put(self, point_id: str, memory: Memory) -> None:
        self._writes[point_id] = Write(point_id=point_id, memory=memory, vector=tuple(self.vectors[memory.text]))
        if point_id == memory.id:
            self._latest[memory.id] = memory

    def _note(self, fact: Fact, event: Event, found: str, text: str, previous: str | None = None) -> None:
        self._events[fact.turn_id].append(TurnEvent(event=event, id=found, memory=text, previous=previous))

    def plan(self, dropped: int, usage: Usage) -> Plan:
        """The plan of everything followed so far."""
        return Plan(
            turn_ids=tuple(self.turns),
            writes=tuple(self._writes.values()),
            events={turn_id: tuple(events) for turn_id, events in self._events.items()},
            dropped=dropped,
            usage=usage,
        )


def without(plan: Plan, turn_ids: frozenset[str]) -> Plan:
    """The plan less what the given (erased) turns would have written."""
    if not turn_ids:
        return plan
    writes = tuple(write for write in plan.writes if not turn_ids & set(write.memory.turn_ids))
    return plan.model_copy(update={"writes": writes})


def texts_of(facts: Sequence[Fact], decisions: Sequence[Decision], targets: Sequence[Memory | None]) -> list[str]:
    """Every text that following these decisions may write, without repeats, in a fixed order."""
    texts = [fact.text for fact in facts]
    for decision, target in zip(decisions, targets, strict=True):
        if decision.event in (Event.UPDATE, Event.DELETE) and target is not None:
            texts += [target.text, *([decision.text] if decision.text else [])]
    return list(dict.fromkeys(texts))
