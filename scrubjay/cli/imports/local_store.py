"""A Qdrant store in local mode, read without Qdrant's client, which would run what the store's files say."""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson

from scrubjay.cli.imports.pickles import ForbiddenPickle, Opaque, Unreadable, loads, plain, whole
from scrubjay.cli.imports.reading import Page, Point, PointId
from scrubjay.cli.imports.trust import check_trust

MOST_META_BYTES = 16_000_000
MOST_POINT_BYTES = 16_000_000
_BESIDE = ("-journal", "-wal", "-shm")  # what SQLite opens with a database
_HIDDEN = "SELECT 1 FROM pragma_table_xinfo('points') WHERE lower(name) = 'rowid'"
_TABLE = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'points'"


class BrokenStore(ValueError):
    """The store cannot be read; the text says why."""


class LocalStore:
    """The points of one collection, in the order of their ids: numbers first, then UUIDs.

    Args:
        path: the store's directory.
        collection: which collection; where it is not among the names, there are no points.
        uid: the caller's user id: what others can write is not read.
        closing: takes what has to be closed.

    Raises BrokenStore, NotOurs, ForbiddenPickle, OSError and sqlite3.Error.
    """

    def __init__(self, path: Path, collection: str, uid: int, closing: ExitStack) -> None:
        root = check_trust(path, uid)
        self.names = _names(check_trust(root / "meta.json", uid, root))
        self._rows: dict[PointId, int] = {}
        self._ids: list[PointId] = []
        if collection not in self.names:
            return
        _lock(closing, root, uid)
        place = root / "collection" / collection / "storage.sqlite"
        if not place.resolve().is_relative_to(root / "collection"):
            raise BrokenStore(f"the collection {collection} lies outside of the store")
        database = check_trust(place, uid, root)
        for beside in (database.with_name(database.name + ending) for ending in _BESIDE):
            if os.path.lexists(beside):
                check_trust(beside, uid, root)
        self._connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
        closing.callback(self._connection.close)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_POINT_BYTES)
        self._connection.execute("PRAGMA trusted_schema = OFF")
        row = self._connection.execute(_TABLE).fetchone()
        if row is None or not str(row[0]).upper().startswith("CREATE TABLE"):
            raise BrokenStore(f"{place} holds no table of points")
        if self._connection.execute(_HIDDEN).fetchone() is not None:
            raise BrokenStore("the rows of the points cannot be told apart: a column is called rowid")
        self._rows = self._indexed()
        self._ids = sorted(self._rows, key=_order)

    def total(self) -> int:
        """How many points there are."""
        return len(self._rows)

    def page(self, place: PointId | None, size: int) -> Page:
        """Some points from a place on, which is the id of the first; None: from the start."""
        start = 0 if place is None else bisect_left(self._ids, _order(place), key=_order)
        after = self._ids[start + size] if start + size < len(self._ids) else None
        return Page([self._point(point_id) for point_id in self._ids[start : start + size]], after)

    def _indexed(self) -> dict[PointId, int]:
        """The row of each point: of one that is there several times the row that was written last."""
        rows: dict[PointId, int] = {}
        for number, key in self._connection.execute("SELECT rowid, id FROM points ORDER BY rowid DESC"):
            try:
                point_id = _normal(loads(base64.b64decode(key)))
            except (Unreadable, binascii.Error, TypeError) as error:
                raise BrokenStore(f"row {number} of the points has no id that can be read") from error
            rows.setdefault(point_id, number)
        return rows

    def _point(self, point_id: PointId) -> Point:
        """A point with its payload, or with the reason why that cannot be brought along. Raises ForbiddenPickle."""
        row = self._connection.execute("SELECT point FROM points WHERE rowid = ?", (self._rows[point_id],)).fetchone()
        data = None if row is None else row[0]
        try:
            value = loads(data if isinstance(data, bytes) else b"")
            payload = plain(value.fields.get("payload") or {}) if isinstance(value, Opaque) else None
        except ForbiddenPickle as error:
            reason = f"point {point_id} is no data but a program ({error}): nothing of it was run"
            raise ForbiddenPickle(reason) from error
        except Unreadable as error:
            return Point(point_id, f"its payload cannot be read: {error}")
        return Point(point_id, payload if isinstance(payload, dict) else "it is no point")


def _names(meta: Path) -> Sequence[str]:
    """Read the names of the collections from `meta.json` of a Qdrant store in local mode that is to be imported."""
    with meta.open("rb") as file:
        text = file.read(MOST_META_BYTES + 1)
    if len(text) > MOST_META_BYTES:
        raise BrokenStore(f"{meta} is larger than {MOST_META_BYTES} bytes")
    try:
        return [name for name in orjson.loads(text)["collections"] if isinstance(name, str)]
    except (orjson.JSONDecodeError, LookupError, TypeError) as error:
        raise BrokenStore(f"{meta} does not name the collections") from error


def _lock(closing: ExitStack, root: Path, uid: int) -> None:
    """Keep Qdrant's client out for as long as we read; it holds the same lock."""
    place = root / ".lock"
    if not place.exists():
        return
    file: IO[bytes] = closing.enter_context(check_trust(place, uid, root).open("rb"))
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BrokenStore(f"{root} is in use: stop what has it open") from error


def _normal(point_id: Any) -> PointId:
    """A point's id; of a UUID the one spelling. Raises Unreadable."""
    try:
        if isinstance(point_id, int) and not isinstance(point_id, bool):
            return whole(point_id)
        if isinstance(point_id, str | UUID):
            return str(UUID(str(point_id)))
    except ValueError as error:
        raise Unreadable("it is no id of a point") from error
    raise Unreadable("it is no id of a point")


def _order(point_id: PointId) -> tuple[bool, int, str]:
    is_text = isinstance(point_id, str)
    return (is_text, 0, str(point_id)) if is_text else (is_text, int(point_id), "")
