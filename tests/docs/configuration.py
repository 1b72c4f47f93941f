"""`docs/configuration.md`: each setting with its default, the values it takes, and its sentence in `.env.example`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
_HEADER = """# Configuration

Set these variables in the environment, or in a file `.env` in the working directory. `make docs` writes this page from
`scrubjay/settings.py` and `.env.example`.
"""
_CLIENT = {
    "SCRUBJAY_URL",
    "SCRUBJAY_KEY",
    "SCRUBJAY_USER_ID",
}  # of the command line: where the server is, and with which key
_UNITS = {"_SECONDS": " s", "_BYTES": " bytes", "_PERCENT": " %", "_USD": " USD"}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of `.env.example`.

    Args:
        name: of the environment variable.
        default: as the file shows it; empty where it has none.
        meaning: the sentences above it.
    """

    name: str
    default: str
    meaning: str


def sections(text: str) -> dict[str, list[Variable]]:
    """The variables of `.env.example` by section, in its order."""
    by_section: dict[str, list[Variable]] = {}
    section, sentences = "", list[str]()
    for line in text.splitlines():
        if title := re.fullmatch(r"# ---- (.+) ----", line):
            section, sentences = title[1], []
        elif variable := re.fullmatch(r"#?([A-Z_]+)=(.*)", line):
            meaning = " ".join(sentences)
            by_section.setdefault(section, []).append(Variable(name=variable[1], default=variable[2], meaning=meaning))
            sentences = []
        elif line.startswith("# "):
            sentences.append(line.removeprefix("# "))
        else:
            sentences = []
    return by_section


def names() -> set[str]:
    """The names of all variables."""
    return {variable.name for variables in _listed().values() for variable in variables} | _CLIENT


def page() -> str:
    """The whole page."""
    parts = [_HEADER]
    for title, variables in _listed().items():
        parts.append(f"\n## {title}\n\n| setting | default | values | meaning |\n|---|---|---|---|\n")
        parts += [_row(variable) for variable in variables]
    return "".join(parts)


def _listed() -> dict[str, list[Variable]]:
    return sections((ROOT / ".env.example").read_text(encoding="utf-8"))


def _row(variable: Variable) -> str:
    default = f"`{variable.default}`{_unit(variable.name)}" if variable.default else ""
    return f"| `{variable.name}` | {default} | {_values(variable.name)} | {_coded(variable.meaning)} |\n"


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def _values(name: str) -> str:
    """What a setting takes beyond any text: the bounds that pydantic checks."""
    fields = Settings.model_json_schema(by_alias=False)["properties"]
    field = fields.get(name.removeprefix("SCRUBJAY_").lower())
    if field is None:
        return ""
    kinds = [kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"]
    (kind,) = kinds
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    return ", ".join(_bounds(kind))


def _bounds(kind: dict[str, Any]) -> list[str]:
    names = {"minimum": "at least {:,}", "exclusiveMinimum": "more than {:,}", "maximum": "at most {:,}"}
    bounds = [text.format(kind[name]) for name, text in names.items() if name in kind]
    length = kind.get("minLength", 0)
    return bounds + ([f"at least {length} characters"] if length > 1 else [])


def _coded(text: str) -> str:
    """Environment variables set as code, but for those that are."""
    return re.sub(r"(?<![`\w])((?:SCRUBJAY|OPENAI|FLOWER|QDRANT)_[A-Z_]+(?:=\w+)?)", r"`\1`", text)
