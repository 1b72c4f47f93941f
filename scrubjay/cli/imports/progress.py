"""How far an import is: kept in a file after every piece, so that it can be interrupted and go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scrubjay.cli.imports.sources import Place
from scrubjay.cli.private_files import open_private


class Counts(BaseModel):
    """How many memories became what.

    Args:
        imported: came in.
        there: were there already.
        refused: did not come in, and somebody has to look why.
        left_out: did not come in, and should not: replaced, or no memories.
        quarantined: of the imported ones, so many wait in quarantine (`held` in JSON).
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    imported: int = 0
    there: int = 0
    refused: int = 0
    left_out: int = 0
    quarantined: int = Field(default=0, alias="held")

    @property
    def done(self) -> int:
        """How many have been looked at."""
        return self.imported + self.there + self.refused + self.left_out


class Progress(BaseModel):
    """Where an import is.

    Args:
        source: what it reads.
        server: where it sends it.
        place: behind what has been sent.
        counts: of that.
        reported: how many bytes of the report tell of that.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    server: str
    place: Place = None
    counts: Counts = Counts()
    reported: int = 0

    def keep(self, file: Path) -> None:
        """Write it down; a crash leaves what was there before."""
        part = file.with_name(f"{file.name}.part")
        with open_private(part) as target:
            target.truncate()
            target.write(self.model_dump_json(indent=2).encode())
        part.replace(file)


class WrongState(ValueError):
    """The file is of another import, or of none; the text says what to do."""


def load(file: Path, source: str, server: str) -> Progress:
    """How far the same import has come, else that it begins. Raises WrongState, and OSError."""
    if not file.exists():
        return Progress(source=source, server=server)
    other = f"Remove {file} to begin anew, or name another file with --state."
    try:
        progress = Progress.model_validate_json(file.read_bytes())
    except ValidationError:
        raise WrongState(f"{file} does not hold how far an import is. {other}") from None
    if (progress.source, progress.server) != (source, server):
        raise WrongState(f"{file} is of an import of {progress.source} into {progress.server}. {other}")
    return progress


def report(file: Path, progress: Progress, lines: Iterable[tuple[str, Any]]) -> None:
    """Add to the report what did not come in: the reason, and the memory as it stood there. Nobody else may read it.

    Args:
        file: one JSON object a line; what an interrupted run has written beyond its progress is cut off first.
        progress: knows where that begins; moved on.
        lines: reasons and memories.
    """
    rows = [orjson.dumps(_row(*line), option=orjson.OPT_APPEND_NEWLINE, default=str) for line in lines]
    if not rows and not progress.reported:
        return
    with open_private(file) as target:
        target.truncate(progress.reported)
        target.seek(0, 2)
        progress.reported += target.write(b"".join(rows))


def _row(reason: str, memory: Any) -> dict[str, Any]:
    fields = memory if isinstance(memory, dict) else {"memory": memory}
    return {"not_imported": reason, **fields}
