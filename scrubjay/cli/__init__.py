"""Turnstone from a terminal: `turnstone --help`."""

from memory.cli.app import app


def main() -> None:
    """Run the command that the process's arguments name."""
    app(prog_name="turnstone")
