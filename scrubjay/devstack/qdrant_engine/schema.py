"""What a collection is made of: from the body that creates it to the engine's configuration, and back."""

from typing import Any

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    as_bool,
    as_int,
    as_number,
    as_object,
    choose,
    only,
)
from scrubjay.devstack.qdrant_engine.vectors import DEFAULT, VectorShape

SEARCH_THREADS = 2
INDEXING_THREADS = 1
FLUSH_SECONDS = 5
_HNSW: Json = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
_HNSW_FIELDS = (*_HNSW, "max_indexing_threads", "on_disk", "payload_m")
# Qdrant builds a graph from 10,000 KB of vectors on. Here it starts at 100,000: the engine scans that much in
# 5 ms, exactly, where a graph costs a minute of processor time and is right nearly always.
_OPTIMIZERS: Json = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 0,
    "indexing_threshold": 100_000,
}
_IGNORED_OPTIMIZERS = ("flush_interval_sec", "memmap_threshold", "max_optimization_threads")
_OPTIMIZER_FIELDS = (*_OPTIMIZERS, "max_segment_size", *_IGNORED_OPTIMIZERS)
_SETTINGS = ("hnsw_config", "optimizers_config", "metadata")
_ONE_NODE = (
    "shard_number",
    "replication_factor",
    "write_consistency_factor",
    "sharding_method",
    "wal_config",
)
_CREATE = ("vectors", "sparse_vectors", "on_disk_payload", *_SETTINGS, *_ONE_NODE)
_DISTANCES = {name: getattr(engine.Distance, name) for name in ("Cosine", "Euclid", "Dot", "Manhattan")}
_DATATYPES = {name.lower(): getattr(engine.VectorStorageDatatype, name) for name in ("Float32", "Float16", "Uint8")}
_MODIFIERS = {"idf": engine.Modifier.Idf, "none": None}
MAX_DIMENSIONS = 65_535


def read_definition(value: Any) -> Json:
    """Check the body that creates a collection and return it in the form that is kept beside the data."""
    body = as_object(value, "the body")
    for name in ("quantization_config", "strict_mode_config", "payload", "id_tracker"):
        if body.get(name) is not None:
            raise NotServed(f"{name} is not served here.")
    only(body, _CREATE, "a collection")
    dense = body.get("vectors") or {}
    if "size" in as_object(dense, "vectors"):
        dense = {DEFAULT: dense}
    definition = {
        "vectors": dense,
        "sparse_vectors": as_object(body.get("sparse_vectors") or {}, "sparse_vectors"),
        "on_disk_payload": as_bool(body.get("on_disk_payload") in (None, True), "on_disk_payload"),
    }
    engine_config(change_settings(definition, body))
    return change_settings(definition, body)


def change_settings(definition: Json, value: Any) -> Json:
    """Return the definition with the settings of `value` laid over its own; vectors cannot change."""
    changed = dict(definition)
    for name in _SETTINGS:
        if value.get(name) is not None:
            changed[name] = definition.get(name, {}) | as_object(value[name], name)
    only(changed.get("hnsw_config", {}), _HNSW_FIELDS, "hnsw_config")
    only(changed.get("optimizers_config", {}), _OPTIMIZER_FIELDS, "optimizers_config")
    return changed


def shape_of(definition: Json) -> VectorShape:
    """Tell which dense and sparse vectors a collection of the embedded Qdrant engine has, by its stored definition."""
    dense = {name: params["size"] for name, params in definition["vectors"].items()}
    return VectorShape(dense, frozenset(definition["sparse_vectors"]))


def engine_config(definition: Json) -> engine.EdgeConfig:
    """Build the engine's configuration of a collection."""
    configured = definition.get("optimizers_config", {})
    optimizers = _OPTIMIZERS | {name: value for name, value in configured.items() if value is not None}
    return engine.EdgeConfig(
        vectors={name: _dense(name, params) for name, params in definition["vectors"].items()},
        sparse_vectors={name: _sparse(params) for name, params in definition["sparse_vectors"].items()},
        on_disk_payload=definition["on_disk_payload"],
        hnsw_config=_hnsw(definition.get("hnsw_config", {})),
        optimizers=engine.EdgeOptimizersConfig(
            deleted_threshold=_maybe_number(optimizers, "deleted_threshold"),
            vacuum_min_vector_number=_maybe_int(optimizers, "vacuum_min_vector_number"),
            default_segment_number=_maybe_int(optimizers, "default_segment_number"),
            max_segment_size=_maybe_int(optimizers, "max_segment_size"),
            indexing_threshold=_maybe_int(optimizers, "indexing_threshold"),
        ),
        max_search_threads=SEARCH_THREADS,
        wal_enabled=True,
    )


