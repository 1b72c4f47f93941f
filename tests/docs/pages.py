"""What the pages say that can be checked: links, commands, routes, settings, metrics, blocks of code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md")),
        ROOT / "tests" / "evals" / "README.md",
        *(ROOT / "docs").glob("**/*.md"),
    ]
)
# Decisions tell what was so on their day.
CURRENT = [page for page in PAGES if "decisions" not in page.parts]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_REQUEST = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/[^\s{]*(?:\{\w+\}[^\s{]*)*)")
_SHELL = ("sh", "bash", "console")


@dataclass(frozen=True)
class Request:
    """A request that a page names, as `GET /turns/{id}?…`."""

    method: str
    path: str
    query: tuple[str, ...]


def blocks(text: str, *languages: str) -> list[str]:
    """The blocks of code in these languages."""
    return [code for language, code in _BLOCK.findall(text) if language in languages]


def links(text: str) -> list[str]:
    """Where the links of a page lead that stay in the repository, blocks of code aside."""
    return [link for link in _LINK.findall(_BLOCK.sub("", text)) if not re.match(r"\w+:", link)]


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(text: str, program: str) -> list[list[str]]:
    """The calls of a program in a page, as words: in shell blocks, and set as code in sentences."""
    lines = [line for block in blocks(text, *_SHELL) for line in block.replace("\\\n", " ").splitlines()]
    lines += _INLINE.findall(_BLOCK.sub("", text))
    return list(_calls(lines, program))


def _calls(lines: list[str], program: str) -> Iterator[list[str]]:
    for line in lines:
        for part in re.split(r"\s(?:&&|\|\||\||;)\s", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # the rest of a text over several lines
                continue
            names = [word.rpartition("/")[2] for word in words]
            if program in names[:4] and names[0] not in ("from", "import"):  # `docker compose exec api scrubjay …` too
                yield words[names.index(program) :]


def requests(text: str) -> list[Request]:
    """The requests that a page names, set as code."""
    named = [match for code in _INLINE.findall(_BLOCK.sub("", text)) if (match := _REQUEST.match(code))]
    split = [(match[1], *match[2].partition("?")[::2]) for match in named]
    return [
        Request(method, path, tuple(part.partition("=")[0] for part in query.split("&") if "=" in part))
        for method, path, query in split
    ]
