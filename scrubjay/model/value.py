"""What every value of the house has in common: it is frozen, and refuses what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

Metadata = Mapping[str, Any]
Vector = Sequence[float]


class Value(BaseModel):
    """A frozen value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
