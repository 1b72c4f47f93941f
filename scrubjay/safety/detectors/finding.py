"""What a finder is, and how what it finds is replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

PUT = "[masked: "  # a text begins so where something was masked before


class Found(NamedTuple):
    """Where a secret stands, and of which kind it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Finder:
    """Finds secrets in a text.

    Args:
        find: everything in a text.
        hints: one of these must be in a text that it is asked about: in lower case, but for tokens.
    """

    find: Callable[[str], Iterator[Found]]
    hints: tuple[str, ...]


def by_pattern(
    kind: str, pattern: re.Pattern[str], *, group: int = 0, rest: str = ""
) -> Callable[[str], Iterator[Found]]:
    """Finds what a pattern matches.

    Args:
        kind: as told in place of the secret.
        pattern: bounded or possessive.
        group: which part of it is the secret.
        rest: characters that go on with the secret behind the match: patterns of fixed length leave the end of a longer
            one standing.
    """
    going_on = re.compile(f"[{rest}]*+" if rest else "")

    def find(text: str) -> Iterator[Found]:
        done = 0
        for match in pattern.finditer(text):
            start, end = match.span(group)
            if rest and start >= done:  # else a long end would be walked through again and again
                more = going_on.match(text, end)
                done = end = more.end() if more else end
            yield Found(start, end, kind)

    return find


def replaced(text: str, findings: Iterable[Found]) -> str:
    """A text in which each secret that a detector found is replaced by `[masked: …]` with its kind.

    Of what overlaps, that which begins first names the kind.
    """
    parts, done = [], 0
    for finding in merged(findings):
        parts += [text[done : finding.start], f"{PUT}{finding.kind}]"]
        done = finding.end
    return "".join([*parts, text[done:]])


def merged(findings: Iterable[Found]) -> list[Found]:
    """The spans of a text in which detectors found secrets, in order; spans that overlap are made one."""
    whole: list[Found] = []
    for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        if whole and finding.start < whole[-1].end:
            whole[-1] = whole[-1]._replace(end=max(whole[-1].end, finding.end))
        else:
            whole.append(finding)
    return whole
