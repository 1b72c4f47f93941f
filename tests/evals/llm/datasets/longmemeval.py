"""LongMemEval (xiaowu0162/LongMemEval, `longmemeval_s.json`, `_m.json`, `_oracle.json`): questions in haystacks.

A list of rows, each with `question_id`, `question_type`, `question`, `answer`, `question_date`, `haystack_dates`,
`haystack_session_ids` and `haystack_sessions` (lists of messages with `role` and `content`). An id that ends in
`_abs` marks a question that cannot be answered. JSON lines and gzipped files are read, too. Every question has a
haystack of its own, so every question is a conversation, and each pays for its whole haystack.

A folder with `questions.jsonl` and `sessions.jsonl` (or `.jsonl.gz`) is one conversation with many questions: the
shape of the slice that `scrubjay demo` ships, `scrubjay/devstack/demo_data`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.cli.conversation import exchanges
from tests.evals.llm.datasets.files import read_rows
from tests.evals.llm.material import BadData, Conversation, Exchange, Question, timed

ABSTENTION = "abstention"
# Question types whose answers have a rule of their own; all others are judged plainly.
_JUDGING = {
    "temporal-reasoning": "temporal",
    "temporal": "temporal",
    "knowledge-update": "knowledge update",
    "knowledge_update": "knowledge update",
    "single-session-preference": "preference",
}


def load(path: Path) -> list[Conversation]:
    """The conversations of a file or of a folder. Raises BadData."""
    try:
        return [_slice(path)] if path.is_dir() else [_haystack(row) for row in read_rows(path)]
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{path.name} is not in LongMemEval's shape: {error!r}") from error


def _haystack(row: Mapping[str, Any]) -> Conversation:
    name = row["question_id"]
    sessions = zip(row["haystack_dates"], row["haystack_session_ids"], row["haystack_sessions"], strict=True)
    turns = _turns([(_time(date), session, messages) for date, session, messages in sessions])
    question = _question(name, row, str(row["answer"]), _time(row["question_date"]))
    return Conversation(name, turns, (question,))


def _question(name: str, row: Mapping[str, Any], gold: str, asked_at: datetime) -> Question:
    """The paper reports questions without an answer as an ability of its own."""
    kind = row["question_type"]
    if name.endswith("_abs"):
        return Question(name, row["question"], ABSTENTION, ABSTENTION, gold, asked_at)
    return Question(name, row["question"], kind, _JUDGING.get(kind, "plain"), gold, asked_at)


def _turns(sessions: Sequence[tuple[datetime, str, Sequence[Mapping[str, str]]]]) -> tuple[Exchange, ...]:
    """The turns of all sessions by time: one user message with its answer each."""
    ordered = sorted(sessions, key=lambda session: session[0])
    return timed((began, name, exchanges(_kept(messages))) for began, name, messages in ordered)


def _kept(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [
        {"role": message["role"], "content": message["content"]} for message in messages if message["content"].strip()
    ]


def _slice(folder: Path) -> Conversation:
    zipped = folder / "sessions.jsonl.gz"
    rows = read_rows(zipped if zipped.exists() else folder / "sessions.jsonl")
    turns = _turns([(_time(row["timestamp"]), row["id"], row["turns"]) for row in rows])
    questions = []
    for row in read_rows(folder / "questions.jsonl"):
        truth = row["ground_truth"]
        unanswerable = row.get("constraints", {}).get("abstention_expected", False)
        name = f"{row['id']}_abs" if unanswerable else row["id"]
        labels = {"question": row["question"], "question_type": row["category"]}
        questions.append(_question(name, labels, str(truth["answer"]), _time(truth["valid_as_of"])))
    return Conversation("slice", turns, tuple(questions))


def _time(text: str) -> datetime:
    """`2023/05/20 (Sat) 02:21`; the data names no zone: it is taken as UTC."""
    return datetime.strptime(text, "%Y/%m/%d (%a) %H:%M").replace(tzinfo=UTC)
