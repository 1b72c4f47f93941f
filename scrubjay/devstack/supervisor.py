"""What `scrubjay up` becomes: a small process that starts the stack, keeps it up and ends it on a signal.

Run as `python -m scrubjay.devstack.supervisor`: it imports no client library, so that it costs next to nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from scrubjay.devstack.failures import PartFailed, StackRefused
from scrubjay.devstack.parts import Setup, read_health
from scrubjay.devstack.stack import Stack

REMINDER_SECONDS = 10


def arguments(argv: Sequence[str]) -> Setup:
    """Parse the command line of the process that supervises the embedded stack into its Setup."""
    parser = argparse.ArgumentParser(prog="scrubjay up", description="Run the embedded stack.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--worker-threads", type=int, required=True)
    parser.add_argument("--finish-seconds", type=float, required=True)
    parser.add_argument("--auth", required=True)
    return Setup(**vars(parser.parse_args(argv)))


def main() -> None:
    """Run until a signal: exit status 0 after one, 2 when nothing was started, 1 when a part failed."""
    setup = arguments(sys.argv[1:])
    console = Console(stderr=True, highlight=False)
    try:
        sys.exit(asyncio.run(supervise(setup, console)))
    except StackRefused as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except PartFailed as error:
        console.print(f"{error} The end of its log:", style="red", markup=False, soft_wrap=True)
        console.print(error.log_tail, markup=False, soft_wrap=True)
        sys.exit(1)


async def supervise(setup: Setup, console: Console) -> int:
    """Serve until SIGTERM or SIGINT; a second signal kills what is still ending."""

    def tell(line: str) -> None:
        console.print(f"scrubjay: {line}", markup=False, soft_wrap=True)

    stack = Stack(setup, tell)
    serving = asyncio.create_task(serve(stack, console, tell))

    def on_signal() -> None:
        if serving.cancelling():
            stack.hurry()
        else:
            tell("stopping")
            serving.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        await serving
    except asyncio.CancelledError:
        return 0
    return 1


async def serve(stack: Stack, console: Console, tell: Callable[[str], None]) -> None:
    """Start the stack, say so, and stay until cancelled or a part cannot be kept."""
    reminder = asyncio.create_task(remind(stack, tell))
    try:
        async with stack:
            reminder.cancel()
            banner(stack, console, read_health(await stack.readiness()))
            sys.stdout.write(f"ready {stack.url}\n")
            sys.stdout.flush()
            await stack.failed()
    finally:
        reminder.cancel()


async def remind(stack: Stack, tell: Callable[[str], None]) -> None:
    """While the embedded stack starts, report every ten seconds which of its processes are not ready, and why."""
    while True:
        await asyncio.sleep(REMINDER_SECONDS)
        health = read_health(await stack.readiness())
        tell(f"still waiting for {', '.join(stack.unready)} {health.get('detail', '')}".rstrip())


def banner(stack: Stack, console: Console, health: Mapping[str, Any]) -> None:
    """Print for a person at the terminal what the embedded stack runs, once its processes are up.

    That is the dashboard's URL, the models, the data directory, the workers, the ports of Redis and Qdrant, and which
    part does not work.
    """
    setup, at = stack.setup, stack.addresses
    rows = {
        "dashboard": f"{stack.url}/dashboard",
        "extractor": health.get("extractor", "unknown"),
        "embedder": health.get("embedder", "unknown"),
        "data": setup.data,
        "inside": f"{setup.workers} workers, redis on {at.redis}, qdrant on {at.qdrant}",
    }
    console.print(f"[bold]Scrubjay[/bold] serves at {stack.url}. Ctrl-C stops it.", soft_wrap=True)
    for name, value in rows.items():
        console.print(f"  {name:<10} {value}", markup=False, soft_wrap=True)
    for name, part in health.get("parts", {}).items():
        if not part["ok"] and name != "workers":  # they have just been seen, perhaps after the API's last look
            waits = f"  {name} does not work, so turns wait: {part['reason']}"
            console.print(waits, style="yellow", markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
