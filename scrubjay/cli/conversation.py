"""The conversations that the demo replays: a slice of LongMemEval, and the chatbot of the Laravel developer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from scrubjay import devstack

SLICE_NAME = "LongMemEval, 16-question slice"
Exchange = tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Session:
    """One sitting: when it began, and its turns, each one user message with what was answered."""

    id: str
    time: datetime
    turns: tuple[Exchange, ...]


@dataclass(frozen=True)
class Question:
    """A question with the right answer and the sessions that hold it."""

    text: str
    answer: str
    session_ids: frozenset[str]


def load(session_count: int | None = None) -> tuple[list[Session], list[Question]]:
    """The sessions in the order of time, and the questions that they can answer.

    Args:
        session_count: only so many of the first sessions; all if not given.
    """
    folder = files(devstack) / "demo_data"
    lines = gzip.decompress((folder / "sessions.jsonl.gz").read_bytes()).decode().split("\n")
    sessions = sorted((_session(json.loads(line)) for line in lines if line), key=lambda session: session.time)
    sessions = sessions[:session_count]
    known = {session.id for session in sessions}
    questions = [_question(json.loads(line)) for line in (folder / "questions.jsonl").read_text().split("\n") if line]
    return sessions, [question for question in questions if question.session_ids <= known]


def exchanges(messages: Iterable[dict[str, str]]) -> tuple[Exchange, ...]:
    """Cut a session of the demo's LongMemEval conversation into turns: each begins with a user message.

    An assistant who speaks first joins the first.
    """
    turns: list[list[dict[str, str]]] = []
    for message in messages:
        starts = message["role"] == "user" and any(message["role"] == "user" for turn in turns[-1:] for message in turn)
        if starts or not turns:
            turns.append([])
        turns[-1].append(message)
    return tuple(tuple(turn) for turn in turns)


def _session(line: dict[str, Any]) -> Session:
    """Read a line of the demo's LongMemEval slice (JSON lines) as a session with its time and turns."""
    messages = [{"role": turn["role"], "content": turn["content"]} for turn in line["turns"]]
    # The data names no zone: it is taken as UTC.
    time = datetime.strptime(line["timestamp"], "%Y/%m/%d (%a) %H:%M").replace(tzinfo=UTC)
    return Session(line["id"], time, exchanges(messages))


def _question(line: dict[str, Any]) -> Question:
    truth = line["ground_truth"]
    return Question(line["question"], truth["answer"], frozenset(truth["supporting_session_ids"]))


def laravel() -> tuple[Sequence[Session], str]:
    """The developer's first four sessions, and what opens the fifth."""
    exchanges = [
        (
            "I'm building a SaaS product in Laravel for the healthcare industry, targeting small clinics.",
            "That sounds useful. How do you keep the clinics apart?",
        ),
        (
            "I prefer Vue.js over React for the booking screens.",
            "Vue goes well with Laravel; Inertia would spare you an API between the two.",
        ),
        (
            "My team has three developers and we deploy to Frankfurt on Fridays.",
            "Then keep a rollback at hand before the weekend.",
        ),
        (
            "I'm working on the multi-tenant architecture of the Laravel project now: every clinic gets a database.",
            "A database per clinic keeps patient data well apart. Migrations then have to run for each of them.",
        ),
    ]
    sessions = [
        Session(f"laravel-{number}", datetime(2026, 3, 2 + 7 * number, 9, 0, tzinfo=UTC), (_pair(*pair),))
        for number, pair in enumerate(exchanges, 1)
    ]
    return sessions, "Can you help me with my Laravel project?"


def _pair(user: str, assistant: str) -> Exchange:
    return ({"role": "user", "content": user}, {"role": "assistant", "content": assistant})
