"""Where memories come from: a file, or Mem0's collection in Qdrant. Each is read a piece at a time, from a place on."""

from __future__ import annotations

import contextlib
import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Protocol

import orjson

from scrubjay.cli.imports.shapes import Arrival, LeftOut, of_payload, of_record
from scrubjay.errors import ScrubjayError

_PACKAGES = Path(__file__).parents[3]  # the directory that this package is in
_CPU_SECONDS = 60
BATCH = 250  # memories: of so many the server embeds the texts at once
Place = int | str | None


@dataclass(frozen=True)
class Piece:
    """A few memories in their order.

    Args:
        records: each as it is to be sent, or why it is not,
        raw: and as it stands there.
        after: the place behind them; None: there is no more.
    """

    records: list[Arrival | LeftOut]
    raw: list[Any]
    after: Place


class Source(Protocol):
    """Somewhere memories come from."""

    @property
    def name(self) -> str:
        """What it is, the same each time: what was begun with it can go on with it."""

    def total(self) -> int:
        """How many there are."""

    def pieces(self, place: Place) -> Iterator[Piece]:
        """Everything from a place on; None: from the start."""


class FileSource:
    """A JSON or JSON lines file: an array, an object with `results` or `memories`, or one such value a line.

    Args:
        path: of the file.
        zone: of times that name none.
        batch: how many memories are a piece.

    Raises OSError when it cannot be read, and ValueError when it holds no JSON.
    """

    def __init__(self, path: Path, zone: tzinfo, batch: int = BATCH) -> None:
        self._batch = batch
        self._path = path
        self._zone = zone
        with path.open("rb") as file:
            self._in_lines = _is_object(file.readline())
        self._whole = [] if self._in_lines else _records(orjson.loads(path.read_bytes().removeprefix(_BOM)))

    @property
    def name(self) -> str:
        """The file's path."""
        return f"file {self._path.resolve()}"

    def total(self) -> int:
        """How many memories there are."""
        return sum(1 for _ in self._each())

    def pieces(self, place: Place) -> Iterator[Piece]:
        """Everything from a place on, which is a number of memories."""
        done = int(place or 0)
        rest = itertools.islice(self._each(), done, None)
        while raw := list(itertools.islice(rest, self._batch)):
            done += len(raw)
            records = [record if isinstance(record, LeftOut) else of_record(record, self._zone) for record in raw]
            yield Piece(records, [record.reason if isinstance(record, LeftOut) else record for record in raw], done)

    def _each(self) -> Iterator[Any]:
        if not self._in_lines:
            yield from self._whole
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield from _line(number, line)


_BOM = b"\xef\xbb\xbf"


def _is_object(line: bytes) -> bool:
    """Whether the first line of a file to import is a JSON object of its own: then the file is read as JSON lines."""
    try:
        return isinstance(orjson.loads(line.removeprefix(_BOM)), dict)
    except orjson.JSONDecodeError:
        return False


def _line(number: int, line: bytes) -> list[Any]:
    """The memories in one line of a JSON lines file to import; of a line that is not JSON, why it is left out."""
    try:
        return _records(orjson.loads(line.removeprefix(_BOM)))
    except orjson.JSONDecodeError:
        return [LeftOut(f"line {number} is not JSON")]


def _records(value: Any) -> list[Any]:
    """The memories in a value: its elements, those of its `results` or `memories`, or itself."""
    if isinstance(value, dict):
        listed = next((value[name] for name in ("results", "memories") if isinstance(value.get(name), list)), None)
        return [value] if listed is None else listed
    return value if isinstance(value, list) else [value]


class SourceFailed(ScrubjayError):
    """Where memories come from cannot be read; the text says why."""


@dataclass(frozen=True)
class Location:
    """Where a Qdrant collection is: in a directory or on a server.

    Args:
        path: the directory of a store in local mode, or
        url: the address of a server,
        api_key: with its key.
        collection: its name.
    """

    path: Path | None = None
    url: str | None = None
    api_key: str | None = None
    collection: str = "mem0"


class QdrantSource:
    """A collection that Mem0's library has written, read by a process of its own.

    Args:
        location: where the collection is.
        zone: of times that name none.
        batch: how many memories are a piece.
        cpu_seconds: of a processor, which reading a local store may take; a large store is given more.

    Raises SourceFailed. End it with `close()`.
    """

    def __init__(
        self, location: Location, zone: tzinfo, *, batch: int = BATCH, cpu_seconds: int = _CPU_SECONDS
    ) -> None:
        path = location.path
        where = str(path.resolve()) if path is not None else location.url
        self.name = f"qdrant {where} {location.collection}"
        self._zone = zone
        # What a store's files hold was written by others: they are read without our keys, and nothing is imported from
        # the directory that we happen to be in (-P). A server is reached through the proxies of our environment.
        module = "qdrant_reader" if path is None else "local_reader"
        environment = None if path is None else {"PYTHONPATH": str(_PACKAGES)}
        # Ctrl-C at a terminal reaches a whole group of processes, and it is not for the reader to answer it.
        self._reader = subprocess.Popen(
            [sys.executable, "-P", "-m", f"scrubjay.cli.imports.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
        job = {**asdict(location), "path": None if path is None else str(path.absolute())}
        self._say({**job, "size": batch, "cpu_seconds": cpu_seconds})
        try:
            self._total = int(self._answer()["total"])
        except SourceFailed:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The reader's process id."""
        return self._reader.pid

    def total(self) -> int:
        """How many points there are."""
        return self._total

    def pieces(self, place: Place) -> Iterator[Piece]:
        """Everything from a place on, once. A place is the id of a point: they are read in the order of their ids."""
        self._say(place)
        while True:
            page = self._answer()
            records = [self._read(*point) for point in page["points"]]
            raw = [{"id": point, **(payload if isinstance(payload, dict) else {})} for point, payload in page["points"]]
            yield Piece(records, raw, page["after"])
            if page["after"] is None:
                return

    def _read(self, point: int | str, payload: dict[str, Any] | str) -> Arrival | LeftOut:
        return of_payload(point, payload, self._zone) if isinstance(payload, dict) else LeftOut(payload)

    def close(self) -> None:
        """End the reader."""
        self._reader.kill()
        with self._reader:  # closes the pipes and waits
            pass

    def _say(self, value: Any) -> None:
        assert self._reader.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # then there is an answer that says why, or none
            self._reader.stdin.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
            self._reader.stdin.flush()

    def _answer(self) -> Any:
        assert self._reader.stdout is not None
        line = self._reader.stdout.readline()
        if not line and self._reader.wait() == -signal.SIGXCPU:
            reason = "reading it takes more processor time than a store of its size needs"
            raise SourceFailed(f"The {self.name} cannot be read: {reason}. A value in it may be made to take for ever.")
        if not line:
            raise SourceFailed(f"The {self.name} could not be read to its end.")
        parsed = orjson.loads(line)
        if "error" in parsed:
            raise SourceFailed(f"The {self.name} cannot be read: {parsed['error']}")
        return parsed
