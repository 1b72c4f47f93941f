"""The versions of one memory: which stands, which came before it, and where a fact learned late belongs among them.

Versions follow one another in valid time: each holds from when it was said until the next one was. The one that stands
(current, or retracted last) has the memory's own id as its point id; all others are points of their own.

Valid time is as good as the clocks and callers that told it. Where what stands is dated far ahead of a turn that came
after it, one of them was wrong: then the order of the turns decides, so that a memory can always be corrected.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from scrubjay.model import Event, Memory, Turn

NAMESPACE = uuid.UUID("6f1c3d0e-7a55-5b1e-9a3c-2b7d1f0c9e44")
_FAR = timedelta(minutes=1)


def version_id(memory_id: str, version: int) -> str:
    """Pure rule: the point id of a version that does not stand, a UUIDv5 of the memory's id and its number."""
    return str(uuid.uuid5(NAMESPACE, f"{memory_id}:version:{version}"))


def superseded(memory: Memory, by: Memory) -> Memory:
    """A version as it stays in the history once another has taken its place."""
    return memory.model_copy(update={"current": False, "valid_to": by.valid_from, "superseded_by": by.id})


def in_order(versions: Sequence[Memory]) -> list[Memory]:
    """Versions by valid time, oldest first; of two said at one time the one recorded first.

    One that was superseded before its time came has its place where it ended.
    """
    return sorted(versions, key=lambda version: (_begins(version), version.version))


def has_held(version: Memory) -> bool:
    """Whether a version ever held: one that was dated ahead and superseded before its time came did not."""
    return version.valid_to is None or version.valid_from <= version.valid_to


def _begins(version: Memory) -> datetime:
    return version.valid_from if version.valid_to is None else min(version.valid_from, version.valid_to)


def standing(versions: Sequence[Memory]) -> Memory | None:
    """Pure rule over the versions of one memory: pick the version that stands, under the memory's own id.

    It always has the highest number, and is current or retracted.
    """
    last = max(versions, key=lambda memory: memory.version, default=None)
    return last if last is not None and (last.current or is_retracted(last)) else None


def cut_short(versions: Iterable[Memory], moment: datetime) -> list[Memory]:
    """Those of some versions that would end later, ended at a moment: what followed them was dated far ahead of it."""
    return [
        version.model_copy(update={"valid_to": moment})
        for version in versions
        if version.valid_to is not None and version.valid_to > moment
    ]


def is_retracted(memory: Memory) -> bool:
    """Whether the version stands, and what it says was taken back."""
    return not memory.current and memory.event is Event.DELETE


def is_far_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a time is further ahead of now than clocks that agree, and turns in a row, explain."""
    return moment > now + _FAR


def latest_of(turn: Turn) -> datetime:
    """Up to when what stands can be dated and still be taken for true beside a turn that came after it."""
    return turn.accepted_at + _FAR


def is_late(memory: Memory, turn: Turn) -> bool:
    """Whether what a turn says is older than what stands: it can only enter the history."""
    return not is_misdated(memory, turn) and said_beside(memory, turn) < _since(memory)


def said_beside(memory: Memory, turn: Turn) -> datetime:
    """Rule of valid time: when a turn was said, compared with the version of a memory that stands.

    One without a time of its own is said after what was learned before it. So it is even if that is dated a little
    ahead; but a replayed one was said before what has been learned meanwhile, also where the clock was ahead when it
    was accepted.
    """
    if turn.timestamp is None and memory.order > turn.order:
        return min(turn.said_at, _since(memory) - timedelta(microseconds=1))
    has_own_time = turn.timestamp is not None
    return turn.said_at if has_own_time or is_misdated(memory, turn) else max(turn.said_at, _since(memory))


def is_misdated(memory: Memory, turn: Turn) -> bool:
    """Whether what stands is dated far ahead of a turn that came after it."""
    # A version keeps the order of its words when they are taken back. That was done by an earlier turn of the lane,
    # unless this one is replayed.
    came_after = not turn.replayed if is_retracted(memory) else memory.order < turn.order
    return came_after and is_far_ahead(_since(memory), turn.accepted_at)


def _since(memory: Memory) -> datetime:
    """Since when, in valid time, the version of a memory that stands does so as it does.

    It was said last then, or retracted; or other metadata were given to it by hand.
    """
    return memory.last_said if is_retracted(memory) else max(memory.valid_from, memory.last_said)


class Placed(NamedTuple):
    """What a version learned late changes: the one that stands, as it is to be written again, and those that do not."""

    stands: Memory
    past: list[Memory]


def with_late(stands: Memory, past: Sequence[Memory], late: Memory) -> Placed | None:
    """Give a version learned late its place in valid time; what is newer stands.

    Args:
        stands: the version that stands; `is_late` holds for it and the late one.
        past: all other versions of the memory.
        late: the version as said; its number, its end and its successor are set here.

    Returns the versions that change, each with a number of its own; None when just this was known for that time.
    """
    every = in_order([*past, stands])
    memories = [memory for memory in every if has_held(memory)]
    before = next((memory for memory in reversed(memories) if memory.valid_from <= late.valid_from), None)
    if before is not None and before.text == late.text and _holds(before, late.valid_from):
        return None
    if late.valid_from >= stands.valid_from and not is_retracted(stands):  # what stands was said again after it
        again = {"version": stands.version + 2, "event": Event.UPDATE, "valid_from": stands.last_said, "said_at": None}
        after = stands.model_copy(update=again)
        between = superseded(late.model_copy(update={"version": stands.version + 1}), after)
        return Placed(after, [superseded(stands, between), between])
    if late.valid_from >= stands.valid_from:  # it is what was taken back later on, under the memory's own id
        taken_back = {"event": Event.DELETE, "current": False, "valid_to": stands.valid_to}
        newer = late.model_copy(update={**taken_back, "version": stands.version + 1})
        older = stands.model_copy(update={"event": Event.UPDATE if stands.version > 1 else Event.ADD})
        return Placed(newer, [superseded(older, newer)])
    following = next(
        memory for memory in every if memory.valid_from > late.valid_from and (has_held(memory) or memory is stands)
    )
    # What stands gives its number away and takes the next one, so that no two versions share one.
    placed = superseded(late.model_copy(update={"version": stands.version}), following)
    cut = [_ended(before, late.valid_from)] if before is not None and before is not stands else []
    return Placed(stands.model_copy(update={"version": stands.version + 1}), [*cut, placed])


def _holds(memory: Memory, moment: datetime) -> bool:
    return memory.valid_to is None or moment < memory.valid_to


def _ended(memory: Memory, moment: datetime) -> Memory:
    return memory.model_copy(update={"valid_to": moment}) if _holds(memory, moment) else memory
