"""A reader in a process of its own: from stdin a job, and then the place to begin at; on stdout lines of JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, Protocol

import orjson

PointId = int | str
_LONGEST_ERROR = 500


class Job(NamedTuple):
    """What is to be read.

    Args:
        path: the directory of a store in local mode, or
        url: the address of a server,
        api_key: with its key.
        collection: its name.
        size: points a page.
        cpu_seconds: of a processor, which reading may take whatever is read; a large store is given more.
    """

    path: str | None
    url: str | None
    api_key: str | None
    collection: str
    size: int
    cpu_seconds: int


class Point(NamedTuple):
    """One point.

    Args:
        id: a number, or a UUID as text.
        payload: as JSON has it, or the reason why it cannot be brought along.
    """

    id: PointId
    payload: dict[str, Any] | str


class Page(NamedTuple):
    """Some points in the order of their ids.

    Args:
        points: they,
        after: and the id of the next one; None: there is none.
    """

    points: list[Point]
    after: PointId | None


class Store(Protocol):
    """One collection of points, and the names of all that are there."""

    names: Sequence[str]

    def total(self) -> int:
        """How many points there are."""

    def page(self, place: PointId | None, size: int) -> Page:
        """Some points from a place on, which is the id of the first; None: from the start."""


def serve(opened: Callable[[Job, ExitStack], Store], failures: tuple[type[Exception], ...]) -> None:
    """Do the job; what goes wrong is a line as well.

    Args:
        opened: opens what is to be read; the stack takes what has to be closed.
        failures: what can go wrong, each with one sentence.
    """
    with ExitStack() as closing:
        try:
            for line in _lines(opened, closing):
                sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                sys.stdout.buffer.flush()
        except failures as error:
            sentence = " ".join(str(error).split()) or type(error).__name__
            message = sentence.encode(errors="replace").decode()[:_LONGEST_ERROR]
            sys.stdout.buffer.write(orjson.dumps({"error": message}, option=orjson.OPT_APPEND_NEWLINE))


def _lines(opened: Callable[[Job, ExitStack], Store], closing: ExitStack) -> Iterator[dict[str, Any]]:
    """Read an import job from stdin; yield a Qdrant collection's total, then its pages of points, to print as JSON."""
    job = Job(**orjson.loads(sys.stdin.buffer.readline()))
    store = opened(job, closing)
    if job.collection not in store.names:
        yield {"error": f"there is no collection {job.collection}, but: {', '.join(store.names) or 'none'}"}
        return
    yield {"total": store.total()}
    place = orjson.loads(sys.stdin.buffer.readline())
    while True:
        points, place = store.page(place, job.size)
        yield {"points": [list(point) for point in points], "after": place}
        if place is None:
            return
