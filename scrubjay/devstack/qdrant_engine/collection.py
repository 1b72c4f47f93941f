"""One collection: a directory with the engine's shard and, beside it, the definition that made it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.errors import NotFound, Refusal, engine_errors
from scrubjay.devstack.qdrant_engine.fields import Json, PointId
from scrubjay.devstack.qdrant_engine.indexes import index_as_json
from scrubjay.devstack.qdrant_engine.schema import change_settings, config_as_json, engine_config, shape_of

_FILE = "collection.json"


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves either the old content or the new, never a mixture."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class Collection:
    """An open collection.

    Every method calls the engine on the caller's thread: the bindings hold the interpreter lock for the whole
    of each call, so a thread pool would only add hand-overs. A call takes well under a millisecond.
    """

    def __init__(self, directory: Path, record: Json, shard: engine.EdgeShard) -> None:
        self.directory = directory
        self.shard = shard
        self.name: str = record["name"]
        self.generation: int = record["generation"]
        self.shape = shape_of(record["definition"])
        self.operations = 0
        self.unflushed = False
        self.dropped = False
        self.changes = 0
        self.writing = asyncio.Lock()
        self.journal: list[engine.UpdateOperation] | None = None
        self._definition: Json = record["definition"]
        self._indexes: dict[str, Json] = record["indexes"]

    @classmethod
    def create(cls, directory: Path, name: str, definition: Json) -> Collection:
        """Make a new collection in `directory`; it exists once its record is written."""
        record = {"name": name, "generation": 1, "definition": definition, "indexes": {}}
        data = directory / "data-1"
        shutil.rmtree(directory, ignore_errors=True)
        data.mkdir(parents=True)
        with engine_errors:
            shard = engine.EdgeShard.create(str(data), engine_config(definition))
        collection = cls(directory, record, shard)
        collection.save()
        return collection

    @classmethod
    def open(cls, directory: Path) -> Collection | None:
        """Open what is in `directory`, or remove it and return None where a creation never finished."""
        if not (directory / _FILE).exists():
            shutil.rmtree(directory)
            return None
        record = orjson.loads((directory / _FILE).read_bytes())
        current = directory / f"data-{record['generation']}"
        for leftover in directory.glob("data-*"):
            if leftover != current:
                shutil.rmtree(leftover)
        with engine_errors:
            shard = engine.EdgeShard.load(str(current), engine_config(record["definition"]))
            shard.flush()  # else the next start would replay the same log again
        return cls(directory, record, shard)

    def save(self) -> None:
        """Write the record: which generation of the data is current, the definition and the index schemas."""
        record = {"name": self.name, "generation": self.generation, "definition": self._definition,
                  "indexes": self._indexes}  # fmt: skip
        write_durably(self.directory / _FILE, orjson.dumps(record))

    def apply(self, operations: Sequence[engine.UpdateOperation], points: int) -> int:
        """Make changes that touch about so many points; return the number of the last operation.

        When this returns the engine's log holds them, so a killed process finds them again.
        """
        for operation in operations:
            self.unflushed = True
            # An operation that fails halfway has still been begun, so the journal takes it first.
            if self.journal is not None:
                self.journal.append(operation)
            with engine_errors:
                self.shard.update(operation)
            self.operations += 1
        self.changes += points
        return self.operations

    def next_data(self) -> Path:
        """Name the directory of the next generation of the data."""
        return self._data(self.generation + 1)

    def _data(self, generation: int) -> Path:
        return self.directory / f"data-{generation}"

    def start_journal(self) -> Path:
        """Flush, remember every change from now on, and return the directory of the data."""
        self.flush()
        self.journal = []
        self.changes = 0
        return self._data(self.generation)

    def take_over(self, copy: Path) -> Path:
        """Make the changes of the journal on the copy, make it the data and return the directory of the old."""
        with engine_errors:
            shard = engine.EdgeShard.load(str(copy), engine_config(self._definition))
            for operation in self.journal or []:
                _replay(shard, operation)
            shard.flush()
        old, old_shard = self.generation, self.shard
        self.shard, self.generation, self.unflushed = shard, old + 1, False
        try:
            self.save()
        except OSError:
            self.shard, self.generation = old_shard, old
            self.save()
            raise
        with engine_errors:
            old_shard.close()
        return self._data(old)

    def vector(self, point_id: PointId, name: str) -> engine.NamedVector:
        """Return the stored vector `name` of a point, or raise `NotFound`."""
        with engine_errors:
            records = self.shard.retrieve([point_id], False, True)
        stored = records[0].vector if records else None
        vectors: dict[str, Any] = stored if isinstance(stored, dict) else {"": stored}
        if vectors.get(name) is None:
            raise NotFound(f"Not found: No point with id {point_id} found")
        vector: engine.NamedVector = vectors[name]
        return vector

    def create_index(self, field: str, schema: Json, params: engine.PayloadSchemaParams) -> int:
        """Index a payload field, now and for every point to come."""
        with engine_errors:
            operation = engine.UpdateOperation.create_field_index(field, params)
        done = self.apply([operation], 0)
        self._indexes[field] = schema
        self.save()
        return done

    def delete_index(self, field: str) -> int:
        """Drop the index of a payload field."""
        with engine_errors:
            operation = engine.UpdateOperation.delete_field_index(field)
        done = self.apply([operation], 0)
        self._indexes.pop(field, None)
        self.save()
        return done

    def change(self, body: Json) -> None:
        """Keep new settings; the engine takes them up at the next start."""
        definition = change_settings(self._definition, body)
        engine_config(definition)
        self._definition = definition
        self.save()

    def info(self) -> Json:
        """Describe the collection as `GET /collections/{name}` does."""
        with engine_errors:
            info = self.shard.info()
        schema = {
            field: index_as_json(index_info, self._indexes.get(field))
            for field, index_info in info.payload_schema.items()
        }
        return {
            "status": "green",
            "optimizer_status": "ok",
            "indexed_vectors_count": info.indexed_vectors_count,
            "points_count": info.points_count,
            "segments_count": info.segments_count,
            "config": config_as_json(self._definition),
            "payload_schema": schema,
        }

    def flush(self) -> None:
        """Force everything to disk, so that even a power cut loses nothing written before."""
        if self.unflushed:
            with engine_errors:
                self.shard.flush()
            self.unflushed = False

    def close(self) -> None:
        """Flush and release the shard."""
        with engine_errors:
            self.shard.close()

    def destroy(self) -> None:
        """Remove the collection: first its record, so that a crash on the way leaves no half of it."""
        self.dropped = True
        (self.directory / _FILE).unlink()
        self.close()
        shutil.rmtree(self.directory)


def _replay(shard: engine.EdgeShard, operation: engine.UpdateOperation) -> None:
    # What the engine refused the first time it refuses again, with the same effect.
    with suppress(Refusal), engine_errors:
        shard.update(operation)
