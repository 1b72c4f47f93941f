"""Changes to points: from the bodies of Qdrant's write routes to the engine's update operations."""

from collections.abc import Callable
from typing import Any, TypeVar

import qdrant_edge as engine
from qdrant_edge import UpdateOperation

from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    PointId,
    as_list,
    as_object,
    as_point_id,
    as_point_ids,
    as_string,
    as_strings,
    choose,
    only,
)
from scrubjay.devstack.qdrant_engine.filters import read_filter
from scrubjay.devstack.qdrant_engine.vectors import VectorShape

Item = TypeVar("Item")
Read = Callable[[Json, VectorShape], UpdateOperation]
_MODES = {
    "upsert": engine.UpdateMode.Upsert,
    "insert_only": engine.UpdateMode.InsertOnly,
    "update_only": engine.UpdateMode.UpdateOnly,
}


def _fields(value: Any, what: str, *allowed: str) -> Json:
    """Check which fields the JSON body of a write request to the embedded Qdrant engine has.

    Raises BadInput for an unknown field, NotServed for a shard key: the engine has one shard.
    """
    body = only(as_object(value, what), (*allowed, "shard_key"), what)
    if body.get("shard_key") is not None:
        raise NotServed("shard keys are not served here: a collection has one shard.")
    return body


def _some(items: list[Item]) -> list[Item]:
    if not items:
        raise BadInput("Wrong input: Empty update request")
    return items


def _selected(body: Json, what: str) -> list[PointId] | engine.Filter:
    if body.get("points") is not None:
        return _some(as_point_ids(body["points"], f"{what}.points"))
    selection = read_filter(body.get("filter"))
    if selection is None:
        raise BadInput(f"{what} needs points or a filter.")
    return selection


def read_upsert(value: Any, shape: VectorShape) -> UpdateOperation:
    """Read points to insert or replace, given one by one (`points`) or by column (`batch`)."""
    body = _fields(value, "the body", "points", "batch", "update_filter", "update_mode")
    if body.get("batch") is not None:
        points = _columns(as_object(body["batch"], "batch"), shape)
    else:
        points = [_point(point, shape) for point in as_list(body.get("points"), "points")]
    mode = body.get("update_mode")
    return UpdateOperation.upsert_points(
        _some(points),
        read_filter(body.get("update_filter")),
        None if mode is None else choose(_MODES, mode, "update_mode"),
    )


def _point(value: Any, shape: VectorShape) -> engine.Point:
    """Turn one point of a Qdrant upsert request's JSON into the embedded engine's `Point`. Raises BadInput."""
    body = only(as_object(value, "a point"), ("id", "vector", "payload"), "a point")
    if "vector" not in body:
        raise BadInput("a point needs the field vector.")
    return engine.Point(as_point_id(body.get("id")), shape.read_all(body["vector"]), _payload(body.get("payload")))


def _columns(batch: Json, shape: VectorShape) -> list[engine.Point]:
    """Turn the `batch` of a Qdrant upsert request (ids, vectors, payloads by column) into the embedded engine's points.

    Raises BadInput.
    """
    only(batch, ("ids", "vectors", "payloads"), "batch")
    ids = as_point_ids(batch.get("ids"), "batch.ids")
    vectors = shape.read_columns(batch.get("vectors"), len(ids))
    payloads = as_list(batch.get("payloads") or [None] * len(ids), "batch.payloads")
    if len(payloads) != len(ids):
        raise BadInput(f"there are {len(ids)} ids but {len(payloads)} payloads.")
    return [
        engine.Point(point_id, vector, _payload(payload))
        for point_id, vector, payload in zip(ids, vectors, payloads, strict=True)
    ]


def _payload(value: Any) -> Json:
    return {} if value is None else as_object(value, "payload")


def read_delete(value: Any, _: VectorShape) -> UpdateOperation:
    """Read which points to delete, by id or by filter."""
    selected = _selected(_fields(value, "the body", "points", "filter"), "delete")
    if isinstance(selected, list):
        return UpdateOperation.delete_points(selected)
    return UpdateOperation.delete_points_by_filter(selected)