def _maybe_int(body: Json, name: str) -> int | None:
    return None if body.get(name) is None else as_int(body[name], name)


def _maybe_number(body: Json, name: str) -> float | None:
    return None if body.get(name) is None else as_number(body[name], name)


def _hnsw(body: Json) -> engine.HnswIndexConfig:
    options = _HNSW | {name: value for name, value in body.items() if value is not None}
    return engine.HnswIndexConfig(
        as_int(options["m"], "hnsw_config.m"),
        as_int(options["ef_construct"], "hnsw_config.ef_construct", least=1),
        as_int(options["full_scan_threshold"], "hnsw_config.full_scan_threshold"),
        max_indexing_threads=INDEXING_THREADS,
        payload_m=_maybe_int(options, "payload_m"),
    )


def _dense(name: str, value: Any) -> engine.EdgeVectorParams:
    what = f"the vector {name!r}"
    body = as_object(value, what)
    for feature in ("quantization_config", "multivector_config"):
        if body.get(feature) is not None:
            raise NotServed(f"{feature} is not served here.")
    only(body, ("size", "distance", "hnsw_config", "on_disk", "datatype"), what)
    size = as_int(body.get("size"), f"the size of {what}", least=1)
    if size > MAX_DIMENSIONS:
        raise BadInput(f"the size of {what} must be at most {MAX_DIMENSIONS}.")
    datatype, on_disk, hnsw = body.get("datatype"), body.get("on_disk"), body.get("hnsw_config")
    return engine.EdgeVectorParams(
        size,
        choose(_DISTANCES, body.get("distance"), f"the distance of {what}"),
        on_disk=None if on_disk is None else as_bool(on_disk, "on_disk"),
        datatype=None if datatype is None else choose(_DATATYPES, datatype, "datatype"),
        hnsw_config=None if hnsw is None else _hnsw(only(as_object(hnsw, "hnsw_config"), _HNSW_FIELDS, "hnsw_config")),
    )


def _sparse(value: Any) -> engine.EdgeSparseVectorParams:
    body = only(as_object(value, "a sparse vector"), ("index", "modifier"), "a sparse vector")
    index = only(
        as_object(body.get("index") or {}, "index"),
        ("full_scan_threshold", "on_disk", "datatype"),
        "a sparse index",
    )
    modifier, on_disk = body.get("modifier"), index.get("on_disk")
    return engine.EdgeSparseVectorParams(
        full_scan_threshold=_maybe_int(index, "full_scan_threshold"),
        on_disk=None if on_disk is None else as_bool(on_disk, "on_disk"),
        modifier=None if modifier is None else choose(_MODIFIERS, modifier, "modifier"),
    )


def config_as_json(definition: Json) -> Json:
    """Write a collection's configuration as `GET /collections/{name}` answers it."""
    dense = definition["vectors"]
    params: Json = {
        "vectors": dense[DEFAULT] if set(dense) == {DEFAULT} else dense,
        "shard_number": 1,
        "replication_factor": 1,
        "write_consistency_factor": 1,
        "on_disk_payload": definition["on_disk_payload"],
    }
    if definition["sparse_vectors"]:
        params["sparse_vectors"] = definition["sparse_vectors"]
    hnsw = _HNSW | {"max_indexing_threads": INDEXING_THREADS, "on_disk": False}
    optimizers = _OPTIMIZERS | {"flush_interval_sec": FLUSH_SECONDS}
    config: Json = {
        "params": params,
        "hnsw_config": hnsw | definition.get("hnsw_config", {}),
        "optimizer_config": optimizers | definition.get("optimizers_config", {}),
        "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        "quantization_config": None,
    }
    if "metadata" in definition:
        config["metadata"] = definition["metadata"]
    return config
