"""`python -m scrubjay.devstack.qdrant_engine --host 127.0.0.1 --port 6333 --data DIR`."""

import argparse
import ipaddress
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from scrubjay.devstack.qdrant_engine import log
from scrubjay.devstack.qdrant_engine.app import build
from scrubjay.devstack.qdrant_engine.compaction_scheduler import Policy
from scrubjay.devstack.qdrant_engine.errors import Refusal
from scrubjay.devstack.qdrant_engine.http_protocol import Protocol
from scrubjay.devstack.qdrant_engine.store import DirectoryInUse, Store

KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 1


def _loopback(host: str) -> str:
    """Check `--host` of the embedded Qdrant server: only a loopback address is allowed, as the server knows no keys."""
    try:
        reaches_only_us = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        reaches_only_us = False
    if not reaches_only_us:
        raise argparse.ArgumentTypeError(f"{host} is no loopback address, and the server knows no keys")
    return host


def _arguments() -> argparse.Namespace:
    """Parse the command line of the embedded Qdrant server's process: host, port, data directory, when to compact."""
    parser = argparse.ArgumentParser(prog="qdrant_server", description=__doc__)
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=6333, help="0 takes a free one; the ready line names it")
    parser.add_argument("--data", type=Path, required=True, help="the data directory; one process serves it")
    parser.add_argument("--compact-after", type=int, default=Policy.changes, help="changed points")
    parser.add_argument("--quiet-seconds", type=float, default=Policy.quiet_seconds, help="without a change")
    return parser.parse_args()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            log.say(log.READY, url=f"http://{host}:{port}", pid=os.getpid())


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    arguments = _arguments()
    log.configure()
    try:
        store = Store(arguments.data)
    except (DirectoryInUse, Refusal) as error:
        log.warn(log.REFUSED_TO_START, reason=str(error))
        return 1
    config = uvicorn.Config(
        build(store, Policy(arguments.compact_after, arguments.quiet_seconds)),
        host=arguments.host,
        port=arguments.port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # uvicorn raises the signal again once it has stopped; an orderly stop is exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    _Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
