"""Markers that must not stand in any log, and the logs they are looked for in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.running import Running

_PLANTED: dict[str, str] = {}


def planted(what: str) -> str:
    """A marker for one kind of text that a log must not hold; alphanumeric, so that no log escapes it."""
    return _PLANTED.setdefault(what, f"Zq7{what.title().replace(' ', '')}x9K")


def leaks(text: str) -> list[str]:
    """The kinds of marker that stand in a text, in either case."""
    lower = text.lower()
    return sorted(what for what, marker in _PLANTED.items() if marker.lower() in lower)


def leaky_lines(logs: Iterable[Path]) -> list[str]:
    """The lines of logs that hold one of the markers."""
    lines = [(log, line) for log in logs for line in log.read_text(errors="replace").splitlines()]
    return [f"{log.name} tells the {leaks(line)}: {line[:300]}" for log, line in lines if leaks(line)]


def logs_of(stack: Running) -> list[Path]:
    """What every process of a stack writes."""
    return [stack.stderr, *sorted((stack.data / "logs").iterdir())]
