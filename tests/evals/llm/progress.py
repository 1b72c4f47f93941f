"""The three bars: turns settled, questions answered, verdicts given."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.evals.llm.estimate import Estimate


class Bars(Progress):
    """Enter it to show them.

    Args:
        console: where to.
        estimate: how much there is to do.
    """

    def __init__(self, console: Console, estimate: Estimate) -> None:
        columns = (TextColumn("{task.description:18}"), BarColumn(), MofNCompleteColumn())
        super().__init__(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
        self._settled = self.add_task("turns settled", total=estimate.turns)
        self._answered = self.add_task("questions answered", total=estimate.steps["answer"][1].calls)
        self._judged = self.add_task("verdicts", total=estimate.steps["judge"][1].calls)

    def settled(self, turns: int) -> None:
        """So many turns more are settled."""
        self.advance(self._settled, turns)

    def answered(self, questions: int) -> None:
        """So many questions more are answered."""
        self.advance(self._answered, questions)

    def judged(self, verdicts: int) -> None:
        """So many verdicts more are given."""
        self.advance(self._judged, verdicts)
