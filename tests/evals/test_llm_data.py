"""The data sets' published shapes, on tiny data of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.evals.llm.datasets import beam, locomo, longmemeval
from tests.evals.llm.journal import Journal
from tests.evals.llm.material import BadData, Conversation, cut

DATA = Path(__file__).with_name("data")


def test_both_speakers_of_locomo_are_users_under_their_own_names() -> None:
    _, harbour = locomo.load(DATA / "locomo.json")
    speakers = [[(message["role"], message["name"]) for message in turn.messages] for turn in harbour.turns]
    assert speakers == [[("user", "Ines"), ("user", "Tom")], [("user", "Ines")], [("user", "Tom"), ("user", "Ines")]]
    assert (
        harbour.turns[1].messages[0]["content"] == "Look at the view! [sends a picture: a photo of a river with boats]"
    )


def test_turns_of_locomo_follow_the_beginning_of_their_session_by_a_second_each() -> None:
    _, harbour = locomo.load(DATA / "locomo.json")
    assert [turn.said_at for turn in harbour.turns] == [
        datetime(2026, 5, 4, 9, 5, 0, tzinfo=UTC),
        datetime(2026, 5, 4, 9, 5, 1, tzinfo=UTC),
        datetime(2026, 6, 20, 23, 59, 0, tzinfo=UTC),
    ]


def test_locomo_numbers_its_categories_and_an_adversarial_question_comes_with_its_trap() -> None:
    _, harbour = locomo.load(DATA / "locomo.json")
    categories = [question.category for question in harbour.questions]
    assert categories == ["multi-hop", "temporal", "open-domain", "single-hop", "single-hop", "adversarial"]
    assert harbour.questions[4].gold == "2"  # some answers are numbers
    assert "on its wing" in harbour.questions[5].gold
    assert [question.judging for question in harbour.questions[4:]] == ["plain", "adversarial"]


def test_sessions_of_longmemeval_are_told_by_date_and_blank_messages_left_out() -> None:
    tea, boat = longmemeval.load(DATA / "longmemeval" / "two.json")
    assert [(turn.session, len(turn.messages)) for turn in tea.turns] == [("earlier", 2), ("earlier", 1), ("later", 2)]
    assert [turn.said_at for turn in tea.turns] == sorted(turn.said_at for turn in tea.turns)
    assert [message["role"] for message in boat.turns[0].messages] == ["assistant", "user", "assistant"]


def test_a_question_of_longmemeval_is_judged_by_its_type_and_its_id_tells_an_abstention() -> None:
    tea, boat = (conversation.questions[0] for conversation in longmemeval.load(DATA / "longmemeval" / "two.json"))
    assert (tea.category, tea.judging) == ("knowledge-update", "knowledge update")
    assert (boat.category, boat.judging) == ("abstention", "abstention")
    assert tea.asked_at == datetime(2026, 3, 20, 10, tzinfo=UTC)


def test_the_slice_that_the_demo_ships_is_one_conversation_with_many_questions() -> None:
    (conversation,) = longmemeval.load(Path(__file__).parents[2] / "scrubjay" / "devstack" / "demo_data")
    assert (len(conversation.turns), len(conversation.questions)) == (306, 16)


def test_turns_of_beam_follow_the_last_anchor_and_lose_the_mark_of_the_data_s_making() -> None:
    (greenhouse,) = beam.load(DATA / "beam")
    assert [turn.messages[0]["content"] for turn in greenhouse.turns] == [
        "I am planning a greenhouse for spring.",
        "I want it to be 12 square metres.",
        "I prefer wood over metal.",
        "I now want it to be 15 square metres.",
    ]
    assert [turn.said_at for turn in greenhouse.turns] == [
        datetime(2026, 3, 15, 12, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 15, 12, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 15, 12, 0, 2, tzinfo=UTC),
        datetime(2026, 4, 2, 12, 0, 0, tzinfo=UTC),
    ]


def test_each_nugget_of_beam_is_judged_alone() -> None:
    (greenhouse,) = beam.load(DATA / "beam" / "1")
    assert [(question.id, question.category, question.verdicts) for question in greenhouse.questions] == [
        ("1:knowledge_update:0", "knowledge_update", 2),
        ("1:abstention:0", "abstention", 1),
    ]


def test_data_in_another_shape_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"two.json is not in LoCoMo's shape"):
        locomo.load(DATA / "longmemeval" / "two.json")
    with pytest.raises(BadData, match=r"locomo.json is not in LongMemEval's shape"):
        longmemeval.load(DATA / "locomo.json")
    with pytest.raises(BadData, match="holds no conversation"):
        beam.load(tmp_path)
    (tmp_path / "broken.json").write_text('[{"qa": ')
    with pytest.raises(BadData, match=r"broken.json cannot be read"):
        locomo.load(tmp_path / "broken.json")


def names(conversations: list[Conversation]) -> list[str]:
    return [
        question.id.removeprefix("harbour:") for conversation in conversations for question in conversation.questions
    ]


def test_a_slice_takes_from_every_category_in_turn_and_a_larger_one_only_adds() -> None:
    _, harbour = locomo.load(DATA / "locomo.json")
    second = replace(harbour, questions=())
    assert names(cut([harbour, second], None, None, None)) == ["0", "1", "2", "3", "5", "4"]
    assert names(cut([harbour, second], None, 5, None)) == ["0", "1", "2", "3", "5"]
    assert names(cut([harbour, second], 1, 5, 2)) == ["0", "1"]
    assert [len(conversation.questions) for conversation in cut([harbour, second], 2, None, None)] == [6]


def test_a_journal_takes_a_line_away_that_a_kill_has_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "answers.jsonl"
    Journal(path).append({"id": "1"})
    with path.open("a") as file:
        file.write('{"id": "2", "answ')
    journal = Journal(path)
    journal.append({"id": "3"})
    assert Journal(path).rows == journal.rows == [{"id": "1"}, {"id": "3"}]
