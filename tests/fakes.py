"""In-memory stand-ins for the ports. Each keeps what it was asked, for a test to look at afterwards."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scrubjay.errors import ScrubjayError
from scrubjay.ingest.drain import DrainServices
from scrubjay.ingest.reconciliation import union
from scrubjay.model import (
    Decision,
    Event,
    Extraction,
    Fact,
    Guidance,
    Message,
    Recalled,
    Reconciliation,
    Role,
    Turn,
    Usage,
    Vector,
)
from scrubjay.ports import Answer, Question


def with_decision(services: DrainServices, **changes: Any) -> DrainServices:
    """What draining needs, with other services for the decision."""
    return replace(services, decision=replace(services.decision, **changes))


Scripted = Mapping[str, Any] | str | Answer | ScrubjayError


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

    async def chat_stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        for piece in (await self.chat(messages)).split(" "):
            yield f"{piece} "

    def _next(self) -> Answer:
        if not self._answers:
            raise AssertionError("the scripted model was asked more often than it has answers")
        answer = self._answers.pop(0)
        if isinstance(answer, ScrubjayError):
            raise answer
        if isinstance(answer, Answer):
            return answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Answer(text=text)


class NoGuidance:
    """A guidance book in which nothing is written, unless a test does."""

    def __init__(self) -> None:
        self.pages: dict[str, Guidance] = {}

    async def of(self, tenant: str) -> Guidance:
        return self.pages.get(tenant, Guidance())

    async def give(self, tenant: str, guidance: Guidance) -> None:
        self.pages[tenant] = guidance


class Purse:
    """A meter that keeps what was spent."""

    def __init__(self) -> None:
        self.spendings: list[tuple[str, Usage]] = []

    async def spent(self, model: str, usage: Usage) -> None:
        self.spendings.append((model, usage))


class WordEmbedder:
    """Embeds without a model: texts that share words have near vectors."""

    dimension = 64
    same_floor = 0.95
    related_floor = 0.3

    def __init__(self, name: str = "words") -> None:
        self.name = name

    async def ping(self) -> None:
        """Nothing can be away."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [word_vector(text) for text in texts]


def word_vector(text: str) -> tuple[float, ...]:
    """A unit vector of a text's words."""
    vector = [0.001] * WordEmbedder.dimension
    for token in text.lower().split():
        vector[hashlib.sha256(token.encode()).digest()[0] % WordEmbedder.dimension] += 1.0
    length = math.sqrt(sum(x * x for x in vector))
    return tuple(x / length for x in vector)


class EchoExtractor:
    """Takes every user message for a fact, unless a handler is given for a word in it.

    Args:
        faults: a word, and the error that is raised as long as a batch holds it.
    """

    name = "echo"
    prompt_version: str | None = None

    def __init__(self, faults: Mapping[str, ScrubjayError] | None = None) -> None:
        self.faults = dict(faults or {})
        self.batches: list[list[str]] = []

    async def ping(self) -> None:
        """Nothing can be away."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        texts = [(turn, message.content) for turn in turns for message in turn.messages if message.role is Role.USER]
        self.batches.append([text for _, text in texts])
        for marker, error in self.faults.items():
            if any(marker in text for _, text in texts):
                raise error
        return Extraction(
            facts=tuple(Fact(turn_id=turn.id, text=text, category="personal", quote=text) for turn, text in texts),
        )


class ScriptedReconciler:
    """Decides by a table from a candidate's text to what becomes of its first neighbour; otherwise ADD."""

    def __init__(self, table: Mapping[str, Event] | None = None) -> None:
        self.table = dict(table or {})

    async def ping(self) -> None:
        """Nothing can be away."""

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        known = [scored.memory.id for scored in union(neighbours)]
        return Reconciliation(
            decisions=tuple(
                self._decided(number, fact, near, known)
                for number, (fact, near) in enumerate(zip(candidates, neighbours, strict=True))
            )
        )

    def _decided(self, number: int, fact: Fact, near: Sequence[Recalled], known: list[str]) -> Decision:
        event = self.table.get(fact.text, Event.ADD)
        if event is Event.ADD or not near:
            return Decision(candidate=number, event=Event.ADD)
        target = known.index(near[0].memory.id)
        return Decision(candidate=number, event=event, target=target, text=fact.text if event is Event.UPDATE else None)
