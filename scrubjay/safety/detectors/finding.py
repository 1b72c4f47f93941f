"""Finders of secrets, and the replacement of the spans that they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

PUT = "[masked: "  # a text begins so where something was masked before


class SecretSpan(NamedTuple):
    """The place of a secret in a text, and its kind."""

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

    find: Callable[[str], Iterator[SecretSpan]]
    hints: tuple[str, ...]


def by_pattern(
    kind: str, pattern: re.Pattern[str], *, group: int = 0, rest: str = ""
) -> Callable[[str], Iterator[SecretSpan]]:
    """Finds what a pattern matches.

    Args:
        kind: as told in place of the secret.
        pattern: bounded or possessive.
        group: which part of it is the secret.
        rest: characters that go on with the secret behind the match: patterns of fixed length leave the end of a longer
            one standing.
    """
    going_on = re.compile(f"[{rest}]*+" if rest else "")

    def find(text: str) -> Iterator[SecretSpan]:
        done = 0
        for match in pattern.finditer(text):
            start, end = match.span(group)
            if rest and start >= done:  # else a long end would be walked through again and again
                more = going_on.match(text, end)
                done = end = more.end() if more else end
            yield SecretSpan(start, end, kind)

    return find


def replaced(text: str, spans: Iterable[SecretSpan]) -> str:
    """A text in which each secret that a detector found is replaced by `[masked: …]` with its kind.

    Of what overlaps, that which begins first names the kind.
    """
    parts, done = [], 0
    for span in merged(spans):
        parts += [text[done : span.start], f"{PUT}{span.kind}]"]
        done = span.end
    return "".join([*parts, text[done:]])


def merged(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """The spans of a text in which detectors found secrets, in order; spans that overlap are made one."""
    whole: list[SecretSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if whole and span.start < whole[-1].end:
            whole[-1] = whole[-1]._replace(end=max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return whole
