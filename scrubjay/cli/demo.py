"""`scrubjay demo`: the whole stack, a real conversation, questions about it; nothing is left behind."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scrubjay.cli.common import err, out, refuse
from scrubjay.cli.conversation import SLICE_NAME, laravel, load
from scrubjay.cli.demo_report import show_answers, show_context, show_setting, show_totals
from scrubjay.cli.demo_steps import ask, chat, recall, replay
from scrubjay.client import ScrubjayClient
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from scrubjay.errors import ScrubjayError

WORKERS = 2
READER, DEVELOPER = "longmemeval", "laravel-developer"

app = typer.Typer()


OFFLINE = "offline"


@app.command(epilog="Example: scrubjay demo --sessions 20")
def demo(
    sessions: Annotated[
        int | None, typer.Option("--sessions", min=1, help="Replay only this many of the 82 sessions.")
    ] = None,
) -> None:
    """Replay months of a real conversation, then ask questions about it. Needs no key and no network."""
    console = out()
    with tempfile.TemporaryDirectory(prefix="scrubjay-demo-") as folder:
        stack = Stack(Setup(Path(folder), workers=WORKERS), lambda line: console.print(line, markup=False))
        try:
            asyncio.run(until_a_signal(stack, console, sessions))
        except ScrubjayError as error:
            raise failure(stack, str(error)) from error
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            raise refuse("The demo was interrupted.", 130) from error


def failure(stack: Stack, reason: str) -> typer.Exit:
    """Say why it failed, with what every part wrote last."""
    for path in sorted((stack.setup.data / "logs").glob("*.log")):
        tail = stack.log_tail(path.stem)
        if tail:
            err().print(f"--- {path.name}", tail, sep="\n", markup=False, soft_wrap=True)
    return refuse(f"The demo failed: {reason}")


async def until_a_signal(stack: Stack, console: Console, session_count: int | None) -> None:
    """Run the demo so that SIGTERM, too, ends it in good order."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console.print("Starting Redis, the Qdrant engine, the API and two workers …")
    async with stack, ScrubjayClient(stack.url) as client:
        await run(client, console, session_count)


async def run(client: ScrubjayClient, console: Console, session_count: int | None) -> None:
    """The demo, against a running server."""
    _, health = await client.ready()
    show_setting(console, client.url, health)
    sessions, questions = load(session_count)
    console.rule(f"{SLICE_NAME}: {len(sessions)} sessions", align="left")
    replayed = await replay(client, console, READER, sessions)
    answers = [await ask(client, READER, question) for question in questions]
    show_answers(console, answers, {session.id: session.time for session in sessions})
    show_totals(console, replayed, answers)

    console.rule("The chatbot of a Laravel developer", align="left")
    earlier, opening = laravel()
    await replay(client, console, DEVELOPER, earlier)
    context = await recall(client, DEVELOPER, opening)
    reply = await chat(client, DEVELOPER, opening) if not str(health.get("extractor")).startswith(OFFLINE) else None
    show_context(console, earlier, opening, context, reply)
