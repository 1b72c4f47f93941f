"""The wish to stop: nothing new is begun, what is in hand is finished and written down."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = "interrupted"
BUDGET = "the budget is used up"


class Halt:
    """Why the run is to stop; the first reason stands."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def ask(self, reason: str) -> None:
        """Wish to stop."""
        self.reason = self.reason or reason


@contextmanager
def on_signals(halt: Halt, tell: Callable[[str], None]) -> Iterator[None]:
    """While within, Ctrl-C and SIGTERM ask to stop; a second one cancels whatever is in hand.

    Args:
        halt: what is asked.
        tell: told one line when that is so.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def told() -> None:
        if halt.reason == INTERRUPTED and task is not None:
            task.cancel()
        halt.ask(INTERRUPTED)
        tell("Stopping: what is in hand is finished first. Again to stop at once.")

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
