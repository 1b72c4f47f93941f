"""The prompts: markdown files, read once, filled by typed functions. The hash of a prompt is its version."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from memory.model import Event, Fact, Message, Recalled, Role, Turn, Value
from memory.ports import Question

CATEGORIES = (
    "project",
    "tech_stack",
    "domain",
    "customer_segment",
    "preference",
    "personal",
    "relationship",
    "work",
    "health",
    "travel",
    "plan",
    "event",
    "other",
)


class Prompt(Value):
    """A prompt file: its sections by title, the schema of the answer, and the hash of both as `version`."""

    name: str
    sections: Mapping[str, str]
    schema_: Mapping[str, Any]
    version: str

    def fill(self, section: str, **values: str) -> str:
        """One section with its placeholders filled. Raises KeyError when a placeholder has no value."""
        return Template(self.sections[section]).substitute(values)


def extraction(turns: Sequence[Turn]) -> Question:
    """Ask for the facts in turns of one lane, oldest first; system messages are left out.

    Whose facts are wanted follows from the lane: its user, else its agent, else its run.
    """
    about = EXTRACTION.sections[f"about {turns[0].scope.lane.kind}"]
    shown = [_shown(number, turn) for number, turn in enumerate(turns) if spoken(turn)]
    return Question(
        name=EXTRACTION.name,
        system=EXTRACTION.fill("system", about=about, categories=", ".join(CATEGORIES)),
        user=EXTRACTION.fill("material", turns="\n\n".join(shown)),
        schema_=EXTRACTION.schema_,
    )


def reconciliation(candidates: Sequence[Fact], known: Sequence[Recalled]) -> Question:
    """Ask what the candidates mean for what is known; both lists are numbered from 0 and show no ids.

    Known is also what earlier candidates say, for those that were said after them: these carry their number.
    """
    return Question(
        name=RECONCILIATION.name,
        system=RECONCILIATION.fill("system"),
        user=RECONCILIATION.fill(
            "material",
            known=_numbered([_as_known(recalled) for recalled in known]),
            candidates=_numbered([candidate.text for candidate in candidates]),
        ),
        schema_=RECONCILIATION.schema_,
    )


def asked_again(question: Question, error: str) -> Question:
    """The same question after an answer that could not be used; the error is named."""
    again = COMMON.fill("asked again", error=error)
    return question.model_copy(update={"user": f"{question.user}\n\n{again}"})


def with_schema(question: Question) -> str:
    """The question's instructions with its schema written out, for endpoints that cannot be sent one."""
    schema = json.dumps(question.schema_)
    return f"{question.system}\n\n{COMMON.fill('schema', name=question.name, schema=schema)}"


def chat_system(memories: Sequence[str]) -> str:
    """The instructions of a chat reply, with the memories that were recalled for it."""
    facts = "\n".join(f"- {' '.join(text.split())}" for text in memories)
    known = CHAT.fill("remembered", facts=facts) if memories else CHAT.sections["nothing remembered"]
    return CHAT.fill("system", memories=known)


def spoken(turn: Turn) -> tuple[Message, ...]:
    """The messages of a turn that may hold facts: not blank, and none of the system's."""
    return tuple(m for m in turn.messages if m.role is not Role.SYSTEM and m.content.strip())


def _shown(number: int, turn: Turn) -> str:
    said = f"{turn.said_at.isoformat(sep=' ', timespec='minutes')}, a {turn.said_at:%A}"
    lines = [f"{_speaker(message)}: {message.content.strip()}" for message in spoken(turn)]
    return "\n".join([f'<turn number="{number}" said="{said}">', *lines, "</turn>"])


def _speaker(message: Message) -> str:
    return f"{message.role} ({message.name})" if message.name else str(message.role)


def _as_known(recalled: Recalled) -> str:
    told = recalled.candidate
    return recalled.memory.text if told is None else f"{recalled.memory.text} (= candidate {told})"


def _numbered(texts: Sequence[str]) -> str:
    return "\n".join(f"[{number}] {' '.join(text.split())}" for number, text in enumerate(texts))


def _strict(key: str, **properties: object) -> Mapping[str, Any]:
    """The schema of an object that holds one list, strict as providers demand it."""
    item = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {key: {"type": "array", "items": item}},
        "required": [key],
        "additionalProperties": False,
    }


def _read(name: str, schema: Mapping[str, Any]) -> Prompt:
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^# (.+)$", text, flags=re.MULTILINE)[1:]
    sections = {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}
    seed = text + json.dumps(schema, sort_keys=True)
    version = hashlib.sha256(seed.encode()).hexdigest()[:12]
    return Prompt(name=name, sections=sections, schema_=schema, version=version)


EXTRACTION = _read(
    "extraction",
    _strict(
        "facts",
        fact={"type": "string"},
        category={"type": "string", "enum": list(CATEGORIES)},
        quote={"type": "string"},
    ),
)
RECONCILIATION = _read(
    "reconciliation",
    _strict(
        "decisions",
        candidate={"type": "integer"},
        event={"type": "string", "enum": [str(event) for event in Event]},
        target={"type": ["integer", "null"]},
        text={"type": ["string", "null"]},
    ),
)
COMMON = _read("common", {})
CHAT = _read("chat", {})
