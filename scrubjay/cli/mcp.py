"""`scrubjay mcp`: becomes a process of its own, as no other command should wait until the SDK is loaded."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import typer

from scrubjay.cli.common import refuse

app = typer.Typer()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def mcp(context: typer.Context) -> None:
    """Serve memory to agents by the Model Context Protocol (stdio, or --http)."""
    if find_spec("mcp") is None:
        raise refuse("The MCP server needs the official SDK: install Scrubjay with its extra `mcp`.", 2)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "scrubjay.cli.mcp_server", *context.args])
