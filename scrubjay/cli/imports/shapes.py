"""Shapes of memories elsewhere, read into the one that `POST /import` takes.

Known are the payloads of Mem0's Qdrant collections (0.1 to 2.x), what `get_all` of its library, its server and its
platform answers, and the lines of our own export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from scrubjay.model import OWNERS
from scrubjay.validation import Id

Arrival = dict[str, Any]

_TEXTS = ("memory", "data", "text")
_OWNER_ID: TypeAdapter[str] = TypeAdapter(Id)
_OTHER_NAMES = {"run_id": ("run_id", "session_id")}
_TIMES = ("created_at", "updated_at", "valid_from", "expires_at")
_SPEAKERS = ("actor_id", "role", "attributed_to")  # who said it: fields there, metadata here
# What stands in a payload beside the metadata; `hash` and `text_lemmatized` are made from the text.
_PAYLOAD = {
    "data", "hash", "text_lemmatized", "id", "user_id", "agent_id", "run_id", "created_at", "updated_at",
    "expiration_date", *_SPEAKERS,
}  # fmt: skip
_MOST_SECONDS = 100_000_000_000  # a number beyond is one of milliseconds


@dataclass(frozen=True)
class LeftOut:
    """What is not brought along.

    Args:
        reason: why, as one sentence.
        is_wrong: somebody has to mend it; else it is as it should be.
    """

    reason: str
    is_wrong: bool = True


def of_payload(point_id: int | str, payload: Mapping[str, Any], zone: tzinfo) -> Arrival | LeftOut:
    """A point of Mem0's Qdrant collection: the metadata stands beside the fields.

    Args:
        point_id: becomes the memory's id, where it is a UUID.
        payload: of the point.
        zone: of times that name none.
    """
    if "linked_memory_ids" in payload:
        return LeftOut("it is no memory but an entity that Mem0 has found in some", is_wrong=False)
    metadata = {key: value for key, value in payload.items() if key not in _PAYLOAD}
    fields = {key: value for key, value in payload.items() if key in _PAYLOAD}
    return of_record({**fields, "id": point_id, "metadata": metadata}, zone)


def of_record(record: Any, zone: tzinfo) -> Arrival | LeftOut:
    """Turn a record of a source to import (Mem0's get_all, an export file) into what `POST /import` takes.

    Returns the reason instead where it is left out. Arguments as of `of_payload`.
    """
    if not isinstance(record, Mapping):
        return LeftOut("it is not a JSON object")
    gone = _gone(record)
    if gone is not None:
        return LeftOut(gone, is_wrong=False)
    text = next((record[name] for name in _TEXTS if record.get(name)), None)
    if not isinstance(text, str):
        return LeftOut("it has no text: `memory`, `data` and `text` are looked for")
    metadata = record.get("metadata")
    if not isinstance(metadata, Mapping | None):
        return LeftOut("its metadata is not a JSON object")
    try:
        times = {name: moment(record[name], zone) for name in _TIMES if record.get(name) is not None}
        times |= _end(record.get("expiration_date"))
        owners = _owners(record)
    except ValueError as error:
        return LeftOut(str(error))
    said_by = {name: record[name] for name in _SPEAKERS if record.get(name) is not None}
    categories = record.get("categories")
    fields = {
        **_id(record.get("id"), {**said_by, **(metadata or {})}),
        "memory": text,
        **owners,
        **{name: value.isoformat() for name, value in times.items()},
    }
    return {**fields, "categories": categories} if categories else fields


def _gone(record: Mapping[str, Any]) -> str | None:
    """Why a memory no longer holds where it comes from; None where it does."""
    kind = record.get("kind", "memory")
    if kind in ("export", "turn", "end") or (kind == "memory" and record.get("current") is False):
        return "it is a turn or an earlier version: an import brings what holds now"
    if record.get("replaced_by"):
        return "it had been replaced by a newer memory"
    return None


def _owners(record: Mapping[str, Any]) -> dict[str, str]:
    """Whose memory it is, by the rule of the server. Raises ValueError for an id that it refuses, and for none."""
    owners = dict[str, str]()
    for field in OWNERS:
        names = _OTHER_NAMES.get(field, (field,))
        value = next((record[name] for name in names if record.get(name) not in (None, "")), None)
        if value is not None:
            owners[field] = _owner(field, value)
    if not owners:
        raise ValueError(f"it names no owner: at least one of {', '.join(OWNERS)} is needed")
    return owners


def _owner(field: str, value: Any) -> str:
    """Check one owner id of a memory to import by the server's rule. Raises ValueError, which names the field."""
    try:
        return _OWNER_ID.validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{field} {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _id(value: Any, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The id, and the metadata: an id that is no UUID is kept in there, and the server finds another one."""
    try:
        fields = {"id": str(UUID(str(value)))} if value is not None else {}
    except ValueError:
        fields, metadata = {}, {"source_id": value, **metadata}
    return {**fields, "metadata": dict(metadata)} if metadata else fields


def _end(expiration_date: Any) -> dict[str, datetime]:
    """Turn expiration_date of a Mem0 memory to import into expires_at: the end of the day in UTC. Raises ValueError."""
    if expiration_date in (None, ""):
        return {}
    return {"expires_at": datetime.combine(moment(expiration_date, UTC).date() + timedelta(days=1), time(), UTC)}


def moment(value: Any, zone: tzinfo) -> datetime:
    """A time in UTC: ISO 8601, or a number of seconds or milliseconds since 1970. Raises ValueError."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / (1000 if abs(value) > _MOST_SECONDS else 1), UTC)
        parsed = datetime.fromisoformat(str(value).strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{str(value)[:40]!r} is no time that can be read") from None
