"""The demo's two bars, posted and settled; where nobody watches, a line now and then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

STEPS = 5


class Meter(Protocol):
    """Told how far it is; what is left out has not changed."""

    def __call__(self, *, posted: int | None = None, settled: int | None = None) -> None:
        """Show it."""


@contextmanager
def meter(console: Console, total: int) -> Iterator[Meter]:
    """Show progress while within.

    Args:
        console: where to.
        total: how many turns there are.
    """
    if console.is_terminal:
        with _bars(console, total) as show:
            yield show
    else:
        yield _lines(console, total)


@contextmanager
def _bars(console: Console, total: int) -> Iterator[Meter]:
    """Show the demo's two progress bars on the terminal with rich: turns posted, and turns settled."""
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        posting, settling = progress.add_task("posted", total=total), progress.add_task("settled", total=total)

        def show(*, posted: int | None = None, settled: int | None = None) -> None:
            progress.update(posting, completed=posted)
            progress.update(settling, completed=settled)

        yield show


def _lines(console: Console, total: int) -> Meter:
    """Print a line of the demo's progress at every fifth of the way, where the console is no terminal."""
    shown = {"posted": 0, "settled": 0}

    def show(*, posted: int | None = None, settled: int | None = None) -> None:
        for name, count in (("posted", posted), ("settled", settled)):
            step = (count or 0) * STEPS // total
            if step > shown[name]:
                shown[name] = step
                console.print(f"{name} {count} of {total} turns")

    return show
