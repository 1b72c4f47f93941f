"""The plan: what a batch will change, worked out from facts and decisions. Pure, and deterministic in its ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scrubjay.ingest.batch_topics import BatchTopics
from scrubjay.ingest.new_versions import NewMemory, Source, is_draft, memory_id, new_memory, renew, said_again
from scrubjay.ingest.wording import adds_to, tokens
from scrubjay.model import Decision, Event, Extraction, Fact, Memory, Plan, Turn, TurnEvent, Vector, Write
from scrubjay.model.topics import end_of
from scrubjay.model.versions import cut_short, is_late, is_retracted, said_beside, superseded, version_id, with_late
from scrubjay.safety.injection import Quarantine, reads_like_an_instruction


@dataclass
class Planner:
    """Collects what a batch changes, decision by decision, in the order the facts were said.

    What is decided beside a memory of another scope never changes that one: it makes a memory of its own scope, which
    stands for the other one in the views that both share (see `docs/decisions/scope-of-a-memory.md`).

    Args:
        turns: the batch.
        source: the extractor.
        histories: every version of the memories that a fact of this batch may be too late for, by id.
        members: memories with the topics of those that decisions name, as `MemoryStore.beside` gives them.
        quarantine: what becomes of what reads like an instruction to a prompt.
        reads: whether a text reads like one.
    """

    turns: Mapping[str, Turn]
    source: Source
    histories: Mapping[str, Sequence[Memory]] = field(default_factory=dict)
    members: Sequence[Memory] = ()
    quarantine: Quarantine = Quarantine.MARK
    reads: Callable[[str], bool] = reads_like_an_instruction
    _changes: list[tuple[str, str, Memory]] = field(default_factory=list)  # point id, turn id, version
    _reworded: set[str] = field(default_factory=set)  # points that need a vector: new, or with another text
    _events: dict[str, list[TurnEvent]] = field(default_factory=lambda: defaultdict(list))
    _made: Counter[str] = field(default_factory=Counter)
    _said: Counter[tuple[str, str]] = field(default_factory=Counter)
    _versions: dict[str, dict[str, Memory]] = field(default_factory=dict)  # by memory, then by point id
    _left_as: dict[str, Memory] = field(default_factory=dict)  # what each draft ended in, as it was just then
    _became: dict[str, str] = field(default_factory=dict)  # the memory that each draft ended in, empty for none
    _came_late: bool = False  # the fact at hand was said before what is known now
    shortened: dict[str, Fact] = field(default_factory=dict)  # topics to `arrange`: one stands for others for less long

    def __post_init__(self) -> None:
        self._topics = BatchTopics(self.members)

    def follow(self, fact: Fact, decision: Decision, target: Memory | None, own_draft: str = "") -> None:
        """Add what one decision changes.

        Args:
            fact: the candidate.
            decision: what is to become of it.
            target: the memory that the decision names, or the draft of an earlier candidate; None for ADD.
            own_draft: the id under which later candidates name this one.
        """
        known, self._came_late = self._as_it_stands(target), False
        if target is None or known is None:
            ended = self._followed(fact, decision, known)
        else:
            ended = self._compared(fact, decision, known, self._left_as.get(target.id, target))
        self._became[own_draft] = ended
        if ended and not self._came_late:
            self._left_as[own_draft] = self._versions[ended][ended]

    def _compared(self, fact: Fact, decision: Decision, known: Memory, seen: Memory) -> str:
        """Follow a decision about a memory, as it stands and as it was seen; returns where the fact ended as below."""
        turn = self.turns[fact.turn_id]
        own: Memory | None = known
        if known.scope != turn.scope:
            if decision.event is Event.UPDATE and adds_to(decision.text or "", known.text, fact.text):
                return self._add(fact)
            own = self._topics.of_scope(known.topic, turn.scope, turn.accepted_at)
            if own is not None and decision.event is Event.DELETE and tokens(own.text) != tokens(known.text):
                own = None  # what is taken back is not what this scope tells
        if own is None:
            return self._add(fact, topic=known.topic)
        if own is not known:
            decision = decision.model_copy(update={"text": None})  # it was worded beside another scope's words
        if decision.event is Event.NONE:
            decision = self._still_none(fact, decision, own, seen)
        return self._followed(fact, decision, own)

    def hold(self, fact: Fact) -> None:
        """Keep a fact for a person to judge: it changes nothing that is known."""
        self._add(fact, in_quarantine=True)

    def _still_none(self, fact: Fact, decision: Decision, known: Memory, seen: Memory) -> Decision:
        """A repetition of what the batch has changed since it was weighed is none: it says the old thing anew."""
        if is_late(known, self.turns[fact.turn_id]) or (known.text, known.current) == (seen.text, seen.current):
            return decision
        return decision.model_copy(update={"event": Event.UPDATE, "text": fact.text})

    def _as_it_stands(self, target: Memory | None) -> Memory | None:
        """A target with what this batch has changed of it already; None for a draft that became nothing."""
        memory_id = self._became.get(target.id, "" if is_draft(target) else target.id) if target else ""
        if target is None or not memory_id:
            return None
        if memory_id in self._versions:
            return self._versions[memory_id][memory_id]
        return self._topics.as_it_stands(target)

    def _with_history(self, known: Memory) -> dict[str, Memory]:
        """All versions of a memory, by point; whoever is about to change one needs them."""
        if known.id not in self._versions:
            others = [memory for memory in self.histories.get(known.id, ()) if memory.version != known.version]
            self._versions[known.id] = {version_id(known.id, other.version): other for other in others} | {
                known.id: known
            }
        return self._versions[known.id]

    def _followed(self, fact: Fact, decision: Decision, known: Memory | None) -> str:
        """Follow a decision; returns the id of the memory that the fact ended in, empty if in none."""
        if known is None or decision.event is Event.ADD:
            return self._add(fact) if decision.event in (Event.ADD, Event.UPDATE) else self._known(fact, None)
        self._with_history(known)
        if is_late(known, self.turns[fact.turn_id]):
            return self._too_late(fact, decision, known)
        if is_retracted(known):
            # "No longer at Acme", then "now at Globex": there is nothing left to update. A repetition of what was
            # taken back before it was decided on is no news.
            return self._add(fact, topic=known.topic) if decision.event is Event.UPDATE else self._known(fact, known)
        if decision.event is Event.UPDATE:
            return self._updated(fact, known, decision.text or fact.text)
        return self._retract(fact, known) if decision.event is Event.DELETE else self._said_again(fact, known)

    def _known(self, fact: Fact, known: Memory | None, *, renewed: bool = False) -> str:
        text = known.text if known else fact.text
        self._note(fact, Event.NONE, known.id if known else "", text, renewed=renewed)
        return known.id if known else ""

    def _said_again(self, fact: Fact, known: Memory) -> str:
        """A repetition: the memory holds as of now; where another scope's stands for it in a view, by a new version."""
        turn, said_at = self.turns[fact.turn_id], said_beside(known, self.turns[fact.turn_id])
        again = said_again(known, turn, said_at)
        if known.hidden:
            changed = {"version": known.version + 1, "event": Event.UPDATE, "valid_from": said_at, "said_at": None}
            again = again.model_copy(update={**changed, "hidden": {}})
            self._put(fact, version_id(known.id, known.version), superseded(known, again))
        self._put(fact, known.id, again)
        self._stand_for_others(fact, again)
        return self._known(fact, again, renewed=True)

    def _stand_for_others(self, fact: Fact, memory: Memory) -> None:
        """Let a memory that was just said, or taken back, stand for those of its topic; what was said later for it."""
        after, others = self._topics.place(memory, self.turns[fact.turn_id])
        for member in [after, *others] if after is not memory else others:
            self._put(fact, member.id, member)

    def arrange(self, stored: Sequence[Memory]) -> None:
        """Let others stand again where what stood for them does so for a shorter time now.

        Args:
            stored: all memories of the `shortened` topics, as `MemoryStore.members` gives them.
        """
        for topic, fact in self.shortened.items():
            for memory in self._topics.rearranged(topic, stored):
                self._put(fact, memory.id, memory)

    def _add(self, fact: Fact, *, in_quarantine: bool = False, topic: str = "") -> str:
        turn = self.turns[fact.turn_id]
        place, marked = self._made[turn.id], self._is_marked(fact, fact.text)
        fields = NewMemory(self._new_id(fact), place, marked, in_quarantine, topic)
        memory = new_memory(fact, turn, self.source, fields)
        self._made[turn.id] += 1
        self._versions[memory.id] = {}
        self._put(fact, memory.id, memory)
        if not in_quarantine:
            self._stand_for_others(fact, memory)
        self._note(fact, Event.ADD, memory.id, memory.text, in_quarantine=in_quarantine)
        return memory.id

    def _is_marked(self, fact: Fact, text: str) -> bool:
        if self.quarantine is Quarantine.OFF:
            return False
        return self.reads(text) or (fact.quote != text and self.reads(fact.quote))

    def _new_id(self, fact: Fact) -> str:
        self._said[fact.turn_id, fact.text] += 1
        return memory_id(fact.turn_id, fact.text, self._said[fact.turn_id, fact.text])

    def _renewed(self, fact: Fact, known: Memory, text: str) -> Memory:
        """The version of a memory that a fact makes."""
        turn, marked = self.turns[fact.turn_id], self._is_marked(fact, text)
        return renew(known, fact, turn, self.source, text).model_copy(update={"marked": marked})

    def _updated(self, fact: Fact, known: Memory, text: str) -> str:
        """Put a merged wording in a memory's place, unless it must be judged first: it is the model's, not the fact's.

        A wording that is held becomes a memory of its own in quarantine, and the known memory stays as it is.
        """
        if self.quarantine is Quarantine.HOLD and text != fact.text and self.reads(text):
            self._add(fact.model_copy(update={"text": text}), in_quarantine=True)
            return ""
        return self._update(fact, known, text)

    def _update(self, fact: Fact, known: Memory, text: str) -> str:
        after = self._renewed(fact, known, text)
        self._cut_short(fact, known, after.valid_from)
        self._put(fact, version_id(known.id, known.version), superseded(known, after))
        self._put(fact, known.id, after)
        self._stand_for_others(fact, after)
        if end_of(after) < end_of(known):
            self.shortened[known.topic] = fact
        self._note(fact, Event.UPDATE, known.id, text, known.text)
        return known.id

    def _too_late(self, fact: Fact, decision: Decision, known: Memory) -> str:
        """Said before what is known now: it enters the history and leaves the newer fact standing.

        Its own words, not the decision's: those tell what holds together with what was said later.
        """
        late, known_as = self._renewed(fact, known, fact.text), self._versions[known.id]
        past = [memory for point_id, memory in known_as.items() if point_id != known.id]
        placed = with_late(known, past, late) if decision.event is not Event.DELETE else None
        for memory in placed.past if placed else ():
            self._put(fact, version_id(known.id, memory.version), memory)
        stands = placed.stands if placed else known
        is_repetition = decision.event is Event.NONE or late.text == known.text
        if is_repetition:
            stands = said_again(stands, self.turns[fact.turn_id], None)
        if stands is not known:
            self._put(fact, known.id, stands)
        for other in self._topics.standing_longer(stands) if end_of(stands) > end_of(known) else ():
            self._put(fact, other.id, other)
        self._came_late = True
        return self._known(fact, known, renewed=is_repetition and decision.event is Event.NONE)

    def _retract(self, fact: Fact, known: Memory) -> str:
        # `updated_at` stays: it tells since when the text is known, and the text is the old one.
        ended = said_beside(known, self.turns[fact.turn_id])
        self._cut_short(fact, known, ended)
        retracted = known.model_copy(update={"current": False, "event": Event.DELETE, "valid_to": ended})
        self._put(fact, known.id, retracted)
        self._stand_for_others(fact, retracted)
        self._note(fact, Event.DELETE, known.id, known.text)
        return known.id

    def _cut_short(self, fact: Fact, known: Memory, moment: datetime) -> None:
        """Let nothing that came before what stands go on beside what takes its place."""
        others = [memory for point_id, memory in self._versions[known.id].items() if point_id != known.id]
        for memory in cut_short(others, moment):
            self._put(fact, version_id(known.id, memory.version), memory)

    def _put(self, fact: Fact, point_id: str, memory: Memory) -> None:
        stood = self._topics.before(memory) if point_id == memory.id else None
        before = self._versions.get(memory.id, {}).get(point_id) or stood
        if before is None or before.text != memory.text:
            self._reworded.add(point_id)
        self._changes.append((point_id, fact.turn_id, memory))
        if memory.id in self._versions:
            self._versions[memory.id][point_id] = memory
        if point_id == memory.id and not memory.in_quarantine:
            self._topics.note(memory)

    def _note(
        self,
        fact: Fact,
        event: Event,
        memory_id: str,
        text: str,
        previous: str | None = None,
        *,
        in_quarantine: bool = False,
        renewed: bool = False,
    ) -> None:
        turn_event = TurnEvent(
            event=event, id=memory_id, memory=text, previous=previous, in_quarantine=in_quarantine, renewed=renewed
        )
        self._events[fact.turn_id].append(turn_event)

    @property
    def texts(self) -> list[str]:
        """Every text that needs a vector, without repeats, in a fixed order."""
        needed = [memory.text for point_id, _, memory in self._changes if point_id in self._reworded]
        return list(dict.fromkeys(needed))

    def plan(self, vectors: Mapping[str, Vector], extraction: Extraction) -> Plan:
        """The plan of everything followed so far, with a vector for each of the `texts`."""
        writes = [
            Write(point_id=point_id, turn_id=turn_id, memory=memory, vector=tuple(vectors.get(memory.text, ())))
            for point_id, turn_id, memory in self._changes
        ]
        return Plan(
            turn_ids=tuple(self.turns),
            writes=tuple(writes),
            events={turn_id: tuple(events) for turn_id, events in self._events.items()},
            dropped=extraction.dropped,
            gated=extraction.gated,
        )
