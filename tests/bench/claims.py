"""What the measurements share: a bar while they run, and a table, a file and an exit status for what they claim."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

BUILD = Path("build")


@dataclass(frozen=True)
class Claim:
    """What is promised beside what was seen.

    Args:
        what: in a few words, with the unit.
        most: the promise: at most so much.
        seen: what was measured.
    """

    what: str
    most: float
    seen: float

    @property
    def is_held(self) -> bool:
        """Whether the promise is kept."""
        return self.seen <= self.most


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """A command line that explains itself with its module's docstring; each option's help names its default."""
    first, _, more = (description or "").partition("\n\n")
    return argparse.ArgumentParser(
        prog=f"python -m {program}",
        description=first,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def progress_bar() -> Progress:
    """On stderr, so that the tables can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def table(title: str, *columns: str) -> Table:
    """An empty table; every column but the first is for figures."""
    made = Table(*columns, title=title, box=SIMPLE, title_justify="left", padding=(0, 1, 0, 0))
    for column in made.columns[1:]:
        column.justify = "right"
    return made


def concluded(name: str, figures: dict[str, Any], claims: Sequence[Claim], console: Console) -> int:
    """Print the claims, write everything to `build/NAME.json`; returns the exit status, 1 when a claim is not held."""
    shown = table("Claims", "what", "at most", "seen", "held")
    for claim in claims:
        shown.add_row(claim.what, f"{claim.most:,.6g}", f"{claim.seen:,.6g}", "yes" if claim.is_held else "[red]no")
    console.print(shown)
    BUILD.mkdir(exist_ok=True)
    target = BUILD / f"{name}.json"
    figures = figures | {"claims": [{**asdict(claim), "held": claim.is_held} for claim in claims]}
    target.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(f"written to {target}")
    return 0 if all(claim.is_held for claim in claims) else 1
