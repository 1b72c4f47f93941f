"""`scrubjay import qdrant|file`: memories from Mem0, or from our own export."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer

from scrubjay.cli.common import DEFAULT_URL, AsJson, Key, Url, refuse
from scrubjay.cli.imports.run import Options, run
from scrubjay.cli.imports.sources import BATCH, FileSource, Location, QdrantSource, SourceFailed

app = typer.Typer()
commands = typer.Typer(
    name="import",
    help="Bring memories from Mem0, or from our own export, with their ids, owners, times and metadata.",
    no_args_is_help=True,
)
app.add_typer(commands)

State = Annotated[Path, typer.Option("--state", help="Keeps how far it is: the same command goes on.", dir_okay=False)]
Report = Annotated[Path, typer.Option("--report", help="Takes what did not come in, with the reason.", dir_okay=False)]
Zone = Annotated[str, typer.Option("--zone", help="Of times that name no zone, such as US/Pacific.")]
Batch = Annotated[int, typer.Option("--batch", min=1, max=500, help="Memories a request.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read everything and send nothing.")]
_STATE, _REPORT = Path("scrubjay-import.state.json"), Path("scrubjay-import.missing.jsonl")


@commands.command(
    "file", epilog="Examples: scrubjay import file mem0-export.json · scrubjay import file alice.jsonl --dry-run"
)
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON or JSON lines.", dir_okay=False, exists=True)],
    zone: Zone = "UTC",
    batch: Batch = BATCH,
    dry_run: DryRun = False,
    state: State = _STATE,
    report: Report = _REPORT,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Bring in a file: what Mem0's get_all answers, an export, or what `scrubjay export` writes.

    An array, an object with `results` or `memories`, or one memory a line. Run it again to go on where it stopped.
    """
    if report.resolve() == file.resolve():
        raise refuse(f"{file} would be written over by the report: name another file with --report.", 2)
    try:
        source = FileSource(file, _zone(zone), batch)
    except orjson.JSONDecodeError as error:
        raise refuse(f"{file} is not JSON: {error}.", 2) from error
    run(source, Options(url, key, state, report, dry_run, as_json))


@commands.command(
    "qdrant",
    epilog="Examples: scrubjay import qdrant --path /tmp/qdrant · "
    "scrubjay import qdrant --from http://localhost:6333 --collection mem0",
)
def import_qdrant(
    path: Annotated[Path | None, typer.Option("--path", help="The directory of a store in local mode.")] = None,
    server: Annotated[str | None, typer.Option("--from", help="The address of a Qdrant server.")] = None,
    server_key: Annotated[
        str | None, typer.Option("--from-key", envvar="QDRANT_API_KEY", help="The Qdrant server's API key.")
    ] = None,
    collection: Annotated[str, typer.Option("--collection", help="Mem0's collection.")] = "mem0",
    zone: Zone = "UTC",
    batch: Batch = BATCH,
    dry_run: DryRun = False,
    state: State = _STATE,
    report: Report = _REPORT,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Bring in a Qdrant collection that Mem0's library has written. Run it again to go on where it stopped."""
    if (path is None) == (server is None):
        raise refuse("Say where it is: --path for a store in local mode, or --from for a Qdrant server.", 2)
    if path is None and find_spec("qdrant_client") is None:
        raise refuse("To read a Qdrant server needs its client: install Scrubjay with its extra `server`.", 2)
    if path is not None and not (path / "meta.json").exists():  # else Qdrant's client would make a new store there
        raise refuse(f"{path} holds no Qdrant store in local mode: it has no meta.json.", 2)
    try:
        source = QdrantSource(Location(path, server, server_key, collection), _zone(zone), batch=batch)
    except SourceFailed as error:
        raise refuse(str(error)) from error
    with contextlib.closing(source):
        run(source, Options(url, key, state, report, dry_run, as_json))


def _zone(name: str) -> ZoneInfo:
    """Read `--zone` of `scrubjay import`, the zone of times that name none; exit status 2 where it is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise refuse(f"--zone {name} is not known; a zone is named like US/Pacific or Europe/Berlin.", 2) from error
