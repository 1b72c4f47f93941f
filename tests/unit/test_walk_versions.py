"""A random walk over the planner: whatever is said in whatever order, versions follow one another without overlap."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

from scrubjay.ingest.new_versions import Source, draft
from scrubjay.ingest.planner import Planner
from scrubjay.model import Decision, Event, Extraction, Fact, Memory, Message, Role, Scope, Turn
from scrubjay.model.versions import in_order, is_late, is_retracted, superseded, version_id

ANA = Scope(tenant="default", user_id="ana")
DAY_0 = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EVENTS = (Event.ADD, Event.UPDATE, Event.UPDATE, Event.UPDATE, Event.DELETE, Event.NONE)


class Walk:
    """A store as a dict, and what is done to it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.store: dict[str, Memory] = {}
        self.clock = 10
        self.turns = 0
        self.said: list[str] = []

    def batch(self) -> None:
        turns = [self.turn() for _ in range(self.dice.randint(1, 4))]
        by_id = {turn.id: turn for turn in turns}
        standing = [version for point, version in self.store.items() if point == version.id]
        histories = {
            version.id: in_order([other for other in self.store.values() if other.id == version.id])
            for version in standing
        }
        making = Planner(by_id, Source("echo"), histories)
        drafts: list[Memory] = []
        for number, turn in enumerate(turns):
            fact = Fact(turn_id=turn.id, text=f"text {self.dice.randint(0, 3)}", category="x", quote="q")
            stored = [
                version for version in standing if version.current or (is_late(version, turn) and is_retracted(version))
            ]
            targets = [*stored, *drafts]
            event = self.dice.choice(EVENTS)
            target = self.dice.choice(targets) if targets and event is not Event.ADD else None
            if target is None and event in (Event.UPDATE, Event.DELETE):
                event = Event.ADD
            text = fact.text if event is Event.UPDATE else None
            self.said.append(
                f"{turn.id} @{(turn.said_at - DAY_0).days} {event} {target.id if target else '-'} {fact.text}"
            )
            own = draft(number, fact, turn)
            making.follow(fact, Decision(candidate=number, event=event, target=None, text=text), target, own.id)
            drafts.append(own)
        plan = making.plan(dict.fromkeys(making.texts, (1.0,)), Extraction())
        self.store.update({write.point_id: write.memory for write in plan.final_writes})

    def turn(self) -> Turn:
        self.turns += 1
        self.clock += self.dice.choice((0, 1, 1, 2))
        said_day = self.dice.choice((None, self.dice.randint(0, self.clock)))
        return Turn(
            id=f"t{self.turns}", scope=ANA, messages=(Message(role=Role.USER, content="x"),),
            accepted_at=DAY_0 + self.clock * DAY + timedelta(seconds=self.turns), order=self.turns,
            timestamp=None if said_day is None else DAY_0 + said_day * DAY,
        )  # fmt: skip

    def undo(self) -> None:
        """As `scrubjay.edit.edits` does it."""
        standing = [version for point, version in self.store.items() if point == version.id]
        if not standing:
            return
        latest = self.dice.choice(standing)
        earlier = in_order(
            [version for version in self.store.values() if version.id == latest.id and version is not latest]
        )
        if latest.current and not earlier:
            return
        restored = earlier[-1] if latest.current else latest
        self.clock += 1
        self.turns += 1
        now = DAY_0 + self.clock * DAY
        again = {"event": Event.UPDATE, "version": latest.version + 1, "current": True, "valid_to": None}
        is_said_now = not latest.current or restored.text != latest.text
        said_at = None if is_said_now else latest.said_at or latest.valid_from
        dated = {"valid_from": now, "updated_at": now, "order": self.turns, "said_at": said_at}
        after = latest.model_copy(update={**again, **dated, "text": restored.text, "turn_ids": restored.turn_ids})
        past = superseded(latest, after) if latest.current else latest
        self.said.append(f"undo {latest.id} @{self.clock}")
        self.store[version_id(latest.id, latest.version)] = past
        self.store[latest.id] = after

    def check(self) -> None:
        story = "\n".join(self.said)
        for memory_id in {version.id for version in self.store.values()}:
            chain = in_order([version for version in self.store.values() if version.id == memory_id])
            shown = [
                (version.version, version.text, (version.valid_from - DAY_0).days,
                 version.valid_to and (version.valid_to - DAY_0).days,
                 version.current, str(version.event)) for version in chain
            ]  # fmt: skip
            assert memory_id in self.store, (story, shown)
            assert len({version.version for version in chain}) == len(chain), (story, shown)
            stands = self.store[memory_id]
            assert chain[-1] == stands, (story, shown)
            assert sum(version.current for version in chain) <= 1, (story, shown)
            assert stands.current or stands.event is Event.DELETE, (story, shown)
            for version, following in itertools.pairwise(chain):
                assert version.valid_to is not None, (story, shown)
                assert version.valid_to <= following.valid_from, (story, shown)
                gap = version.valid_to < following.valid_from
                assert not gap or any(other.event is Event.DELETE for other in chain), (story, shown)


def test_versions_follow_one_another_whatever_is_said() -> None:
    for seed in range(400):
        walk = Walk(seed)
        for _ in range(6):
            walk.batch()
            if walk.dice.random() < 0.3:
                walk.undo()
            walk.check()
