"""The embedded stack with two Redis servers instead of one, reached at an address that is the fault run's.

`python -m tests.chaos.fault_run.stack`: what `scrubjay up` is, with the same parts kept up in the same way. A Redis
that is started again is a primary with what it had on disk, until somebody says otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.parts import Addresses, Setup, stages
from scrubjay.devstack.process_group import ProcessGroup
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import base_url, free_port, listen

REDIS = ("redis-a", "redis-b")
_HOST = "127.0.0.1"


def command(data: Path, *, workers: int, threads: int, address: int, redis: tuple[int, int]) -> list[str]:
    """The command line.

    Args:
        data: the data directory.
        workers, threads: how many worker processes, and tasks at once in each.
        address: the port at which the API and the workers look for Redis.
        redis: the ports of the two servers.
    """
    options = {"--data": data, "--workers": workers, "--threads": threads, "--address": address}
    arguments = [str(argument) for option in options.items() for argument in option]
    return [sys.executable, "-m", "tests.chaos.fault_run.stack", *arguments, "--redis", *map(str, redis)]


async def serve(options: argparse.Namespace) -> None:
    """Run everything until SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    setup = Setup(options.data, workers=options.workers, worker_threads=options.threads)
    directory = DataDirectory(options.data)
    directory.acquire()
    with closing(listen(_HOST, 0)) as listener:
        at = Addresses(options.address, free_port(), listener.getsockname()[1], listener.fileno())
        _, *others = stages(setup, at)
        servers = [
            replace(redis_part(options.data / name, port), name=name)
            for name, port in zip(REDIS, options.redis, strict=True)
        ]
        group = ProcessGroup([servers, *others], directory, tell=lambda line: print(line, file=sys.stderr, flush=True))
        try:
            await group.start()
            print(f"qdrant on {at.qdrant}", file=sys.stderr, flush=True)
            print(f"ready {base_url(_HOST, at.api)}", flush=True)
            await over.wait()
        finally:
            await group.stop()
            directory.release()


def main() -> None:
    """Run the stack."""
    parser = argparse.ArgumentParser(prog="tests.chaos.fault_run.stack", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    for name in ("workers", "threads", "address"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--redis", type=int, nargs=2, required=True)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
