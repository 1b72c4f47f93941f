"""LoCoMo (snap-research/locomo, `data/locomo10.json`): long chats of two friends.

A list of samples, each with `sample_id`, `qa` (`question`, `answer`, `category` 1 to 5, `adversarial_answer` in
category 5) and `conversation` (`speaker_a`, `speaker_b`, `session_N_date_time`, `session_N`: a list of messages
with `speaker`, `text`, and `blip_caption` where a picture was sent). An `.json.gz` of the same is read, too.

Both speakers write as `user`, each under their own name. Questions are asked about either of them, and Scrubjay
keeps what users state about themselves: as `assistant`, one of the two would only be listened to for context. Two
messages in a row make one turn, as a bot in a chat of two would post them. The data tells when a session began,
so its turns follow each other by a second and keep their order and their day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.evals.llm.datasets.files import read_rows
from tests.evals.llm.material import BadData, Conversation, Messages, Question, timed

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
ADVERSARIAL = "adversarial"
_SESSION = re.compile(r"session_(\d+)")


def load(path: Path) -> list[Conversation]:
    """The conversations of a file. Raises BadData."""
    try:
        return [_conversation(number, row) for number, row in enumerate(read_rows(path), 1)]
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{path.name} is not in LoCoMo's shape: {error!r}") from error


def _conversation(number: int, row: Mapping[str, Any]) -> Conversation:
    name, conversation = str(row.get("sample_id", f"conv-{number}")), row["conversation"]
    sessions = sorted(int(match[1]) for key in conversation if (match := _SESSION.fullmatch(key)) and conversation[key])
    turns = timed(_session(session, conversation) for session in sessions)
    asked_at = turns[-1].said_at
    questions = (_question(f"{name}:{index}", qa, asked_at) for index, qa in enumerate(row["qa"]))
    return Conversation(name, turns, tuple(questions))


def _session(number: int, conversation: Mapping[str, Any]) -> tuple[datetime, str, list[Messages]]:
    messages = [_message(message) for message in conversation[f"session_{number}"]]
    pairs = [tuple(messages[start : start + 2]) for start in range(0, len(messages), 2)]
    return _time(conversation[f"session_{number}_date_time"]), f"session-{number}", pairs


def _message(message: Mapping[str, str]) -> dict[str, str]:
    picture = f" [sends a picture: {message['blip_caption']}]" if message.get("blip_caption") else ""
    return {"role": "user", "name": message["speaker"], "content": message["text"] + picture}


def _question(name: str, qa: Mapping[str, Any], asked_at: datetime) -> Question:
    category = CATEGORIES[qa["category"]]
    if category != ADVERSARIAL:
        return Question(name, qa["question"], category, "plain", str(qa["answer"]), asked_at)
    right = str(qa.get("answer", "The conversation does not say so."))
    gold = f"{right} (A trap: the answer “{qa['adversarial_answer']}” belongs to another person or event.)"
    return Question(name, qa["question"], category, "adversarial", gold, asked_at)


def _time(text: str) -> datetime:
    """`1:56 pm on 8 May, 2023`; the data names no zone: it is taken as UTC."""
    return datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
