"""The plan: what following each decision writes, and what is left of it when turns are erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from scrubjay.ingest.new_versions import Source, memory_id
from scrubjay.ingest.planner import Planner
from scrubjay.model import (
    Decision,
    Event,
    Extraction,
    Fact,
    Memory,
    Message,
    Plan,
    Role,
    Scope,
    Turn,
    Write,
)
from scrubjay.model.memory import MOST_TURNS, Hidden
from scrubjay.model.versions import version_id

ANA = Scope(tenant="default", user_id="ana")
ANA_B = Scope(tenant="default", user_id="ana", agent_id="b")
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN, ROME, OSLO, NOT_BERLIN = "Lives in Berlin", "Lives in Rome", "Lives in Oslo", "No longer lives in Berlin"
TEXTS = (BERLIN, ROME, OSLO, NOT_BERLIN, "Lives in Rome and Oslo")
KNOWN = Memory(
    id="6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44",
    scope=ANA,
    text=BERLIN,
    metadata={"source": "form"},
    created_at=MARCH - 24 * HOUR,
    updated_at=MARCH - 24 * HOUR,
    valid_from=MARCH - 24 * HOUR,
    turn_ids=("t0",),
)


def turn(turn_id: str, hours: int, scope: Scope = ANA, said_at: datetime | None = None) -> Turn:
    messages = (Message(role=Role.USER, content="said"),)
    return Turn(
        id=turn_id, scope=scope, messages=messages, accepted_at=MARCH + hours * HOUR, timestamp=said_at,
        metadata={"turn": turn_id},
    )  # fmt: skip


def planner(*turns: Turn) -> Planner:
    return Planner({turn.id: turn for turn in turns}, Source("echo", "v1"))


def fact(turn_id: str, text: str) -> Fact:
    return Fact(turn_id=turn_id, text=text, category="personal", quote="said")


def decided(event: Event, text: str | None = None) -> Decision:
    return Decision(candidate=0, event=event, target=None if event is Event.ADD else 0, text=text)


def planned(making: Planner) -> Plan:
    return making.plan(dict.fromkeys(TEXTS, (1.0, 0.0)), Extraction())


def by_point(writes: list[Write] | tuple[Write, ...]) -> Mapping[str, Memory]:
    return {write.point_id: write.memory for write in writes}


def test_a_new_fact_becomes_a_memory_with_the_times_the_scope_and_the_source_of_its_turn() -> None:
    said_at = MARCH - 48 * HOUR
    making = planner(turn("t1", 1, ANA_B, said_at))
    making.follow(fact("t1", BERLIN), decided(Event.ADD), None)
    (write,) = planned(making).writes
    memory = write.memory
    assert (write.point_id, write.turn_id, memory.version, memory.current) == (memory.id, "t1", 1, True)
    assert (memory.scope, memory.created_at, memory.valid_from) == (ANA_B, MARCH + HOUR, said_at)
    assert (memory.model, memory.prompt_version, memory.quote, memory.turn_ids) == ("echo", "v1", "said", ("t1",))


def test_ids_rest_on_the_words_so_deciding_again_in_another_order_puts_no_fact_in_anothers_place() -> None:
    first, second = planner(turn("t1", 1)), planner(turn("t1", 1))
    for text in (BERLIN, ROME):
        first.follow(fact("t1", text), decided(Event.ADD), None)
    for text in (OSLO, ROME, BERLIN):
        second.follow(fact("t1", text), decided(Event.ADD), None)
    ids = [{write.memory.text: write.point_id for write in planned(making).writes} for making in (first, second)]
    assert ids[0] == {text: point for text, point in ids[1].items() if text != OSLO}
    assert len(set(ids[1].values())) == 3


def test_the_same_words_said_twice_are_two_memories_and_two_turns_never_share_one() -> None:
    making = planner(turn("t1", 1), turn("t2", 2))
    for turn_id in ("t1", "t1", "t2"):
        making.follow(fact(turn_id, BERLIN), decided(Event.ADD), None)
    points = [write.point_id for write in planned(making).writes]
    assert points == [memory_id("t1", BERLIN, 1), memory_id("t1", BERLIN, 2), memory_id("t2", BERLIN, 1)]
    assert len(set(points)) == 3


def test_an_update_keeps_the_memorys_id_and_leaves_the_old_version_as_history() -> None:
    making = planner(turn("t1", 1))
    making.follow(fact("t1", ROME), decided(Event.UPDATE), KNOWN)
    plan = planned(making)
    writes_by_point = by_point(plan.writes)
    past, now = writes_by_point[version_id(KNOWN.id, 1)], writes_by_point[KNOWN.id]
    assert (past.text, past.current, past.valid_to, past.superseded_by) == (BERLIN, False, MARCH + HOUR, KNOWN.id)
    assert (past.scope, past.updated_at) == (ANA, KNOWN.updated_at)
    assert (now.text, now.version, now.created_at, now.updated_at) == (ROME, 2, KNOWN.created_at, MARCH + HOUR)
    assert (now.scope, now.turn_ids, now.metadata) == (ANA, ("t1",), {"source": "form", "turn": "t1"})
    (event,) = plan.events["t1"]
    assert (event.event, event.id, event.memory, event.previous) == (Event.UPDATE, KNOWN.id, ROME, BERLIN)


def test_two_updates_of_one_memory_in_a_batch_build_on_each_other() -> None:
    making = planner(turn("t1", 1), turn("t2", 2))
    making.follow(fact("t1", ROME), decided(Event.UPDATE), KNOWN)
    making.follow(fact("t2", OSLO), decided(Event.UPDATE, "Lives in Rome and Oslo"), KNOWN)
    memories = by_point(planned(making).final_writes)
    assert sorted((memory.version, memory.text, memory.current) for memory in memories.values()) == [
        (1, BERLIN, False), (2, ROME, False), (3, "Lives in Rome and Oslo", True),
    ]  # fmt: skip


def test_a_fact_said_before_what_is_known_enters_the_history_and_leaves_the_newer_one_standing() -> None:
    making = planner(turn("t1", 1, said_at=MARCH - 48 * HOUR))
    making.follow(fact("t1", ROME), decided(Event.UPDATE), KNOWN)
    plan = planned(making)
    memories = by_point(plan.writes)
    past, stands = memories[version_id(KNOWN.id, 1)], memories[KNOWN.id]
    assert (past.text, past.current, past.version, past.valid_to) == (ROME, False, 1, KNOWN.valid_from)
    assert stands == KNOWN.model_copy(update={"version": 2})  # it gave its number away
    assert [event.event for event in plan.events["t1"]] == [Event.NONE]


def test_a_retraction_ends_the_memory_and_says_since_when() -> None:
    making = planner(turn("t1", 1))
    making.follow(fact("t1", NOT_BERLIN), decided(Event.DELETE), KNOWN)
    (write,) = planned(making).writes
    assert (write.point_id, write.memory.current, write.memory.valid_to) == (KNOWN.id, False, MARCH + HOUR)
    assert (write.memory.text, write.memory.updated_at) == (BERLIN, KNOWN.updated_at)


def test_a_retraction_said_before_what_is_known_changes_nothing() -> None:
    making = planner(turn("t1", 1, said_at=MARCH - 48 * HOUR))
    making.follow(fact("t1", NOT_BERLIN), decided(Event.DELETE), KNOWN)
    assert planned(making).writes == ()


@pytest.mark.parametrize(("second", "made"), [(Event.UPDATE, [ROME]), (Event.DELETE, []), (Event.NONE, [ROME])])
def test_after_a_retraction_in_the_same_batch_what_is_told_anew_is_a_new_memory(second: Event, made: list[str]) -> None:
    making = planner(turn("t1", 1), turn("t2", 2))
    making.follow(fact("t1", NOT_BERLIN), decided(Event.DELETE), KNOWN)
    making.follow(fact("t2", ROME), decided(second), KNOWN)
    memories = by_point(planned(making).final_writes)
    assert not memories[KNOWN.id].current
    assert [memory.text for memory in memories.values() if memory.current] == made


def test_a_repetition_renews_what_was_known_and_needs_no_vector() -> None:
    making = planner(turn("t1", 1))
    making.follow(fact("t1", "Berlin it is"), decided(Event.NONE), KNOWN)
    assert making.texts == []
    plan = making.plan({}, Extraction())
    (write,), (event,) = plan.writes, plan.events["t1"]
    again = write.memory
    assert (write.point_id, write.vector, again.text, again.version) == (KNOWN.id, (), BERLIN, 1)
    assert (again.turn_ids, again.metadata) == (("t0", "t1"), {"source": "form", "turn": "t1"})
    assert (again.valid_from, again.last_said, again.updated_at) == (KNOWN.valid_from, MARCH + HOUR, MARCH + HOUR)
    assert (event.event, event.id, event.memory, event.renewed) == (Event.NONE, KNOWN.id, BERLIN, True)


@pytest.mark.parametrize(
    ("before", "again", "holds"),
    [(HOUR, 2 * HOUR, 2 * HOUR), (2 * HOUR, HOUR, 2 * HOUR), (HOUR, None, None), (None, HOUR, None)],
)
def test_a_repetition_lets_the_later_expiry_hold(
    before: timedelta | None, again: timedelta | None, holds: timedelta | None
) -> None:
    def day(ahead: timedelta | None) -> datetime | None:
        return None if ahead is None else MARCH + 24 * ahead

    making = planner(turn("t1", 1).model_copy(update={"expires_at": day(again)}))
    known = KNOWN.model_copy(update={"expires_at": day(before)})
    making.follow(fact("t1", BERLIN), decided(Event.NONE), known)
    (write,) = planned(making).writes
    assert write.memory.expires_at == day(holds)


def test_of_very_many_turns_that_said_one_thing_the_first_and_the_last_are_kept() -> None:
    known = KNOWN.model_copy(update={"turn_ids": tuple(f"old-{number}" for number in range(MOST_TURNS))})
    making = planner(turn("t1", 1))
    making.follow(fact("t1", BERLIN), decided(Event.NONE), known)
    turn_ids = planned(making).writes[0].memory.turn_ids
    assert (len(turn_ids), turn_ids[0], turn_ids[1], turn_ids[-1]) == (MOST_TURNS, "old-0", "old-2", "t1")


def test_what_was_said_between_two_times_of_a_repeated_fact_takes_its_place_between_them() -> None:
    known = KNOWN.model_copy(update={"said_at": MARCH})
    making = planner(turn("t1", 1, said_at=MARCH - 2 * HOUR))
    making.follow(fact("t1", ROME), decided(Event.UPDATE), known)
    memories = sorted(by_point(planned(making).final_writes).values(), key=lambda memory: memory.version)
    assert [(memory.text, memory.current, memory.valid_from, memory.valid_to) for memory in memories] == [
        (BERLIN, False, KNOWN.valid_from, MARCH - 2 * HOUR),
        (ROME, False, MARCH - 2 * HOUR, MARCH),
        (BERLIN, True, MARCH, None),
    ]


def test_an_update_beside_another_scopes_memory_leaves_that_as_it_is_but_for_where_it_is_shown() -> None:
    making = planner(turn("t1", 1, ANA_B))
    making.follow(fact("t1", ROME), decided(Event.UPDATE, "Lives in Rome now"), KNOWN)
    plan = planned(making)
    new, old = (write.memory for write in plan.final_writes)
    assert (new.text, new.scope, new.version, new.topic, new.turn_ids) == (ROME, ANA_B, 1, KNOWN.id, ("t1",))
    assert old == KNOWN.model_copy(update={"hidden": {"u": Hidden(since=MARCH + HOUR)}})
    (event,) = plan.events["t1"]
    assert (event.event, event.id, event.memory, event.previous) == (Event.ADD, new.id, ROME, None)


def test_a_wording_that_adds_to_another_scopes_memory_leaves_both_standing() -> None:
    making = planner(turn("t1", 1, ANA_B))
    making.follow(fact("t1", OSLO), decided(Event.UPDATE, "Lives in Berlin and Oslo"), KNOWN)
    writes = planned(making).writes
    assert [(write.memory.text, write.memory.topic) for write in writes] == [(OSLO, writes[0].memory.id)]


def test_following_the_same_decisions_twice_gives_the_same_plan() -> None:
    plans = []
    for _ in range(2):
        making = planner(turn("t1", 1), turn("t2", 2))
        making.follow(fact("t1", ROME), decided(Event.UPDATE), KNOWN)
        making.follow(fact("t2", OSLO), decided(Event.ADD), None)
        plans.append(planned(making))
    assert plans[0] == plans[1]


def test_a_vector_is_wanted_once_for_every_text_that_is_written() -> None:
    making = planner(turn("t1", 1), turn("t2", 2))
    making.follow(fact("t1", ROME), decided(Event.UPDATE, OSLO), KNOWN)
    making.follow(fact("t1", ROME), decided(Event.ADD), None)
    making.follow(fact("t2", NOT_BERLIN), decided(Event.DELETE), KNOWN)
    assert making.texts == [BERLIN, OSLO, ROME]
