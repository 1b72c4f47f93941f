"""The prompts of the evaluation: markdown files, filled by typed functions. The hash of a file is its version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from scrubjay.client.views import MemoryView
from tests.evals.llm.material import Question

SAID_AT = "said_at"


@dataclass(frozen=True)
class Asking:
    """One call of a model.

    Args:
        system: the instructions.
        user: the material.
        name: the schema's name on the wire; empty when free text is wanted.
        schema: what the answer must look like; None when free text is wanted.
    """

    system: str
    user: str
    name: str = ""
    schema: Mapping[str, Any] | None = None

    @property
    def chars(self) -> int:
        """How long the call is, in characters."""
        return len(self.system) + len(self.user)


def answering(question: Question, memories: Sequence[MemoryView]) -> Asking:
    """Ask for the answer to a question, with the memories that were recalled for it."""
    lines = [f"- {_day(memory)}: {' '.join(memory.memory.split())}" for memory in memories]
    return Asking(
        _ANSWER["system"],
        Template(_ANSWER["material"]).substitute(
            today=f"{question.asked_at:%A, %d %B %Y}",
            memories="\n".join(lines) if lines else _ANSWER["nothing"],
            question=question.text,
        ),
    )


def judging(question: Question, number: int, answer: str) -> Asking:
    """Ask whether an answer is right.

    Args:
        question: with what is right.
        number: which nugget of its rubric; 0 where there is none.
        answer: as the model gave it.
    """
    graded = {"type": "number", "enum": [0, 0.5, 1]} if question.rubric else {"type": "boolean"}
    grade = "score" if question.rubric else "correct"
    shape = f'{{"reason": "…", "{grade}": {"0, 0.5 or 1" if question.rubric else "true or false"}}}'
    schema = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, grade: graded},
        "required": ["reason", grade],
        "additionalProperties": False,
    }
    gold = question.rubric[number] if question.rubric else question.gold
    material = _JUDGE["nugget material" if question.rubric else "material"]
    return Asking(
        Template(_JUDGE["system"]).substitute(rule=_JUDGE[question.judging], shape=shape),
        Template(material).substitute(question=question.text, gold=gold, answer=answer),
        "judge",
        schema,
    )


def _day(memory: MemoryView) -> str:
    return str((memory.metadata or {}).get(SAID_AT, "undated"))[:10]


def _read(name: str) -> tuple[Mapping[str, str], str]:
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^# (.+)$", text, flags=re.MULTILINE)[1:]
    sections = {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}
    return sections, hashlib.sha256(text.encode()).hexdigest()[:12]


_ANSWER, ANSWER_VERSION = _read("answer")
_JUDGE, JUDGE_VERSION = _read("judge")
