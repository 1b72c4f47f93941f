"""The conversations that the demo replays."""

from __future__ import annotations

from datetime import UTC, datetime

from scrubjay.cli.conversation import exchanges, laravel, load


def says(roles: str) -> list[dict[str, str]]:
    names = {"u": "user", "a": "assistant"}
    return [{"role": names[role], "content": f"{role}{place}"} for place, role in enumerate(roles)]


def shape(roles: str) -> list[str]:
    return ["".join(message["role"][0] for message in turn) for turn in exchanges(says(roles))]


def test_a_turn_is_what_the_user_said_with_what_was_answered() -> None:
    assert shape("uaua") == ["ua", "ua"]
    assert shape("uua") == ["u", "ua"]
    assert shape("") == []


def test_an_assistant_who_speaks_first_joins_the_first_turn() -> None:
    assert shape("auaua") == ["aua", "ua"]


def test_the_slice_is_whole_and_in_the_order_of_time() -> None:
    sessions, questions = load()
    assert (len(sessions), len(questions)) == (82, 16)
    assert sum(len(session.turns) for session in sessions) == 306
    times = [session.time for session in sessions]
    assert times == sorted(times)
    assert times[0].tzinfo is UTC


def test_a_shorter_replay_asks_only_what_it_can_answer() -> None:
    sessions, questions = load(10)
    known = {session.id for session in sessions}
    assert len(sessions) == 10
    assert questions
    assert all(question.session_ids <= known for question in questions)


def test_the_developer_comes_back_for_a_fifth_session() -> None:
    earlier, opening = laravel()
    assert "SaaS product in Laravel for the healthcare industry" in earlier[0].turns[0][0]["content"]
    assert len(earlier) == 4
    assert earlier[0].time < earlier[-1].time < datetime.now(UTC)
    assert "Laravel project" in opening
