"""The plan: what a batch will change, worked out from facts and decisions. Pure, and deterministic in its ids."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from memory.model import Decision, Event, Fact, Memory, Plan, Turn, TurnEvent, Usage, Vector, Write

_NAMESPACE = uuid.UUID("6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44")


def memory_id(turn_id: str, text: str, repetition: int) -> str:
    """The id of the memory that a turn's fact makes.

    It rests on the words, so deciding again never puts one fact in another's place; `repetition` counts equal texts.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{turn_id}:{repetition}:{text}"))


def version_id(memory_id: str, version: int) -> str:
    """The point id of a superseded version."""
    return str(uuid.uuid5(_NAMESPACE, f"{memory_id}:version:{version}"))


def superseded(memory: Memory, by: Memory) -> Memory:
    """A version as it stays in the history once another has taken its place."""
    return memory.model_copy(update={"current": False, "valid_to": by.valid_from, "superseded_by": by.id})


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
    _writes: list[Write] = field(default_factory=list)
    _events: dict[str, list[TurnEvent]] = field(default_factory=lambda: defaultdict(list))
    _made: Counter[str] = field(default_factory=Counter)
    _said: Counter[tuple[str, str]] = field(default_factory=Counter)
    _latest: dict[str, Memory] = field(default_factory=dict)

    def follow(self, fact: Fact, decision: Decision, target: Memory | None) -> None:
        """Add what one decision changes. `target` is the memory it names, None for ADD."""
        if target is not None:
            target = self._latest.get(target.id, target)
        retracted = target is not None and not target.current
        if decision.event is Event.ADD or (decision.event is Event.UPDATE and retracted):
            self._add(fact)  # "no longer at Acme", then "now at Globex": there is nothing left to update
        elif decision.event is Event.NONE or target is None or retracted:
            self._note(fact, Event.NONE, target.id if target else "", target.text if target else fact.text)
        elif decision.event is Event.UPDATE:
            self._update(fact, target, decision.text or fact.text)
        else:
            self._retract(fact, target)

    def _add(self, fact: Fact) -> None:
        turn = self.turns[fact.turn_id]
        memory = Memory(
            id=self._new_id(fact),
            scope=turn.scope,
            text=fact.text,
            categories=(fact.category,) if fact.category else (),
            metadata=turn.metadata,
            created_at=turn.accepted_at,
            updated_at=turn.accepted_at,
            valid_from=turn.said_at,
            turn_ids=(turn.id,),
            fact=self._made[turn.id],
            quote=fact.quote,
            model=self.source.model,
            prompt_version=self.source.prompt_version,
        )
        self._made[turn.id] += 1
        self._put(fact, memory.id, memory)
        self._note(fact, Event.ADD, memory.id, memory.text)

    def _new_id(self, fact: Fact) -> str:
        self._said[fact.turn_id, fact.text] += 1
        return memory_id(fact.turn_id, fact.text, self._said[fact.turn_id, fact.text])

    def _update(self, fact: Fact, target: Memory, text: str) -> None:
        turn = self.turns[fact.turn_id]
        renewed = target.model_copy(
            update={
                "scope": turn.scope,  # of the turn that says so: forgetting a scope forgets what was said in it
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
            self._put(fact, self._new_id(fact), past)
            self._note(fact, Event.NONE, target.id, target.text)
            return
        self._put(fact, version_id(target.id, target.version), superseded(target, renewed))
        self._put(fact, target.id, renewed)
        self._note(fact, Event.UPDATE, target.id, text, target.text)

    def _retract(self, fact: Fact, target: Memory) -> None:
        turn = self.turns[fact.turn_id]
        if turn.said_at < target.valid_from:
            self._note(fact, Event.NONE, target.id, target.text)
            return
        # `updated_at` stays: it tells since when the text is known, and the text is the old one.
        changed = {"current": False, "event": Event.DELETE, "valid_to": turn.said_at}
        self._put(fact, target.id, target.model_copy(update=changed))
        self._note(fact, Event.DELETE, target.id, target.text)

    def _put(self, fact: Fact, point_id: str, memory: Memory) -> None:
        vector = tuple(self.vectors[memory.text])
        self._writes.append(Write(point_id=point_id, turn_id=fact.turn_id, memory=memory, vector=vector))
        if point_id == memory.id:
            self._latest[memory.id] = memory

    def _note(self, fact: Fact, event: Event, found: str, text: str, previous: str | None = None) -> None:
        self._events[fact.turn_id].append(TurnEvent(event=event, id=found, memory=text, previous=previous))

    def plan(self, dropped: int, usage: Usage) -> Plan:
        """The plan of everything followed so far."""
        return Plan(
            turn_ids=tuple(self.turns),
            writes=tuple(self._writes),
            events={turn_id: tuple(events) for turn_id, events in self._events.items()},
            dropped=dropped,
            usage=usage,
        )


def final_writes(plan: Plan, erased: frozenset[str]) -> list[Write]:
    """What is to be put into the store: the last write of each point, and nothing that erased turns caused or said.

    What an erased turn replaced still becomes history where a later turn of the batch replaces it all the same.
    """
    last: dict[str, Write] = {}
    for write in reversed(plan.writes):
        replaced = write.point_id != write.memory.id and write.memory.id in last
        if (write.turn_id not in erased or replaced) and not erased.intersection(write.memory.turn_ids):
            last.setdefault(write.point_id, write)
    return list(reversed(last.values()))


def texts_of(facts: Sequence[Fact], decisions: Sequence[Decision], targets: Sequence[Memory | None]) -> list[str]:
    """Every text that following these decisions may write, without repeats, in a fixed order."""
    texts = [fact.text for fact in facts]
    for decision, target in zip(decisions, targets, strict=True):
        if decision.event in (Event.UPDATE, Event.DELETE) and target is not None:
            texts += [target.text, *([decision.text] if decision.text else [])]
    return list(dict.fromkeys(texts))
