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
        "extraction": lambda replay: replay.calls(EXTRACTIONS),
        "reconciliation": lambda replay: replay.calls(["reconciliation"]),
        "model calls (both)": lambda replay: replay.calls(),
        "embeddings": lambda replay: replay.calls(["embeddings"]),
    },
    "before content, chars a call": {
        "extraction": lambda replay: replay.overhead(EXTRACTIONS),
        "reconciliation": lambda replay: replay.overhead(["reconciliation"]),
    },
    "asked, chars a turn": {
        "before content": lambda replay: replay.overhead_a_turn(),
        "content": lambda replay: replay.content_a_turn(),
        "both": lambda replay: replay.sent_a_turn(),
    },
    "besides, chars a turn": {
        "answered": lambda replay: replay.a_turn("answer"),
        "embedded": lambda replay: replay.a_turn("material", ["embeddings"]),
    },
    "tokens billed, a turn": {
        "asked": lambda replay: replay.a_turn("prompt_tokens"),
        "answered": lambda replay: replay.a_turn("completion_tokens"),
    },
    "the whole replay": {
        "turns": lambda replay: replay.turns,
        "memories kept": lambda replay: replay.memories,
        "seconds": lambda replay: replay.seconds,
    },
}


def show(replays: Sequence[Replay], limits: Sequence[Limit], console: Console) -> None:
    """Print what was measured, then what was promised."""
    table = Table(
        "", *(f"{replay.system}\n{replay.mode}" for replay in replays), title="What remembering costs", box=SIMPLE
    )
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for title, rows in SECTIONS.items():
        table.add_section()
        table.add_row(f"[bold]{title}")
        for name, figure in rows.items():
            table.add_row(f"  {name}", *(_shown(figure(replay)) for replay in replays))
    console.print(table)
    promised = Table("Scrubjay's promise", "at most", "seen", "held", title="Limits", box=SIMPLE)
    for limit in limits:
        promised.add_row(limit.what, _shown(limit.most), _shown(limit.seen), "yes" if limit.is_held else "[red]no")
    console.print(promised)


def write(replays: Sequence[Replay], limits: Sequence[Limit], how: Mapping[str, object]) -> Path:
    """Write the figures, what they are made from and how they were measured."""
    rows = [
        {
            "system": replay.system,
            "mode": replay.mode,
            "figures": {
                title: {name: round(figure(replay), 3) for name, figure in section.items()}
                for title, section in SECTIONS.items()
            },
            "traffic": {route: flow.model_dump() for route, flow in replay.traffic.items()},
            "templates": replay.templates,
        }
        for replay in replays
    ]
    promised = [{**asdict(limit), "held": limit.is_held} for limit in limits]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps({"how": how, "replays": rows, "limits": promised}, indent=2) + "\n")
    return TARGET


def _shown(figure: float) -> str:
    if not figure:
        return "-"
    return f"{figure:.3g}" if figure < 10 else f"{figure:,.0f}"
