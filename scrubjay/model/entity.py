"""Entities: the owners that have memories, as they are listed."""

from __future__ import annotations

from datetime import datetime

from scrubjay.model.scope import Kind
from scrubjay.model.value import Value


class Entity(Value):
    """A user, agent, run or app that has memories.

    Args:
        kind: what it is.
        name: its id.
        memories: how many stand.
        created_at: when the first of those was made; None in a list.
        updated_at: when one of those was last changed; None in a list.
    """

    kind: Kind
    name: str
    memories: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
