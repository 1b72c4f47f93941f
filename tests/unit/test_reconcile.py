"""Reconciliation: what is the same, what is new, and what only a model can tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from scrubjay.errors import BadAnswer, ModelUnavailable
from scrubjay.ingest.reconciliation import ModelReconciler, RuleReconciler, union
from scrubjay.model import Decision, Event, Fact, Memory, Recalled, Reconciliation, Scope
from tests.fakes import ScriptedModel

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
SAME_FLOOR = 0.9
RELATED_FLOOR = 0.4
RULES = RuleReconciler(SAME_FLOOR)


def candidate(text: str) -> Fact:
    return Fact(turn_id="t", text=text, category="personal", quote="q")


def known(text: str, score: float = 0.95, memory_id: str = "") -> Recalled:
    scope = Scope(tenant="acme", user_id="ana")
    memory = Memory(
        id=memory_id or f"id of {text}", scope=scope, text=text, created_at=NOON, updated_at=NOON, valid_from=NOON
    )
    return Recalled(memory=memory, score=score)


def decision(number: int, event: str, target: int | None = None, text: str | None = None) -> dict[str, Any]:
    return {"candidate": number, "event": event, "target": target, "text": text}


def decisions(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"decisions": list(entries)}


async def by_rule(text: str, *near: Recalled) -> Decision:
    [decided] = (await RULES.reconcile([candidate(text)], [near])).decisions
    return decided


async def by_model(
    model: ScriptedModel, texts: Sequence[str], neighbours: Sequence[Sequence[Recalled]]
) -> Reconciliation:
    reconciler = ModelReconciler(model, RELATED_FLOOR, RULES)
    return await reconciler.reconcile([candidate(text) for text in texts], neighbours)


def test_the_union_names_each_memory_once_in_the_order_first_met() -> None:
    a, b, c = known("a"), known("b"), known("c")
    assert union([[b, a], [], [a.model_copy(update={"score": 0.1}), c, b]]) == (b, a, c)


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("User lives in Oslo.", "user lives in  OSLO"),
        ("User's boat is \u201cWind\u201d!", 'User\'s boat is "Wind".'),
        ("User owns \uff11\uff12 cats", "User owns 12 cats."),
        ("User works \u2013 mostly \u2013 at night", "User works mostly at night"),
    ],
)
async def test_the_same_words_are_the_same_statement_at_any_score(text: str, memory: str) -> None:
    assert await by_rule(text, known("Other."), known(memory, score=0.0)) == Decision(
        candidate=0, event=Event.NONE, target=1
    )


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("User really likes the tea", "User likes tea"),
        ("The user has a very old cat", "user has an old cat"),
        ("User just moved to Oslo", "User moved to Oslo."),
    ],
)
async def test_nearly_the_same_words_are_the_same_statement_when_the_vectors_agree(text: str, memory: str) -> None:
    assert (await by_rule(text, known(memory, score=SAME_FLOOR))).event is Event.NONE
    assert (await by_rule(text, known(memory, score=SAME_FLOOR - 0.01))).event is Event.ADD


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("User's number is 12", "User's number is 13"),
        ("User likes tea", "User does not like tea"),
        ("User likes tea", "User doesn't like tea"),
        ("User loves spicy food", "User hates spicy food"),
        ("User pays 1.5 a day", "User pays 15 a day"),
        ("It is -5 degrees", "It is 5 degrees"),
        ("User writes C", "User writes C++"),
        ("User writes C", "User writes C#"),
        ("Ana loves Bo", "Bo loves Ana"),
        ("User's blood type is A", "User's blood type is"),
        ("User listens to The Who", "User listens to who"),
        ("User lives in Oslo", "User lives in Oslo since 2020"),
    ],
)
async def test_statements_that_differ_in_one_telling_word_are_never_the_same(text: str, memory: str) -> None:
    assert await by_rule(text, known(memory, score=1.0)) == Decision(candidate=0, event=Event.ADD)


async def test_a_repetition_within_the_batch_is_none_without_a_target() -> None:
    texts = ["User likes tea.", "User has a cat.", "User really likes the tea"]
    reconciliation = await RULES.reconcile([candidate(text) for text in texts], [[], [], []])

    assert [(decision.candidate, decision.event, decision.target) for decision in reconciliation.decisions] == [
        (0, Event.ADD, None),
        (1, Event.ADD, None),
        (2, Event.NONE, None),
    ]


async def test_a_target_is_a_position_in_the_union() -> None:
    neighbours = [[known("a"), known("b")], [known("b"), known("User has a cat")]]
    reconciliation = await RULES.reconcile([candidate("User skis"), candidate("User has a cat.")], neighbours)
    assert reconciliation.decisions[1].target == 2


async def test_the_model_is_not_asked_about_what_is_the_same_or_far_from_everything() -> None:
    model = ScriptedModel()
    neighbours = [[known("User likes tea")], [known("User likes tea", score=RELATED_FLOOR - 0.01)], [], []]
    reconciliation = await by_model(
        model, ["User likes tea.", "User skis.", "User has a cat.", "User skis."], neighbours
    )

    assert [decision.event for decision in reconciliation.decisions] == [Event.NONE, Event.ADD, Event.ADD, Event.NONE]
    assert model.questions == []


async def test_all_open_candidates_go_into_one_question_with_numbers_of_its_own() -> None:
    tea, oslo = known("User likes tea"), known("User lives in Oslo", score=RELATED_FLOOR)
    far = known("User owns a boat", score=0.1)
    model = ScriptedModel(
        decisions(decision(1, "DELETE", 0), decision(0, "UPDATE", 1, " User lives\nin Bergen. "), decision(2, "ADD"))
    )
    texts = ["User likes tea.", "User moved to Bergen.", "User gave up tea.", "User skis.", "User likes tents."]
    reconciliation = await by_model(model, texts, [[tea], [tea, oslo, far], [tea], [far], [tea]])

    assert reconciliation.decisions == (
        Decision(candidate=0, event=Event.NONE, target=0),
        Decision(candidate=1, event=Event.UPDATE, target=1, text="User lives in Bergen."),
        Decision(candidate=2, event=Event.DELETE, target=0),
        Decision(candidate=3, event=Event.ADD),
        Decision(candidate=4, event=Event.ADD),
    )
    assert len(model.questions) == 1
    [question] = model.questions
    assert question.name == "reconciliation"
    assert "Known:\n[0] User likes tea\n[1] User lives in Oslo\n" in question.user
    assert "boat" not in question.user
    assert "User skis" not in question.user
    assert "id of" not in question.user


async def test_a_candidate_may_change_a_neighbour_of_another_candidate() -> None:
    model = ScriptedModel(decisions(decision(0, "NONE", 1), decision(1, "UPDATE", 0, "New.")))
    reconciliation = await by_model(model, ["x", "y"], [[known("a")], [known("b")]])
    assert [decision.target for decision in reconciliation.decisions] == [1, 0]


async def test_what_an_event_has_no_use_for_is_left_out() -> None:
    model = ScriptedModel(decisions(decision(0, "ADD", 0, "ignored"), {"candidate": 1, "event": "NONE", "why": "x"}))
    reconciliation = await by_model(model, ["x", "y"], [[known("a")], [known("a")]])
    assert reconciliation.decisions == (Decision(candidate=0, event=Event.ADD), Decision(candidate=1, event=Event.NONE))


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ([decision(0, "ADD", 2), decision(1, "ADD")], "unknown target 2"),
        ([decision(0, "NONE", -1), decision(1, "ADD")], "unknown target -1"),
        ([decision(0, "NONE", 10**4000), decision(1, "ADD")], "decisions.0.target: Input should be less than 1000000"),
        (
            [decision(0, "UPDATE", 0, "x" * 1001), decision(1, "ADD")],
            "decisions.0.text: String should have at most 1000",
        ),
        ([decision(0, "ADD")], "each candidate from 0 to 1"),
        ([decision(0, "ADD"), decision(0, "ADD")], "each candidate from 0 to 1"),
        ([decision(0, "ADD"), decision(1, "ADD"), decision(1, "NONE", 0)], "each candidate from 0 to 1"),
        ([decision(0, "ADD"), decision(2, "ADD")], "each candidate from 0 to 1"),
        ([decision(0, "UPDATE", None, "Text."), decision(1, "ADD")], "UPDATE without a target"),
        ([decision(0, "DELETE"), decision(1, "ADD")], "DELETE without a target"),
        ([decision(0, "UPDATE", 0), decision(1, "ADD")], "UPDATE without a text"),
        ([decision(0, "UPDATE", 0, " "), decision(1, "ADD")], "UPDATE without a text"),
        ([decision(0, "MERGE", 0), decision(1, "ADD")], "decisions.0.event"),
        ([decision(0, "ADD") | {"candidate": "0"}, decision(1, "ADD")], "decisions.0.candidate"),
        ([decision(0, "ADD") | {"target": "id of a"}, decision(1, "ADD")], "decisions.0.target"),
    ],
)
async def test_an_answer_that_cannot_be_carried_out_is_asked_for_once_more(
    bad: list[dict[str, Any]], error: str
) -> None:
    model = ScriptedModel(decisions(*bad), decisions(decision(0, "ADD"), decision(1, "NONE", 1)))
    reconciliation = await by_model(model, ["x", "y"], [[known("a")], [known("b")]])

    assert [decision.event for decision in reconciliation.decisions] == [Event.ADD, Event.NONE]
    assert len(model.questions) == 2
    assert error in model.questions[1].user


async def test_two_answers_that_cannot_be_carried_out_are_an_error() -> None:
    bad = decisions(decision(0, "UPDATE", 7, "Text."))
    with pytest.raises(BadAnswer, match="unknown target 7"):
        await by_model(ScriptedModel(bad, bad), ["x"], [[known("a")]])


async def test_a_model_that_is_away_decides_nothing() -> None:
    with pytest.raises(ModelUnavailable):
        await by_model(ScriptedModel(ModelUnavailable("away")), ["x"], [[known("a")]])


async def test_no_candidates_are_no_decisions() -> None:
    assert await by_model(ScriptedModel(), [], []) == Reconciliation(decisions=())
