"""What is evaluated on, whichever data set it comes from: conversations, and questions about them. All frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


class BadData(Exception):
    """The data is not in the shape that its publisher describes; the text says which file and what is missing."""


@dataclass(frozen=True)
class Exchange:
    """One turn as a chatbot posts it.

    Args:
        messages: each with `role` and `content`, and `name` where several people write.
        said_at: when, with a zone.
        session: the sitting that it belongs to.
    """

    messages: tuple[dict[str, str], ...]
    said_at: datetime
    session: str

    @property
    def chars(self) -> int:
        """How long it is, in characters."""
        return sum(len(message["content"]) for message in self.messages)


@dataclass(frozen=True)
class Question:
    """A question with what is known to be right.

    Args:
        id: unique within the data set.
        text: as it is asked.
        category: its row in the report.
        judging: which section of the judge's prompt applies.
        gold: the right answer, or what the section needs to know instead.
        asked_at: the day it is asked on: "last month" counts from here.
        rubric: BEAM's nuggets, each judged alone; empty elsewhere.
    """

    id: str
    text: str
    category: str
    judging: str
    gold: str
    asked_at: datetime
    rubric: tuple[str, ...] = ()

    @property
    def verdicts(self) -> int:
        """How often the judge is asked about one answer."""
        return len(self.rubric) or 1


@dataclass(frozen=True)
class Conversation:
    """Turns in the order of time, and the questions that are asked after the last one."""

    id: str
    turns: tuple[Exchange, ...]
    questions: tuple[Question, ...]


Messages = tuple[dict[str, str], ...]


def timed(sessions: Iterable[tuple[datetime, str, Iterable[Messages]]]) -> tuple[Exchange, ...]:
    """The turns of sessions that are in the order of time, each later than the one before.

    Data sets tell when a session began, not when each turn was said: a turn is taken to follow a second after the last.

    Args:
        sessions: each with its beginning, its name, and the messages of its turns.
    """
    turns: list[Exchange] = []
    for began, name, exchanges in sessions:
        for messages in exchanges:
            after = turns[-1].said_at + timedelta(seconds=1) if turns else began
            turns.append(Exchange(messages, max(began, after), name))
    return tuple(turns)


def spread(items: Sequence[T], kind: Callable[[T], str]) -> list[T]:
    """The same items, one of each kind in turn, so that the first few are a fair sample."""
    taken: dict[str, int] = {}
    ranked: list[tuple[int, int]] = []
    for number, item in enumerate(items):
        rank = taken.get(kind(item), 0)
        taken[kind(item)] = rank + 1
        ranked.append((rank, number))
    return [items[number] for _, number in sorted(ranked)]


def cut(
    conversations: Sequence[Conversation], most: int | None, questions_each: int | None, limit: int | None
) -> list[Conversation]:
    """A slice that is the same every time, and grows at its end when the numbers grow.

    Args:
        conversations: all of them.
        most: conversations.
        questions_each: questions of one conversation.
        limit: questions in all; conversations without any are left out.
    """
    left = limit if limit is not None else sum(len(conversation.questions) for conversation in conversations)
    chosen = []
    for conversation in spread(conversations, _first_category)[:most]:
        questions = tuple(spread(conversation.questions, lambda question: question.category))[:questions_each][:left]
        left -= len(questions)
        if questions:
            chosen.append(replace(conversation, questions=questions))
    return chosen


def _first_category(conversation: Conversation) -> str:
    return conversation.questions[0].category if conversation.questions else ""
