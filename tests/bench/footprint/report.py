"""The tables of what Redis held and what is left, by kind of key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from scrubjay.model.ledger import Ledger
from tests.bench.claims import table
from tests.bench.footprint.state import PASSING, PERMANENT, Memory, State

_MILLION = 1_000_000


@dataclass(frozen=True)
class Footprint:
    """One run.

    Args:
        before: any turn.
        largest: memory on the way, when it was largest.
        settled: memory when the last turn was settled.
        after: retention.
        ledger: of all turns.
        seconds: from the first post until the last turn was settled.
    """

    before: State
    largest: Memory
    settled: Memory
    after: State
    ledger: Ledger
    seconds: float

    @property
    def growth(self) -> int:
        """Of the dataset, in bytes; negative when it has shrunk."""
        return self.after.memory.dataset - self.before.memory.dataset

    @property
    def growth_a_million(self) -> float:
        """Of the dataset, in bytes for a million turns."""
        return self.growth / (self.ledger.settled + self.ledger.erased) * _MILLION

    def unaccounted(self, posted: int) -> int:
        """How many of the posted turns did not get to an end."""
        return posted - self.ledger.settled - self.ledger.dead - self.ledger.erased


def show(seen: Footprint, console: Console) -> None:
    """Print the memory at each moment, then the keys that are left."""
    ledger = seen.ledger
    title = f"{ledger.settled:,} turns settled, {ledger.erased:,} erased or discarded, in {seen.seconds:,.0f} s"
    shown = table(title, "Redis", "used kB", "dataset kB", "keys", "file kB")
    moments: list[tuple[str, Memory, int | None]] = [
        ("before", seen.before.memory, seen.before.file_bytes),
        ("largest on the way", seen.largest, None),
        ("last turn settled", seen.settled, None),
        ("retention passed", seen.after.memory, seen.after.file_bytes),
    ]
    for name, moment, size in moments:
        file = "" if size is None else f"{size / 1000:,.1f}"
        shown.add_row(name, f"{moment.used / 1000:,.1f}", f"{moment.dataset / 1000:,.1f}", f"{moment.keys:,}", file)
    console.print(shown)
    _show_kinds(seen.after, console)
    console.print(
        f"the dataset grew by {seen.growth:,} bytes: {seen.growth_a_million:,.0f} for a million settled turns"
    )
    points = f"{seen.before.points:,} points before, {seen.after.points:,} after"
    console.print(f"Qdrant keeps the memories: {points}; its files take {seen.after.qdrant_bytes / 1000:,.0f} kB")


def _show_kinds(after: State, console: Console) -> None:
    left = table("Keys left", "kind", "keys", "without end", "bytes", "why")
    for name, kind in sorted(after.kinds.items()):
        why = "permanent" if name in PERMANENT else "ends by itself" if name in PASSING else "[red]left over"
        left.add_row(name, f"{kind.keys:,}", f"{kind.without_ttl:,}", f"{kind.bytes:,}", why)
    console.print(left)


def as_json(seen: Footprint) -> dict[str, Any]:
    """Everything."""
    states = {"before": asdict(seen.before), "after": asdict(seen.after)}
    memories = {"largest": asdict(seen.largest), "settled": asdict(seen.settled)}
    figures = {"growth_bytes": seen.growth, "growth_bytes_a_million": seen.growth_a_million, "seconds": seen.seconds}
    return figures | states | memories | {"books": seen.ledger.model_dump()}