def _read_payload_change(value: Any) -> tuple[list[PointId] | engine.Filter, Json, str | None]:
    body = _fields(value, "the body", "payload", "points", "filter", "key")
    key = body.get("key")
    payload = as_object(body.get("payload"), "payload")
    return _selected(body, "payload"), payload, None if key is None else as_string(key, "key")


def read_set_payload(value: Any, _: VectorShape) -> UpdateOperation:
    """Read payload fields to set, the others staying as they are."""
    selected, payload, key = _read_payload_change(value)
    if isinstance(selected, list):
        return UpdateOperation.set_payload(selected, payload, key)
    return UpdateOperation.set_payload_by_filter(selected, payload, key)


def read_overwrite_payload(value: Any, _: VectorShape) -> UpdateOperation:
    """Read a payload that replaces the whole payload of the points."""
    selected, payload, key = _read_payload_change(value)
    if isinstance(selected, list):
        return UpdateOperation.overwrite_payload(selected, payload, key)
    return UpdateOperation.overwrite_payload_by_filter(selected, payload, key)


def read_delete_payload(value: Any, _: VectorShape) -> UpdateOperation:
    """Read which payload keys to remove."""
    body = _fields(value, "the body", "keys", "points", "filter")
    keys = as_strings(body.get("keys"), "keys")
    selected = _selected(body, "delete payload")
    if isinstance(selected, list):
        return UpdateOperation.delete_payload(selected, keys)
    return UpdateOperation.delete_payload_by_filter(selected, keys)


def read_clear_payload(value: Any, _: VectorShape) -> UpdateOperation:
    """Read which points lose their whole payload."""
    selected = _selected(_fields(value, "the body", "points", "filter"), "clear payload")
    if isinstance(selected, list):
        return UpdateOperation.clear_payload(selected)
    return UpdateOperation.clear_payload_by_filter(selected)


def read_update_vectors(value: Any, shape: VectorShape) -> UpdateOperation:
    """Read new vectors of existing points; vectors that are not named stay."""
    body = _fields(value, "the body", "points", "update_filter")
    points = []
    for item in as_list(body.get("points"), "points"):
        point = only(as_object(item, "a point"), ("id", "vector"), "a point")
        points.append(engine.PointVectors(as_point_id(point.get("id")), shape.read_all(point.get("vector"))))
    return UpdateOperation.update_vectors(_some(points), read_filter(body.get("update_filter")))


def read_delete_vectors(value: Any, shape: VectorShape) -> UpdateOperation:
    """Read which named vectors the points lose."""
    body = _fields(value, "the body", "points", "filter", "vector")
    names = [shape.require(name) for name in _some(as_strings(body.get("vector"), "vector"))]
    selected = _selected(body, "delete vectors")
    if isinstance(selected, list):
        return UpdateOperation.delete_vectors(selected, names)
    return UpdateOperation.delete_vectors_by_filter(selected, names)


_BATCH: dict[str, Read] = {
    "upsert": read_upsert,
    "delete": read_delete,
    "set_payload": read_set_payload,
    "overwrite_payload": read_overwrite_payload,
    "delete_payload": read_delete_payload,
    "clear_payload": read_clear_payload,
    "update_vectors": read_update_vectors,
    "delete_vectors": read_delete_vectors,
}


def read_batch(value: Any, shape: VectorShape) -> list[UpdateOperation]:
    """Read a list of changes; all of them are checked before the first is made."""
    body = only(as_object(value, "the body"), ("operations",), "the body")
    operations = []
    for item in as_list(body.get("operations"), "operations"):
        operation = as_object(item, "an operation")
        if len(operation) != 1:
            raise BadInput("an operation must have exactly one field.")
        ((name, change),) = operation.items()
        operations.append(choose(_BATCH, name, "an operation")(change, shape))
    return operations


def weight(body: Any) -> int:
    """Tell about how many points a change touches; a change by filter counts as one."""
    points = body.get("points") or (body.get("batch") or {}).get("ids")
    return len(points) if isinstance(points, list) else 1
