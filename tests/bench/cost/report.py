"""The table of costs, and the file beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tests.bench.cost.figures import EXTRACTIONS, Limit, Replay

TARGET = Path("build/bench-cost.json")

Figure = Callable[[Replay], float]

SECTIONS: Mapping[str, Mapping[str, Figure]] = {
    "calls a turn": {
        "extraction": lambda one: one.calls(EXTRACTIONS),
        "reconciliation": lambda one: one.calls(["reconciliation"]),
        "model calls (both)": lambda one: one.calls(),
        "embeddings": lambda one: one.calls(["embeddings"]),
    },
    "before content, chars a call": {
        "extraction": lambda one: one.overhead(EXTRACTIONS),
        "reconciliation": lambda one: one.overhead(["reconciliation"]),
    },
    "asked, chars a turn": {
        "before content": lambda one: one.overhead_a_turn(),
        "content": lambda one: one.content_a_turn(),
        "both": lambda one: one.sent_a_turn(),
    },
    "besides, chars a turn": {
        "answered": lambda one: one.a_turn("answer"),
        "embedded": lambda one: one.a_turn("material", ["embeddings"]),
    },
    "tokens billed, a turn": {
        "asked": lambda one: one.a_turn("prompt_tokens"),
        "answered": lambda one: one.a_turn("completion_tokens"),
    },
    "the whole replay": {
        "turns": lambda one: one.turns,
        "memories kept": lambda one: one.memories,
        "seconds": lambda one: one.seconds,
    },
}


def show(replays: Sequence[Replay], limits: Sequence[Limit], console: Console) -> None:
    """Print what was measured, then what was promised."""
    table = Table("", *(f"{one.system}\n{one.mode}" for one in replays), title="What remembering costs", box=SIMPLE)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for title, rows in SECTIONS.items():
        table.add_section()
        table.add_row(f"[bold]{title}")
        for name, figure in rows.items():
            table.add_row(f"  {name}", *(_shown(figure(one)) for one in replays))
    console.print(table)
    promised = Table("Scrubjay's promise", "at most", "seen", "held", title="Limits", box=SIMPLE)
    for limit in limits:
        promised.add_row(limit.what, _shown(limit.most), _shown(limit.seen), "yes" if limit.is_held else "[red]no")
    console.print(promised)


def write(replays: Sequence[Replay], limits: Sequence[Limit], how: Mapping[str, object]) -> Path:
    """Write the figures, what they are made from and how they were measured."""
    rows = [
        {
            "system": one.system,
            "mode": one.mode,
            "figures": {
                title: {name: round(figure(one), 3) for name, figure in section.items()}
                for title, section in SECTIONS.items()
            },
            "traffic": {route: flow.model_dump() for route, flow in one.traffic.items()},
            "templates": one.templates,
        }
        for one in replays
    ]
    promised = [{**asdict(limit), "held": limit.is_held} for limit in limits]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps({"how": how, "replays": rows, "limits": promised}, indent=2) + "\n")
    return TARGET


def _shown(figure: float) -> str:
    if not figure:
        return "-"
    return f"{figure:.3g}" if figure < 10 else f"{figure:,.0f}"
