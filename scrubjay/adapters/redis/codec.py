"""How turns and plans are written in Redis, and read back. Each carries its format's version `v`.

A field may be added without a new version if those who do not know it may pass over it. Whoever cannot do without the
field must not read the rest either: then VERSION goes up, here and in `tests/integration/data/`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from scrubjay.errors import NewerFormat
from scrubjay.model import (
    OWNERS,
    Counts,
    Incident,
    Plan,
    Status,
    Submission,
    Turn,
    TurnEvent,
    TurnStatus,
    Usage,
    What,
)
from scrubjay.model.clock import from_us
from scrubjay.model.erasure import Removal
from scrubjay.model.ledger import Ledger

VERSION = 1
NANO = 1_000_000_000  # money is counted in billionths of a dollar: whole numbers add up
_USED = b"used_"
_TIMES = "times_"
_LONGEST_ERROR = 500  # characters of an error in a history that has up to 20 of them


def known_format(document: dict[str, Any], what: str) -> dict[str, Any]:
    """A document without its version. Raises NewerFormat where we do not know the format, or none is named."""
    version = document.pop("v", None)
    if not isinstance(version, int) or version > VERSION:
        raise NewerFormat(what, version, VERSION)
    return document


def encode_submission(submission: Submission) -> bytes:
    """The body kept with the turn."""
    return orjson.dumps({"v": VERSION, **submission.model_dump(mode="json", exclude_defaults=True)})


def decode_turn(row: Sequence[Any]) -> Turn:
    """A turn from the take script's row: id, body, accepted_us, attempts, how often it was replayed, its order."""
    turn_id, body, accepted_us, attempts, replayed, order = row
    fields = known_format(orjson.loads(body), "a turn")
    stamps = {"accepted_at": from_us(accepted_us), "order": int(order)}
    return Turn(id=turn_id.decode(), **stamps, attempts=attempts, replayed=bool(replayed), **fields)


def encode_plan(plan: Plan) -> bytes:
    """A plan with its vectors packed as little-endian float32 in base64."""
    document = plan.model_dump(mode="json", exclude={"writes": {"__all__": {"vector"}}})
    for write, source in zip(document["writes"], plan.writes, strict=True):
        write["vector"] = base64.b64encode(struct.pack(f"<{len(source.vector)}f", *source.vector)).decode()
    return orjson.dumps({"v": VERSION, **document})


def decode_plan(data: bytes) -> Plan:
    """The plan that was recorded."""
    document = known_format(orjson.loads(data), "a plan")
    for write in document["writes"]:
        packed = base64.b64decode(write["vector"])
        write["vector"] = struct.unpack(f"<{len(packed) // 4}f", packed)
    return Plan.model_validate(document)


def encode_events(events: Sequence[TurnEvent]) -> bytes:
    """A turn's events as they stay with its status."""
    return orjson.dumps([event.model_dump(mode="json", exclude_defaults=True) for event in events])


def events_of(data: bytes | None) -> tuple[TurnEvent, ...]:
    """A turn's events from what is kept. Raises NewerFormat."""
    return _decoded_events(orjson.loads(data or b"[]"))


def decode_status(turn_id: str, fields: Mapping[bytes, bytes]) -> TurnStatus:
    """A turn's status from its hash. Raises NewerFormat."""
    known_format({"v": int(fields.get(b"v") or 0) or None}, "a turn's status")
    error, settled = fields.get(b"error"), fields.get(b"settled_us")
    owner = {name: fields[name.encode()].decode() for name in OWNERS if fields.get(name.encode())}
    used = {name[len(_USED) :]: count for name, count in fields.items() if name.startswith(_USED)}
    return TurnStatus(
        id=turn_id,
        status=Status(fields[b"status"].decode()),
        attempts=int(fields.get(b"attempts", 0)),
        error=error.decode() if error else None,
        events=events_of(fields.get(b"events")),
        accepted_at=from_us(fields[b"accepted_us"]),
        settled_at=from_us(settled) if settled else None,
        gated=b"gated" in fields,
        usage=decode_usage(used),
        history=tuple(_incident(entry) for entry in orjson.loads(fields.get(b"history") or b"[]")),
        counts=Counts(**{what.value: int(fields.get(f"{_TIMES}{what}".encode(), 0)) for what in What}),
        **owner,
    )


def shortened(error: str) -> str:
    """Cut an error to the length that the history in a turn's Redis hash keeps of it."""
    return error if len(error) <= _LONGEST_ERROR else error[: _LONGEST_ERROR - 1] + "…"


def _incident(entry: dict[str, Any]) -> Incident:
    """One line of a history as the scripts write it."""
    at, last_at = from_us(entry.pop("at")), from_us(entry.pop("last"))
    return Incident(at=at, last_at=last_at, **entry)


def _decoded_events(value: Any) -> tuple[TurnEvent, ...]:
    """Fields that we do not know are passed over; a newer format is an object that says so."""
    if isinstance(value, dict):
        value = known_format(value, "a turn's events")["events"]
    known = TurnEvent.stored_names()
    return tuple(TurnEvent(**{name: event[name] for name in known & set(event)}) for event in value)


def decode_usage(fields: Mapping[bytes, bytes]) -> Usage:
    """What was booked, from the counters of a turn or of a tenant's model; counters we do not know are passed over."""
    known = {*Usage.model_fields, "cost_nusd"} - {"cost_usd"}
    counts = {name.decode(): int(count) for name, count in fields.items() if name.decode() in known}
    nano = counts.pop("cost_nusd", None)
    return Usage(**counts, cost_usd=None if nano is None else nano / NANO)


def decode_ledger(fields: Sequence[Any], waiting: int, oldest: bytes = b"") -> Ledger:
    """A tenant's ledger, from the fields of its ledger, how many turns wait, and since when the oldest one does."""
    totals = {name.decode(): int(total) for name, total in zip(fields[::2], fields[1::2], strict=True)}
    return Ledger(
        accepted=totals.get("accepted", 0),
        settled=totals.get("settled", 0),
        waiting=waiting,
        dead=totals.get("dead", 0),
        erased=totals.get("erased", 0),
        lost=totals.get("lost", 0),
        gated=totals.get("gated", 0),
        dropped_facts=totals.get("dropped_facts", 0),
        oldest_waiting_at=from_us(oldest) if oldest else None,
    )


def waiting_counted(fields: Sequence[Any]) -> int:
    """How many turns of a tenant wait as its ledger counts them, by which new ones are refused."""
    return next((int(total) for name, total in zip(fields[::2], fields[1::2], strict=True) if name == b"waiting"), 0)


def encode_removal(removal: Removal, sealed: str) -> str:
    """Encode a removal for Redis as JSON with the format version `v`, as turns and plans are.

    It is noted down after its epoch. The sealed text is all that is told of it.
    """
    return orjson.dumps({"v": VERSION, "sealed": sealed}).decode()


async def decode_removal(member: bytes, opened: Callable[[str], Awaitable[bytes]]) -> Removal:
    """A removal that was noted down: the epoch's order (0 for a memory), and what was removed.

    Args:
        member: as it is kept.
        opened: reads what is sealed.

    Raises NewerFormat, and what `opened` raises.
    """
    until, _, document = member.partition(b" ")
    fields = known_format(orjson.loads(document), "a removal")
    fields = orjson.loads(await opened(fields["sealed"]))
    removal = Removal.model_validate(fields)
    return removal.model_copy(update={"until": int(until)}) if int(until) else removal
