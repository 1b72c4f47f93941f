"""The commands, put together."""

from __future__ import annotations

import typer

from scrubjay.cli import (
    dead,
    demo,
    doctor,
    export,
    forget,
    guidance,
    imports,
    keys,
    mcp,
    memories,
    quarantine,
    receipts,
    search,
    turns,
    up,
    webhooks,
)

app = typer.Typer(
    name="scrubjay",
    help="Long-term memory for chatbots.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_GROUPS = (
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
    imports,
    keys,
    webhooks,
    mcp,
)
for module in _GROUPS:
    app.add_typer(module.app)
