"""A store of Qdrant's local mode is read as data: nothing in it runs, and what others can write is not read."""

from __future__ import annotations

import base64
import json
import os
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy
import pytest
from qdrant_client import QdrantClient, models
from typer.testing import CliRunner

from scrubjay.cli.app import app
from scrubjay.cli.imports.pickles import MOST_VALUES, ForbiddenPickle, Unreadable, loads, plain
from scrubjay.cli.imports.sources import Location, QdrantSource, SourceFailed
from scrubjay.cli.imports.trust import NotOurs, check_trust

FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ANA = {"data": "Ana keeps bees", "user_id": "ana", "hash": "h"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """As Qdrant's own client writes one."""
    path = tmp_path / "store"
    with closing(QdrantClient(path=str(path))) as client:
        params = models.VectorParams(size=2, distance=models.Distance.COSINE)
        client.create_collection(
            "mem0", vectors_config={"": params}, sparse_vectors_config={"bm25": models.SparseVectorParams()}
        )
        sparse = models.SparseVector(indices=[1], values=[0.5])
        client.upsert("mem0", [models.PointStruct(id=SECOND, vector={"": [0.1, 0.2], "bm25": sparse}, payload=ANA)])
        client.upsert("mem0", [models.PointStruct(id=7, vector={"": [0.1, 0.2]}, payload={**ANA, "user_id": "bob"})])
        more = {
            **ANA,
            "made_at": datetime(2024, 7, 20, 8, 30, tzinfo=UTC),
            "of": UUID(FIRST),
            "tags": ["a", {"b": None}],
        }
        client.upsert("mem0", [models.PointStruct(id=FIRST, vector={"": [0.1, 0.2]}, payload=more)])
        client.create_collection("other", vectors_config=params)
    return path


def put(store: Path, point_id: Any, value: bytes) -> None:
    key = base64.b64encode(pickle.dumps(point_id)).decode()
    with closing(sqlite3.connect(store / "collection" / "mem0" / "storage.sqlite")) as database, database:
        database.execute("INSERT OR REPLACE INTO points VALUES (?, ?)", (key, value))


def read(path: Path, collection: str = "mem0", batch: int = 2, place: int | str | None = None) -> list[Any]:
    source = QdrantSource(Location(path, collection=collection), UTC, batch=batch)
    with closing(source):
        return [row for piece in source.pieces(place) for row in piece.raw]


class Runs:
    """Makes a directory when it is unpickled."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._where),)


def test_what_qdrant_s_client_has_written_is_read_in_the_order_of_the_ids(store: Path) -> None:
    rows = read(store)
    assert [row["id"] for row in rows] == [7, FIRST, SECOND]
    assert datetime.fromisoformat(rows[1].pop("made_at")) == datetime(2024, 7, 20, 8, 30, tzinfo=UTC)
    assert rows[1] == {"id": FIRST, **ANA, "of": FIRST, "tags": ["a", {"b": None}]}
    assert [row["id"] for row in read(store, place=FIRST)] == [FIRST, SECOND]


def test_a_store_that_holds_a_program_runs_nothing_and_is_refused(store: Path, tmp_path: Path) -> None:
    trap = tmp_path / "it-ran"
    put(
        store,
        SECOND,
        pickle.dumps(models.PointStruct.model_construct(id=SECOND, vector=[], payload={"data": Runs(trap)})),
    )
    result = CliRunner().invoke(app, ["import", "qdrant", "--path", str(store), "--dry-run"])
    assert not trap.exists()
    assert result.exit_code == 1
    assert f"point {SECOND} is no data but a program (it holds posix.mkdir)" in result.stderr


def test_a_program_in_place_of_an_id_runs_nothing(store: Path, tmp_path: Path) -> None:
    trap = tmp_path / "it-ran"
    with closing(sqlite3.connect(store / "collection" / "mem0" / "storage.sqlite")) as database, database:
        key = base64.b64encode(pickle.dumps(Runs(trap))).decode()
        database.execute("INSERT INTO points VALUES (?, ?)", (key, b""))
    with pytest.raises(SourceFailed, match=r"holds posix\.mkdir"):
        read(store)
    assert not trap.exists()


def test_a_local_store_is_read_without_the_keys_of_its_caller_and_without_the_modules_that_lie_about(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "it-ran"
    planted = f"import os, sys; os.mkdir({str(trap)!r}); del sys.modules['orjson'], sys.path[0]; import orjson\n"
    (tmp_path / "orjson.py").write_text(planted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCRUBJAY_KEY", "sj_the_admins_key")
    source = QdrantSource(Location(store), UTC)
    with closing(source):
        environment = Path(f"/proc/{source.pid}/environ").read_bytes()
        assert source.total() == 3
    assert b"sj_the_admins_key" not in environment
    assert not trap.exists()


@pytest.mark.parametrize(
    ("place", "mode", "who"),
    [
        ("", 0o777, "everybody"),
        ("collection/mem0", 0o1777, "everybody"),
        ("collection/mem0/storage.sqlite", 0o666, "everybody"),
        ("", 0o775, "a group of users"),
        ("collection", 0o1775, "a group of users"),
        ("collection/mem0/storage.sqlite", 0o664, "a group of users"),
        (".lock", 0o664, "a group of users"),
    ],
)
def test_what_others_can_write_is_not_read(store: Path, place: str, mode: int, who: str) -> None:
    (store / place).chmod(mode)
    with pytest.raises(SourceFailed, match=f"can be written by {who} .*chmod -R go-w {store}$"):
        read(store)


def test_a_directory_above_the_store_may_be_shared_where_nobody_can_replace_what_is_in_it(store: Path) -> None:
    store.parent.chmod(0o1777)
    assert check_trust(store, os.geteuid()) == store.resolve()
    store.parent.chmod(0o777)
    with pytest.raises(NotOurs, match="can be written by everybody"):
        check_trust(store, os.geteuid())


@pytest.mark.parametrize("place", ["meta.json", ".lock", "collection/mem0/storage.sqlite-journal"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(store: Path, place: str) -> None:
    (store / place).unlink(missing_ok=True)
    os.mkfifo(store / place)
    with pytest.raises(SourceFailed, match=f"{place} is neither a file nor a directory"):
        read(store)


def test_a_value_that_takes_for_ever_to_read_ends_the_reading_with_a_sentence(store: Path) -> None:
    put(store, SECOND, b"\x80\x04}" + b")" + b"2\x86" * 60 + b"Ns.")  # the hash of this key takes 2^60 steps
    source = QdrantSource(Location(store), UTC, cpu_seconds=1)
    with closing(source), pytest.raises(SourceFailed, match="takes more processor time than a store of its size needs"):
        list(source.pieces(None))


@pytest.mark.parametrize("point_id", [10**30, -(10**30), (1, 2), True])
def test_an_id_that_no_point_can_have_is_told_in_one_sentence(store: Path, point_id: Any) -> None:
    put(store, point_id, b"")
    with pytest.raises(SourceFailed, match="has no id that can be read"):
        read(store)


@pytest.mark.parametrize("row", ["NULL", "'a'", "77"])
def test_a_column_that_hides_the_number_of_a_row_is_told_in_one_sentence(store: Path, row: str) -> None:
    with closing(sqlite3.connect(store / "collection" / "mem0" / "storage.sqlite")) as database, database:
        database.execute("ALTER TABLE points ADD COLUMN rowid")
        database.execute(f"UPDATE points SET rowid = {row}")
    with pytest.raises(SourceFailed, match="rows of the points cannot be told apart"):
        read(store)


def test_a_name_of_a_collection_that_is_no_text_is_none(store: Path) -> None:
    (store / "meta.json").write_text('{"collections": [1, 2, "other"]}')
    with pytest.raises(SourceFailed, match=r"there is no collection mem0, but: other"):
        read(store)


def test_what_belongs_to_somebody_else_is_not_read(store: Path) -> None:
    mine = os.geteuid()
    assert check_trust(store, mine) == store.resolve()
    if mine == 0:
        os.chown(store / "collection", 4321, -1)
        with pytest.raises(SourceFailed, match=r"collection is of another user of this machine \(uid 4321\)"):
            read(store)
        os.chown(store / "collection", 0, -1)
        os.symlink(store, store.parent / "link")
        os.chown(store.parent / "link", 4321, -1, follow_symlinks=False)
        with pytest.raises(NotOurs, match="link is of another user"):
            check_trust(store.parent / "link", 0)
    else:
        with pytest.raises(NotOurs, match="is of another user"):
            check_trust(store, mine + 1)


def test_a_store_that_is_open_elsewhere_is_left_alone(store: Path) -> None:
    with closing(QdrantClient(path=str(store))), pytest.raises(SourceFailed, match="is in use: stop what has it open"):
        read(store)


def test_a_collection_that_is_not_there_is_told_with_those_that_are(store: Path) -> None:
    with pytest.raises(SourceFailed, match=r"there is no collection another, but: mem0, other"):
        read(store, "another")


def test_a_collection_outside_of_the_store_is_not_read(store: Path) -> None:
    meta = json.loads((store / "meta.json").read_text())
    meta["collections"]["../../elsewhere"] = meta["collections"]["mem0"]
    (store / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(SourceFailed, match="lies outside of the store"):
        read(store, "../../elsewhere")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"n": 2**70}, "an integer of more than 64 bits"),
        ({"text": "\ud800"}, "lone surrogates"),
        ({1: "a"}, "a key that is no text"),
        ({"a": models.Distance.COSINE}, "a value of the type Opaque"),
        ({"a": numpy.float32(1)}, "a value of the type Opaque"),
    ],
)
def test_one_payload_that_json_cannot_say_keeps_no_other_from_coming_in(
    store: Path, payload: dict[Any, Any], reason: str
) -> None:
    put(store, SECOND, pickle.dumps(models.PointStruct.model_construct(id=SECOND, vector=[], payload=payload)))
    source = QdrantSource(Location(store), UTC)
    with closing(source):
        [piece] = source.pieces(None)
    assert reason in getattr(piece.records[2], "reason", "")
    assert len(piece.records) == 3


def test_vectors_of_numpy_and_older_models_are_passed_over() -> None:
    vector: Any = numpy.zeros(3)
    point = models.PointStruct.model_construct(id=1, vector=vector, payload={"a": 1})
    assert loads(pickle.dumps(point)).fields["payload"] == {"a": 1}


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "builtins.getattr", "scrubjay.settings.Settings", "uuid.os"]
)
def test_a_pickle_names_nothing_but_data(name: str) -> None:
    module, _, function = name.rpartition(".")
    with pytest.raises(ForbiddenPickle, match=name):
        loads(f"c{module}\n{function}\n(S'x'\ntR.".encode())


def test_a_payload_that_grows_when_it_is_written_out_is_refused() -> None:
    value: Any = ["words"]
    for _ in range(15):
        value = [value, value]
    with pytest.raises(Unreadable, match=f"more than {MOST_VALUES} values"):
        plain(loads(pickle.dumps(value)))
    deep: Any = {}
    for _ in range(100):
        deep = {"a": deep}
    with pytest.raises(Unreadable, match="nested deeper"):
        plain(deep)
    assert plain({"a": Decimal("1.50"), "b": {1}, "c": float("nan")}) == {"a": "1.50", "b": [1], "c": None}


@pytest.mark.parametrize("data", [b"", b"\x80\x04", b"not a pickle", b"\x80\x04\x8c\xffabc", b"(lp0\n"])
def test_bytes_that_are_no_pickle_are_told_as_that(data: bytes) -> None:
    with pytest.raises(Unreadable):
        loads(data)
