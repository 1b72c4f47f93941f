"""Starts the server: `python -m tests.model_server --port 8100 --script answers.json`."""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter, ValidationError

from tests.model_server.app import ModelServerApp
from tests.model_server.state import State
from tests.model_server.wire import Canned, Fault, Kind


def main() -> None:
    """Serve until stopped; prints one line `ready http://HOST:PORT` when it can be called."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.model_server",
        description=__doc__,
        epilog=f"Kinds of faults: {', '.join(Kind)}. What they do and their settings: tests/model_server/wire.py.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--script", type=Path, help="a JSON list of answers, see tests/model_server/wire.py: Canned")
    parser.add_argument("--dimension", type=int, default=256, help="length of an embedding")
    parser.add_argument("--seed", type=int, default=0, help="of the rates of faults")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="JSON",
        help="""on from the start, and after every reset: '{"kind": "status", "status": 429, "rate": 0.1}' or
        '{"kind": "empty", "route": "extraction", "contains": "Oslo", "after": 2, "calls": 1}'; may be given again""",
    )
    arguments = parser.parse_args()

    script = TypeAdapter(list[Canned]).validate_json(arguments.script.read_bytes()) if arguments.script else []
    app = ModelServerApp(State(script, arguments.seed, arguments.fault), arguments.dimension).starlette()
    with socket.create_server((arguments.host, arguments.port), backlog=1024) as listening:
        host, port = listening.getsockname()[:2]
        sys.stdout.write(f"ready http://{host}:{port}\n")
        sys.stdout.flush()
        # Half-sent answers are our own doing: the server's complaints about them are no news.
        uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off")).run(sockets=[listening])


def _fault(text: str) -> Fault:
    try:
        return Fault.model_validate_json(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    main()
