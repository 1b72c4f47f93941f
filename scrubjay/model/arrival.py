"""Memories that come in from elsewhere, and what became of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from scrubjay.model.scope import Scope
from scrubjay.model.value import Metadata, Value


class Arrival(Value):
    """A memory as it was elsewhere; its texts are masked by whoever hands it in.

    Args:
        id: a UUID, which it keeps; None: it gets one that is always the same for this tenant, owner, time and text.
        scope: whose.
        text: what it says.
        created_at: None: when it was changed, else now.
        updated_at: since when it says this; None: since it was made.
        valid_from: since when that is so; None: since it says so.
        expires_at: from when on it is not recalled any more, which may be past; None: never.
    """

    id: str | None = None
    scope: Scope
    text: str
    metadata: Metadata = Field(default_factory=dict)
    categories: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    valid_from: datetime | None = None
    expires_at: datetime | None = None


class Became(StrEnum):
    """What became of an arrival: `busy` is to be sent again, nothing else needs to be."""

    IMPORTED = "imported"
    THERE = "there"
    REFUSED = "refused"
    BUSY = "busy"


class Outcome(Value):
    """What became of one arrival.

    Args:
        id: under which the memory is, or would have been.
        became: see there.
        reason: one sentence where it did not come in.
        in_quarantine: it waits for a person's judgement.
    """

    id: str
    became: Became
    reason: str | None = None
    in_quarantine: bool = Field(default=False, alias="held")
