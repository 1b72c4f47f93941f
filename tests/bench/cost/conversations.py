"""LoCoMo's conversations as turns, the same ones for every system that is measured."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SESSION = re.compile(r"session_(\d+)")
_DATE = "%I:%M %p on %d %B, %Y"


@dataclass(frozen=True)
class Exchange:
    """One turn: what the user said, then what the assistant answered; said at the time of its session."""

    messages: tuple[dict[str, str], ...]
    said_at: datetime


@dataclass(frozen=True)
class Conversation:
    """The turns of two people, oldest first; the first of them is the user."""

    name: str
    turns: tuple[Exchange, ...]

    def bursts(self, size: int) -> list[tuple[Exchange, ...]]:
        """The turns in groups of so many; the last one may be smaller."""
        return [self.turns[start : start + size] for start in range(0, len(self.turns), size)]


def read(path: Path, conversations: int, turns: int | None = None) -> list[Conversation]:
    """The first conversations of a LoCoMo file.

    Args:
        path: gzipped JSON.
        conversations: how many.
        turns: at most so many in all, taken from each in equal parts; None for every one.

    Raises SystemExit when the file is not there or holds too few.
    """
    if not path.is_file():
        raise SystemExit(f"There is no file {path}. Name a LoCoMo file (gzipped JSON) with --data.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        samples = json.load(file)
    if len(samples) < conversations:
        raise SystemExit(f"{path} holds {len(samples)} conversations, and {conversations} were asked for.")
    share = None if turns is None else max(1, turns // conversations)
    return [
        Conversation(f"locomo-{number}", _turns(sample["conversation"])[:share])
        for number, sample in enumerate(samples[:conversations])
    ]


def _turns(sample: dict[str, Any]) -> tuple[Exchange, ...]:
    numbers = sorted(int(match[1]) for match in map(_SESSION.fullmatch, sample) if match)
    return tuple(turn for number in numbers for turn in _session(sample, f"session_{number}"))


def _session(sample: dict[str, Any], session: str) -> list[Exchange]:
    """The turns of one session.

    A turn ends where the user (speaker_a) speaks again after the assistant (speaker_b): mostly one utterance of each.
    """
    said_at = datetime.strptime(sample[f"{session}_date_time"], _DATE).replace(tzinfo=UTC)
    turns: list[list[dict[str, str]]] = []
    for utterance in sample[session]:
        role = "user" if utterance["speaker"] == sample["speaker_a"] else "assistant"
        if not turns or (role == "user" and turns[-1][-1]["role"] == "assistant"):
            turns.append([])
        turns[-1].append({"role": role, "content": utterance["text"], "name": utterance["speaker"]})
    return [Exchange(tuple(turn), said_at) for turn in turns]


def turns_of(conversations: Sequence[Conversation]) -> int:
    """How many turns there are in all."""
    return sum(len(conversation.turns) for conversation in conversations)
