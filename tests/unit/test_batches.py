"""What a batch makes of itself: targets among its own candidates, changes of mind, times ahead; a quick gate."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scrubjay.ingest.new_versions import Source, draft
from scrubjay.ingest.pipeline import _stored, _told_before
from scrubjay.ingest.planner import Planner
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler, union
from scrubjay.model import (
    Decision,
    Event,
    Extraction,
    Fact,
    Memory,
    Message,
    Plan,
    Recalled,
    Role,
    Scope,
    Turn,
)
from scrubjay.model.versions import with_late
from tests.fakes import ScriptedModel, word_vector

ANA = Scope(tenant="default", user_id="ana")
ANA_B = Scope(tenant="default", user_id="ana", agent_id="b")
DAY_0 = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ID = "6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44"


def turn(turn_id: str, accepted: float, said_day: float | None = None, scope: Scope = ANA, text: str = "said") -> Turn:
    return Turn(
        id=turn_id, scope=scope, messages=(Message(role=Role.USER, content=text),), accepted_at=DAY_0 + accepted * DAY,
        timestamp=None if said_day is None else DAY_0 + said_day * DAY,
    )  # fmt: skip


def fact(turn_id: str, text: str) -> Fact:
    return Fact(turn_id=turn_id, text=text, category="personal", quote="said")


def memory(text: str, start: float, end: float | None = None, version: int = 1, turn_id: str = "t0") -> Memory:
    return Memory(
        id=ID, scope=ANA, text=text, version=version, current=end is None, created_at=DAY_0 - 9 * DAY,
        updated_at=DAY_0 - 9 * DAY, valid_from=DAY_0 + start * DAY, turn_ids=(turn_id,),
        valid_to=None if end is None else DAY_0 + end * DAY, event=Event.ADD if version == 1 else Event.UPDATE,
    )  # fmt: skip


def written(store: dict[str, Memory], plan: Plan) -> dict[str, Memory]:
    return {**store, **{write.point_id: write.memory for write in plan.final_writes}}


def planned(making: Planner) -> Plan:
    return making.plan(dict.fromkeys(making.texts, (1.0, 0.0)), Extraction())


def holding(store: dict[str, Memory], day: float) -> list[str]:
    at = DAY_0 + day * DAY
    return sorted(
        memory.text
        for memory in store.values()
        if memory.valid_from <= at and (memory.valid_to is None or memory.valid_to > at)
    )


def test_a_long_row_of_farewells_is_judged_at_once() -> None:
    code = "from scrubjay.ingest.small_talk import _is_small_talk; _is_small_talk('bye ' * 45 + 'I moved')"
    subprocess.run([sys.executable, "-c", code], timeout=10, check=True)


def known(text: str, score: float = 0.9) -> Recalled:
    return Recalled(memory=memory(text, 0), score=score)


def batch(texts: Sequence[str], stored: Sequence[Sequence[Recalled]]) -> tuple[list[Fact], list[list[Recalled]]]:
    turns = {f"t{n}": turn(f"t{n}", n + 1) for n in range(1, len(texts) + 1)}
    facts = [fact(turn_id, text) for turn_id, text in zip(turns, texts, strict=True)]
    earlier_candidates = _told_before(range(len(texts)), facts, turns, [word_vector(text) for text in texts])
    return facts, [[*near, *earlier_candidates[number]] for number, near in enumerate(stored)]


async def decided() -> tuple[list[Fact], list[list[Recalled]], tuple[Decision, ...]]:
    """Berlin is known; Lisbon is said twice (the rules settle the second), then refined."""
    texts = ["Lives in Lisbon", "Lives in Lisbon", "Lives in Lisbon near the river"]
    facts, near = batch(texts, [[known("Lives in Berlin")], [], []])
    model = ScriptedModel(
        {
            "decisions": [
                # Known is [0] Berlin, [1] Lisbon (= candidate 0), [2] Lisbon: the last one looks like any thing known.
                {"candidate": 0, "event": "NONE", "target": 2, "text": None},
                {"candidate": 1, "event": "ADD", "target": None, "text": None},
            ]
        },
        {
            "decisions": [
                {"candidate": 0, "event": "UPDATE", "target": 0, "text": "Lives in Lisbon"},
                {"candidate": 1, "event": "ADD", "target": None, "text": None},
            ]
        },
    )
    reconciliation = await ModelReconciler(model, 0.3, RuleReconciler(0.95)).reconcile(facts, near)
    return facts, near, reconciliation.decisions


async def test_no_candidate_has_a_later_one_for_its_target_even_if_the_rules_settled_that_one() -> None:
    _, near, decisions = await decided()
    every = union(near)
    for decision in decisions:
        target = every[decision.target].candidate if decision.target is not None else None
        assert target is None or target < decision.candidate, (
            f"candidate {decision.candidate} is decided on by candidate {target}"
        )


async def test_looking_for_the_stored_memory_behind_a_draft_comes_to_an_end() -> None:
    _, near, decisions = await decided()
    every = union(near)
    targets = [every[decision.target] if decision.target is not None else None for decision in decisions]
    looking = threading.Thread(target=_guarded, args=(targets,), daemon=True)
    looking.start()
    looking.join(2)
    ended = not looking.is_alive()
    targets[:] = [None] * len(targets)  # lets a look that goes round in circles go
    assert ended


def _guarded(targets: list[Recalled | None]) -> None:
    for target in list(targets):
        _stored(target, targets)


def test_a_draft_that_has_become_nothing_yet_is_never_written() -> None:
    making = Planner({"t1": turn("t1", 1), "t2": turn("t2", 2)}, Source("echo"))
    later = draft(1, fact("t2", "Lives in Lisbon"), turn("t2", 2, said_day=0))
    making.follow(
        fact("t1", "Lives in Porto"), Decision(candidate=0, event=Event.UPDATE, target=0), later, "candidate:0"
    )
    assert not [write.point_id for write in planned(making).writes if write.point_id.startswith("candidate:")]


def test_what_is_changed_and_changed_back_in_one_batch_ends_as_said_last() -> None:
    berlin = memory("Lives in Berlin", -1)
    making = Planner({"t1": turn("t1", 5), "t2": turn("t2", 9)}, Source("echo"))
    making.follow(
        fact("t1", "Lives in Lisbon"), Decision(candidate=0, event=Event.UPDATE, target=0), berlin, "candidate:0"
    )
    making.follow(
        fact("t2", "Lives in Berlin"), Decision(candidate=1, event=Event.NONE, target=0), berlin, "candidate:1"
    )
    assert holding(written({ID: berlin}, planned(making)), 10) == ["Lives in Berlin"]


def test_what_is_taken_back_and_told_anew_in_one_batch_holds() -> None:
    berlin = memory("Lives in Berlin", -1)
    making = Planner({"t1": turn("t1", 5), "t2": turn("t2", 9)}, Source("echo"))
    gone = Decision(candidate=0, event=Event.DELETE, target=0)
    making.follow(fact("t1", "No longer lives in Berlin"), gone, berlin, "candidate:0")
    making.follow(
        fact("t2", "Lives in Berlin"), Decision(candidate=1, event=Event.NONE, target=0), berlin, "candidate:1"
    )
    assert holding(written({ID: berlin}, planned(making)), 10) == ["Lives in Berlin"]


def test_a_late_version_cuts_the_one_that_held_even_beside_one_that_never_did() -> None:
    # Rome was said for day 20, and changed by hand on day 10 before that came.
    past = [
        memory("Lives in Berlin", 1, 10, version=1),
        memory("Lives in Rome", 20, 10, version=2),
        memory("Lives in Porto", 10, 30, version=3),
    ]
    stands = memory("Lives in Oslo", 30, version=4)
    late = memory("Lives in Lisbon", 25, version=5, turn_id="t9")
    placed = with_late(stands, past, late)
    assert placed is not None
    store = {str(memory.version): memory for memory in [*past, placed.stands, *placed.past]}
    assert holding(store, 26) == ["Lives in Lisbon"]
