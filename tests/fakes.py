"""In-memory stand-ins for the ports. Each keeps what it was asked, for a test to look at afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memory.errors import TurnstoneError
from memory.model import Message, Usage
from memory.ports import Answer, Question

Scripted = Mapping[str, Any] | str | Answer | TurnstoneError


class ScriptedModel:
    """A language model that gives the answers it was handed, in order; to run out of them fails the test.

    Args:
        answers: objects (sent as JSON), texts (sent as they are), whole Answers, or errors to raise.
        name: the model's name.
    """

    def __init__(self, *answers: Scripted, name: str = "scripted") -> None:
        self._answers = list(answers)
        self._name = name
        self.questions: list[Question] = []
        self.chats: list[tuple[Message, ...]] = []

    @property
    def name(self) -> str:
        return self._name

    async def ping(self) -> None:
        """Nothing can be away."""

    async def ask(self, question: Question) -> Answer:
        self.questions.append(question)
        return self._next()

    async def chat(self, messages: Sequence[Message]) -> str:
        self.chats.append(tuple(messages))
        return self._next().text

    def _next(self) -> Answer:
        if not self._answers:
            raise AssertionError("the scripted model was asked more often than it has answers")
        answer = self._answers.pop(0)
        if isinstance(answer, TurnstoneError):
            raise answer
        if isinstance(answer, Answer):
            return answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Answer(text=text, usage=Usage(calls=1, prompt_tokens=10, completion_tokens=5))
