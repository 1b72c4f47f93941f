"""An import from its start, or from where it was interrupted, to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from scrubjay.cli.common import Waiting, call, err, out, refuse, show_json, table
from scrubjay.cli.imports.progress import Counts, WrongState, load, report
from scrubjay.cli.imports.progress import Progress as Position
from scrubjay.cli.imports.sending import judge, send_all
from scrubjay.cli.imports.sources import Source, SourceFailed
from scrubjay.client import ScrubjayClient

_RETRIES = 12  # about 40 seconds of patience with a server that is away
_PATIENCE_SECONDS = 120  # with a key's limit of requests a minute: nobody waits for us
_ANSWER_SECONDS = 300  # long texts take a small machine a while to embed, and sent again they would take it again
_INTERRUPTED = 130


@dataclass(frozen=True)
class Options:
    """How an import is run.

    Args:
        url: the server's address.
        key: an admin's, if it asks.
        state: the file that holds how far it is.
        report: the file that takes what did not come in.
        dry_run: only read.
        as_json: the outcome is for a program.
    """

    url: str
    key: str | None
    state: Path
    report: Path
    dry_run: bool = False
    as_json: bool = False


def run(source: Source, options: Options) -> None:
    """Import everything, or say what would be sent. Exit status 1 when something was refused."""
    try:
        total = source.total()
        if options.dry_run:
            _show(_read_all(source, total), total, options)
            return
        progress = load(options.state, source.name, options.url)
        if progress.counts.done:
            err().print(f"Going on behind the first {progress.counts.done} of {total} memories.")
        _send_rest(source, total, progress, options)
        options.state.unlink(missing_ok=True)
    except WrongState as error:
        raise refuse(str(error), 2) from error
    except SourceFailed as error:  # while it is only read; else `call` has reported it
        raise refuse(str(error)) from error
    except OSError as error:
        raise refuse(f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.") from error
    _show(progress.counts, total, options)


def _read_all(source: Source, total: int) -> Counts:
    """For `--dry-run`: read all memories of an import's source, send none, and count those refused or left out."""
    counts = Counts()
    with _bar() as bar:
        task = bar.add_task("read", total=total, status="")
        for piece in source.pieces(None):
            piece_counts = judge(piece).counts
            counts = _sum(counts, piece_counts)
            bar.update(task, advance=len(piece.records))
    return counts


def _send_rest(source: Source, total: int, progress: Position, options: Options) -> None:
    """Send what is left; whatever ends it, what has been done is kept."""

    async def with_client(client: ScrubjayClient) -> None:
        with _bar() as bar:
            task = bar.add_task("imported", total=total, completed=progress.counts.done, status="")
            async with contextlib.aclosing(send_all(client, source.pieces(progress.place))) as every:
                async for sent in every:
                    progress.counts, progress.place = _sum(progress.counts, sent.counts), sent.after
                    report(options.report, progress, sent.missing)
                    progress.keep(options.state)
                    progress_text = f"{progress.counts.there} there · {progress.counts.refused} refused"
                    bar.update(task, completed=progress.counts.done, status=progress_text)

    try:
        call(options.url, options.key, with_client, Waiting(_RETRIES, _ANSWER_SECONDS, _PATIENCE_SECONDS))
    except (KeyboardInterrupt, asyncio.CancelledError):
        done = f"Stopped behind {progress.counts.done} of {total} memories."
        raise refuse(f"{done} Run the same command again to go on.", _INTERRUPTED) from None


def _sum(counts: Counts, other: Counts) -> Counts:
    return Counts(**{name: getattr(counts, name) + getattr(other, name) for name in Counts.model_fields})


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    """Show on stderr a progress bar of the memories that an import has read or sent."""
    progress_column = TextColumn("{task.fields[status]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        progress_column,
        TimeElapsedColumn(),
    )
    with Progress(*columns, TimeRemainingColumn(), console=err()) as bar:
        yield bar


def _show(counts: Counts, total: int, options: Options) -> None:
    """Print an import's counts (imported, there already, left out, refused). Raises typer.Exit if some are refused."""
    ready = total - counts.refused - counts.left_out
    rows = [
        (("would be sent", ready) if options.dry_run else ("imported", counts.imported)),
        *([] if options.dry_run else [("there already", counts.there)]),
        ("left out: replaced, or no memories", counts.left_out),
        ("refused", counts.refused),
    ]
    if options.as_json:
        show_json({**counts.model_dump(), "total": total, "dry_run": options.dry_run})
    else:
        out().print(table(rows, "memories", ""))
    if counts.quarantined:
        err().print(f"{counts.quarantined} wait for a person: scrubjay quarantine list", soft_wrap=True)
    if not options.dry_run and counts.refused + counts.left_out:
        err().print(f"What did not come in, and why: {options.report}", soft_wrap=True)
    if counts.refused:
        raise refuse(f"{counts.refused} memories were refused.")
