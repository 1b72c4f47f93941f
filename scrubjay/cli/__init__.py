"""Scrubjay from a terminal: `scrubjay --help`."""

from scrubjay.cli.app import app


def main() -> None:
    """Run the command that the process's arguments name."""
    app(prog_name="scrubjay")
