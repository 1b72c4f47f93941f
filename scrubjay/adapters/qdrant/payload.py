"""A memory as a Qdrant payload and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qdrant_client import models

from scrubjay.adapters.qdrant.casefold import folded
from scrubjay.errors import NewerFormat
from scrubjay.model import OWNERS, Memory, Recalled, Scope, Write

VERSION = 1

INDEXES: Mapping[str, Any] = {
    "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "user_id": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "agent_id": models.PayloadSchemaType.KEYWORD,
    "run_id": models.PayloadSchemaType.KEYWORD,
    "app_id": models.PayloadSchemaType.KEYWORD,
    "memory_id": models.PayloadSchemaType.KEYWORD,
    "topic": models.PayloadSchemaType.KEYWORD,
    "hidden_in": models.PayloadSchemaType.KEYWORD,
    "state": models.PayloadSchemaType.KEYWORD,
    "categories": models.PayloadSchemaType.KEYWORD,
    "v": models.PayloadSchemaType.INTEGER,
    "fence": models.PayloadSchemaType.INTEGER,
    "order": models.PayloadSchemaType.INTEGER,
    "position": models.PayloadSchemaType.INTEGER,
    "created_at": models.PayloadSchemaType.DATETIME,
    "updated_at": models.PayloadSchemaType.DATETIME,
    "valid_from": models.PayloadSchemaType.DATETIME,
    "valid_to": models.PayloadSchemaType.DATETIME,
    "expires_at": models.PayloadSchemaType.DATETIME,
}
# What was taken back stands under the memory's own id until something takes its place; then it is past.
CURRENT, RETRACTED, PAST = "current", "retracted", "past"
# What waits for a person's decision does not stand.
QUARANTINED = "held"
_TIMES = ("created_at", "updated_at", "valid_from", "valid_to", "expires_at", "said_at")


def stamp(moment: datetime) -> str:
    """A time as kept in the payload: UTC, RFC 3339, always six digits, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_payload(write: Write, token: int) -> dict[str, Any]:
    """The payload of one version. Metadata is a field of its own: no key in it can be taken for one of ours.

    Args:
        write: the version.
        token: the fencing token under which it is written.
    """
    memory = write.memory
    left_out = {"id", "scope", "current", "held", "hidden", *_TIMES}
    fields = memory.model_dump(mode="json", exclude=left_out, exclude_none=True)
    if not memory.marked:
        del fields["marked"]
    times = {name: getattr(memory, name) for name in _TIMES}
    return {
        **fields,
        **folded(fields, "text", "categories", "metadata"),
        "v": VERSION,
        "memory_id": memory.id,
        "state": _state(write),
        "tenant": memory.scope.tenant,
        **memory.scope.ids,
        "hash": hashlib.blake2b(memory.text.encode(), digest_size=16).hexdigest(),
        **{name: stamp(moment) for name, moment in times.items() if moment is not None},
        **hiding(memory),
        "fence": token,
    }


def hiding(memory: Memory) -> dict[str, Any]:
    """The payload fields that tell in which views, and for how long, another memory stands for this one."""
    if not memory.hidden:
        return {}
    marks = {name: {"since": stamp(mark.since), "until": stamp(mark.until)} for name, mark in memory.hidden.items()}
    return {"hidden": marks, "hidden_in": sorted(marks)}


def _state(write: Write) -> str:
    """The keyword for the field `state` of a version's Qdrant payload: held, current, retracted or past."""
    if write.memory.held:
        return QUARANTINED
    if write.memory.current:
        return CURRENT
    return RETRACTED if write.point_id == write.memory.id else PAST


def is_known(payload: Mapping[str, Any]) -> bool:
    """Whether we know the payload's format."""
    version = payload.get("v")
    return isinstance(version, int) and version <= VERSION


def known_points(points: Sequence[Any]) -> list[Any]:
    """The points whose format we know: for people. A caller that decides on memories must see all of them."""
    return [point for point in points if is_known(point.payload)]


def from_payload(payload: Mapping[str, Any]) -> Memory:
    """The memory that a payload holds; fields that we do not know are passed over. Raises NewerFormat."""
    if not is_known(payload):
        raise NewerFormat("a memory", payload.get("v"), VERSION)
    ours = set(Memory.model_fields) - {"id", "scope", "current", "held"}
    return Memory(
        id=payload["memory_id"],
        scope=scope_of(payload),
        current=payload["state"] == CURRENT,
        held=payload["state"] == QUARANTINED,
        **{name: value for name, value in payload.items() if name in ours},
    )


def scored_memory(point: models.ScoredPoint) -> Recalled:
    """The memory of a point with its score in [0, 1]. Raises NewerFormat."""
    return Recalled(memory=from_payload(point.payload or {}), score=max(0.0, min(1.0, point.score)))


def scope_of(payload: Mapping[str, Any]) -> Scope:
    """Whose version it is."""
    ids = {field: payload.get(field) for field in OWNERS}
    return Scope(tenant=payload["tenant"], **ids)
