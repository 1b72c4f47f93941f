"""What is answered about memories in quarantine."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from scrubjay.api.schemas.common import PageOut
from scrubjay.api.schemas.memories import MemoryOut


class HeldOut(MemoryOut):
    """One memory that is held back, with where it comes from."""

    turn_ids: list[str]
    quote: str | None


class HeldPage(PageOut[HeldOut]):
    """One page of what is held back."""


class HeldDiscarded(BaseModel):
    """A memory that was held back is gone."""

    id: str
    status: Literal["discarded"] = "discarded"
