"""`scrubjay export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scrubjay.cli.common import DEFAULT_URL, Agent, App, Key, Run, Url, User, call, err, owner, refuse
from scrubjay.cli.private_files import open_private
from scrubjay.client import Owner, ScrubjayClient

app = typer.Typer()

Out = Annotated[Path, typer.Option("--out", help="The file to write: one JSON object a line.", dir_okay=False)]


@app.command(epilog="Example: scrubjay export --user alice --out alice.jsonl")
def export(
    file: Out,
    user: User = None,
    agent: Agent = None,
    run: Run = None,
    app_id: App = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Export everything that is kept of an owner: memories with their history, and turns."""
    whose = owner(user, agent, run, app_id)
    part = file.with_name(f"{file.name}.part")
    try:
        lines = call(url, key, lambda client: _write(client, whose, part))
        part.replace(file)  # what was cut off never bears the name
    except OSError as error:
        raise refuse(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    err().print(f"{lines} lines written to {file}.", soft_wrap=True)


async def _write(client: ScrubjayClient, whose: Owner, part: Path) -> int:
    """Write an owner's export to a file as JSON lines, with a progress bar on the terminal; returns how many lines."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    lines = 0
    with open_private(part) as target, Progress(*columns, console=err()) as progress:
        target.truncate()
        task = progress.add_task("lines", total=None)
        async for record in client.owners.export(**whose):
            target.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            lines += 1
            if record["kind"] == "export":
                progress.update(task, total=record["versions"] + 2)
            progress.update(task, completed=lines, total=max(lines, progress.tasks[0].total or 0))
    return lines
