"""The versions of memories that facts make: new ones, renewed ones, and what is only said again. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from scrubjay.model import Event, Fact, Memory, Metadata, Turn
from scrubjay.model.memory import MOST_TURNS, POSITIONS_PER_ORDER
from scrubjay.model.versions import NAMESPACE, said_beside
from scrubjay.validation import is_bounded

_DRAFT = "candidate:"


def memory_id(turn_id: str, text: str, repetition: int) -> str:
    """The id of the memory that a turn's fact makes.

    It rests on the words, so deciding again never puts one fact in another's place; `repetition` counts equal texts.
    """
    return str(uuid.uuid5(NAMESPACE, f"{turn_id}:{repetition}:{text}"))


def draft(number: int, fact: Fact, turn: Turn) -> Memory:
    """A candidate as those that are said after it in the same batch see it: like a memory, though not made yet."""
    return Memory(
        id=f"{_DRAFT}{number}",
        scope=turn.scope,
        text=fact.text,
        created_at=turn.accepted_at,
        updated_at=turn.accepted_at,
        valid_from=turn.said_at,
        order=turn.order,
    )


def is_draft(memory: Memory) -> bool:
    """Whether it is a candidate that is not a memory yet."""
    return memory.id.startswith(_DRAFT)


@dataclass(frozen=True)
class Source:
    """Where facts come from, kept with each memory: "why do you think this?" has an answer."""

    model: str
    prompt_version: str | None = None


class NewMemory(NamedTuple):
    """What a new memory has besides its fact.

    Args:
        memory_id: its id.
        place: how many memories the turn has made before it.
        marked, in_quarantine: as of `Memory`.
        topic: what it tells of; empty: of nothing that is known.
    """

    memory_id: str
    place: int
    marked: bool
    in_quarantine: bool
    topic: str


def new_memory(fact: Fact, turn: Turn, source: Source, fields: NewMemory) -> Memory:
    """The memory that a fact makes.

    Args:
        fact: what was said.
        turn: in which.
        source: where the fact comes from.
        fields: what it has besides.
    """
    return Memory(
        id=fields.memory_id,
        scope=turn.scope,
        text=fact.text,
        categories=(fact.category,) if fact.category else (),
        metadata=turn.metadata,
        created_at=turn.accepted_at,
        updated_at=turn.accepted_at,
        valid_from=turn.said_at,
        expires_at=turn.expires_at,
        turn_ids=(turn.id,),
        order=turn.order,
        position=turn.order * POSITIONS_PER_ORDER + fields.place,
        quote=fact.quote,
        model=source.model,
        prompt_version=fact.prompt_version or source.prompt_version,
        current=not fields.in_quarantine,
        marked=fields.marked,
        in_quarantine=fields.in_quarantine,
        topic=fields.topic,
    )


def renew(known: Memory, fact: Fact, turn: Turn, source: Source, text: str) -> Memory:
    """The next version of a memory, which a fact of its own scope makes, with another text; its mark is not judged."""
    return known.model_copy(
        update={
            "text": text,
            "event": Event.UPDATE,
            "version": known.version + 1,
            "updated_at": turn.accepted_at,
            "order": turn.order,
            "valid_from": said_beside(known, turn),
            "expires_at": turn.expires_at,
            "turn_ids": (turn.id,),
            "quote": fact.quote,
            "metadata": _joined(known.metadata, turn.metadata),
            "model": source.model,
            "prompt_version": fact.prompt_version or source.prompt_version,
            "feedback": None,
            "said_at": None,
            "hidden": {},
        }
    )


def said_again(known: Memory, turn: Turn, said_at: datetime | None) -> Memory:
    """A memory that a turn has said again.

    Args:
        known: as it was.
        turn: which says it again: it joins the turns and the metadata; the later expiry holds, and none is the latest.
        said_at: when, in valid time; None where it was before the memory was last said: then it changes nothing else.
    """
    expiries = (known.expires_at, turn.expires_at)
    metadata = (known.metadata, turn.metadata) if said_at is not None else (turn.metadata, known.metadata)
    changed: dict[str, Any] = {
        "turn_ids": _bounded_turns([*known.turn_ids, turn.id]),
        "expires_at": None if None in expiries else max(filter(None, expiries)),
        "metadata": _joined(*metadata),
    }
    if said_at is not None:
        latest = max(known.last_said, said_at)
        changed |= {"said_at": latest, "updated_at": max(known.updated_at, turn.accepted_at)}
        changed["order"] = max(known.order, turn.order)
    return known.model_copy(update=changed)


def _bounded_turns(turn_ids: Sequence[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(turn_ids))
    return tuple(once if len(once) <= MOST_TURNS else [once[0], *once[1 - MOST_TURNS :]])


def _joined(before: Metadata, after: Metadata) -> Metadata:
    """Both; of a key in both the later value. Where that is more than a memory may have, the later one alone."""
    both = {**before, **after}
    return both if is_bounded(both) else after
