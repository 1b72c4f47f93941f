"""Vectors between JSON and the engine, checked against what the collection declares.

The check comes before the engine sees an operation: the engine writes an operation to its log before it
finds out that a vector does not fit, and would meet it again at the next start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine import bm25
from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed
from scrubjay.devstack.qdrant_engine.fields import Json, as_list, as_object, only

DEFAULT = ""
_NUMBERS = {int, float}
MAX_INDEX = 2**32


@dataclass(frozen=True)
class VectorShape:
    """Which vectors a collection has: dense ones with their number of dimensions, and sparse ones."""

    dense: dict[str, int]
    sparse: frozenset[str]

    def require(self, name: str) -> str:
        """Return `name`, refusing a vector that the collection does not have."""
        if name not in self.dense and name not in self.sparse:
            raise BadInput(f"Wrong input: Not existing vector name error: {name}")
        return name

    def read(self, name: str, value: Any, *, as_query: bool = False) -> engine.NamedVector:
        """Read the vector called `name`: numbers, indices with values, or a document to embed."""
        if bm25.is_document(value):
            bm25.require_model(value)
            if self.require(name) not in self.sparse:
                raise BadInput(f"the vector {name!r} is dense; a {bm25.MODEL} document needs a sparse vector.")
            return bm25.embed(value, as_query=as_query)
        if self.require(name) in self.sparse:
            return _sparse(name, value)
        return _dense(name, value, self.dense[name])

    def read_all(self, value: Any) -> engine.Vector:
        """Read the vectors of one point: an array for the unnamed vector, or an object by name."""
        if isinstance(value, list):
            return {DEFAULT: self.read(DEFAULT, value)}
        body = as_object(value, "vector")
        if bm25.is_document(body) and "text" in body:
            raise BadInput("a document needs the name of the sparse vector that it is for.")
        return {name: self.read(name, vector) for name, vector in body.items()}

    def read_columns(self, value: Any, count: int) -> list[engine.Vector]:
        """Read the vectors of `count` points given column by column."""
        if isinstance(value, list):
            rows = [self.read_all(vector) for vector in value]
        else:
            columns = {name: as_list(column, f"vectors.{name}") for name, column in as_object(value, "vectors").items()}
            if any(len(column) != count for column in columns.values()):
                raise BadInput(f"each column of vectors must have as many items as there are ids ({count}).")
            rows = [self.read_all({name: columns[name][row] for name in columns}) for row in range(count)]
        if len(rows) != count:
            raise BadInput(f"there are {count} ids but {len(rows)} vectors.")
        return rows


def _dense(name: str, value: Any, size: int) -> list[float]:
    if not isinstance(value, list):
        raise BadInput(f"the vector {name!r} must be an array of numbers.")
    if value and isinstance(value[0], list):
        raise NotServed("multi-vectors are not served here.")
    if len(value) != size:
        raise BadInput(f"Wrong input: Vector dimension error: expected dim: {size}, got {len(value)}")
    if not _NUMBERS.issuperset(map(type, value)):
        raise BadInput(f"the vector {name!r} must hold only numbers.")
    return value


def _sparse(name: str, value: Any) -> engine.SparseVector:
    """Turn a sparse vector in a Qdrant request's JSON into the embedded engine's `SparseVector`. Raises BadInput."""
    body = only(as_object(value, f"the sparse vector {name!r}"), ("indices", "values"), "a sparse vector")
    indices = as_list(body.get("indices"), f"indices of {name!r}")
    values = as_list(body.get("values"), f"values of {name!r}")
    if len(indices) != len(values):
        raise BadInput(f"the sparse vector {name!r} has {len(indices)} indices but {len(values)} values.")
    if any(type(index) is not int or not 0 <= index < MAX_INDEX for index in indices):
        raise BadInput(f"the indices of {name!r} must be unsigned 32-bit integers.")
    if len(set(indices)) != len(indices):
        raise BadInput(f"the indices of {name!r} must be unique.")
    if not _NUMBERS.issuperset(map(type, values)):
        raise BadInput(f"the values of {name!r} must be numbers.")
    return engine.SparseVector(indices, values)


def vectors_as_json(vector: engine.Vector) -> Any:
    """Write the vectors of a stored point as Qdrant's REST answers do."""
    if not isinstance(vector, dict):
        return vector
    return {name: _vector_as_json(values) for name, values in vector.items()}


def _vector_as_json(vector: engine.NamedVector) -> list[float] | list[list[float]] | Json:
    if isinstance(vector, engine.SparseVector):
        return {"indices": vector.indices, "values": vector.values}
    return vector
