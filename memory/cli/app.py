"""The commands, put together."""

from __future__ import annotations

import typer

from memory.cli import (
    dead,
    demo,
    doctor,
    export,
    forget,
    guidance,
    keys,
    mcp,
    memories,
    quarantine,
    receipts,
    search,
    turns,
    up,
)

app = typer.Typer(
    name="turnstone",
    help="Long-term memory for chatbots: post a turn, recall what matters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    up,
    demo,
    doctor,
    turns,
    search,
    memories,
    guidance,
    dead,
    quarantine,
    forget,
    receipts,
    export,
    keys,
    mcp,
):
    app.add_typer(module.app)
