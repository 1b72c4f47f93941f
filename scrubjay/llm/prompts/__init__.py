"""The prompts: markdown files, read once, filled by typed functions. The hash of a prompt is its version."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from scrubjay.model import Event, Fact, Guidance, Message, Recalled, Role, Turn, Value
from scrubjay.ports import Question

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


_NONE = Guidance()


class Prompt(Value):
    """A prompt file: its sections by title, the schema of the answer, and the hash of both as `version`."""

    name: str
    sections: Mapping[str, str]
    schema_: Mapping[str, Any]
    version: str

    def fill(self, section: str, **values: str) -> str:
        """One section with its placeholders filled. Raises KeyError when a placeholder has no value."""
        return Template(self.sections[section]).substitute(values)


def extraction(turns: Sequence[Turn], guidance: Guidance = _NONE) -> Question:
    """Ask for the facts in turns of one lane, oldest first; system messages are left out.

    Whose facts are wanted follows from the lane: its user, else its agent, else its run.

    Args:
        turns: of one lane.
        guidance: what is added for this project and these turns.
    """
    kind = turns[0].scope.lane.kind
    shown = [_shown(number, turn) for number, turn in enumerate(turns) if spoken(turn)]
    system = EXTRACTION.fill(
        "system",
        about=EXTRACTION.sections[f"about {kind}"],
        source=EXTRACTION.sections[f"source {kind}"],
        categories=", ".join(_described(guidance)),
    )
    return Question(
        name=EXTRACTION.name,
        system="\n\n".join([system, *_added(guidance)]),
        user=EXTRACTION.fill("material", turns="\n\n".join(shown)),
        schema_=_extraction_schema(categories(guidance)),
    )


def categories(guidance: Guidance) -> tuple[str, ...]:
    """The categories that a fact may have: the article's, and what the guidance adds."""
    known = {name.lower(): name for name in [*guidance.categories, *CATEGORIES]}  # ours, where one has both
    return tuple(
        dict.fromkeys(known[name.lower()] for name in [*CATEGORIES[:-1], *guidance.categories, CATEGORIES[-1]])
    )


def extraction_version(guidance: Guidance) -> str:
    """What is kept with each memory: the prompt's hash, and the guidance's where there is one."""
    if guidance == _NONE:
        return EXTRACTION.version
    seed = guidance.model_dump_json()
    return f"{EXTRACTION.version}+{hashlib.sha256(seed.encode()).hexdigest()[:8]}"


def _described(guidance: Guidance) -> list[str]:
    descriptions = {name.lower(): _line(what) for name, what in guidance.categories.items()}
    return [
        f"{name} ({descriptions[name.lower()]})" if descriptions.get(name.lower()) else name
        for name in categories(guidance)
    ]


def _added(guidance: Guidance) -> list[str]:
    """The guidance as the prompt tells it; nothing where none was given."""
    texts = {name: getattr(guidance, name) for name in ("instructions", "includes", "excludes")}
    lines = [EXTRACTION.fill(name, text=text) for name, text in texts.items() if text]
    return [EXTRACTION.fill("guidance", guidance="\n".join(lines))] if lines else []


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


def question_after_error(question: Question, error: str) -> Question:
    """The same question after an answer that could not be used; the error is named."""
    again = COMMON.fill("asked again", error=error)
    return question.model_copy(update={"user": f"{question.user}\n\n{again}"})


def with_schema(question: Question) -> str:
    """Fill a prompt's instructions with the schema of the answer, for endpoints that cannot be sent one."""
    schema = json.dumps(question.schema_)
    return f"{question.system}\n\n{COMMON.fill('schema', name=question.name, schema=schema)}"


def chat_system(memories: Sequence[str]) -> str:
    """The instructions of a chat reply, with the memories that were recalled for it."""
    facts = "\n".join(f"- {_line(text)}" for text in memories)
    known = CHAT.fill("remembered", facts=facts) if memories else CHAT.sections["nothing remembered"]
    return CHAT.fill("system", memories=known)


def summary(about: str, memories: Sequence[str]) -> tuple[str, str]:
    """Instructions and material for a summary of memories, oldest first."""
    return DIGEST.fill("summary", about=about), DIGEST.fill("material", memories=_numbered(memories))


def structure(about: str, schema: Mapping[str, Any], instructions: str | None, memories: Sequence[str]) -> Question:
    """Ask for a document of a shape, made of memories, oldest first.

    Args:
        about: whose memories they are, in a few words.
        schema: the JSON schema that the document must meet.
        instructions: what is wanted besides.
        memories: what is remembered.
    """
    system = DIGEST.fill("structure", about=about, schema=json.dumps(schema, ensure_ascii=False))
    added = [DIGEST.fill("instructions", instructions=instructions)] if instructions else []
    return Question(
        name=DIGEST.name,
        system="\n\n".join([system, *added]),
        user=DIGEST.fill("material", memories=_numbered(memories)),
        schema_=DIGEST.schema_,
    )


def spoken(turn: Turn) -> tuple[Message, ...]:
    """The messages of a turn for the extraction prompt, which may hold facts: not blank, and none of the system's."""
    return tuple(m for m in turn.messages if m.role is not Role.SYSTEM and m.content.strip())


def sources(turn: Turn) -> tuple[Message, ...]:
    """The messages that the extraction prompt has a model quote: those whose words can support a fact.

    They are only the user's own in a user's lane, else those of both sides. So what an assistant recalls, supposes or
    gets wrong about somebody is never remembered as theirs.
    """
    if turn.scope.lane.kind == "user":
        return tuple(message for message in spoken(turn) if message.role is Role.USER)
    return spoken(turn)


def _shown(number: int, turn: Turn) -> str:
    time = f"{turn.said_at.isoformat(sep=' ', timespec='minutes')}, a {turn.said_at:%A}"
    lines = [f"{_speaker(message)}: {message.content.strip()}" for message in spoken(turn)]
    return "\n".join([f'<turn number="{number}" said="{time}">', *lines, "</turn>"])


def _speaker(message: Message) -> str:
    return f"{message.role} ({message.name})" if message.name else str(message.role)


def _as_known(recalled: Recalled) -> str:
    candidate = recalled.candidate
    return recalled.memory.text if candidate is None else f"{recalled.memory.text} (= candidate {candidate})"


def _numbered(texts: Sequence[str]) -> str:
    return "\n".join(f"[{number}] {_line(text)}" for number, text in enumerate(texts))


def _line(text: str) -> str:
    return " ".join(text.split())


def _strict(key: str, **properties: object) -> Mapping[str, Any]:
    """The JSON schema of a prompt's answer: an object that holds one list, strict as providers demand it."""
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
    """Read a prompt's markdown file into its sections by title; the hash of file and answer schema is its version."""
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    parts = re.split(r"^# (.+)$", text, flags=re.MULTILINE)[1:]
    sections = {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}
    seed = text + json.dumps(schema, sort_keys=True)
    version = hashlib.sha256(seed.encode()).hexdigest()[:12]
    return Prompt(name=name, sections=sections, schema_=schema, version=version)


def _extraction_schema(names: Sequence[str]) -> Mapping[str, Any]:
    return _strict(
        "facts", fact={"type": "string"}, category={"type": "string", "enum": list(names)}, quote={"type": "string"}
    )


EXTRACTION = _read("extraction", _extraction_schema(CATEGORIES))
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
# The document travels as text: a schema of somebody else's would be refused where ours must be strict.
DIGEST = _read(
    "digest",
    {
        "type": "object",
        "properties": {"document": {"type": "string"}},
        "required": ["document"],
        "additionalProperties": False,
    },
)
