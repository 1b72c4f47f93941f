"""What all values have in common: they are frozen, and refuse unknown fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

Metadata = Mapping[str, Any]
Vector = Sequence[float]


class Value(BaseModel):
    """A frozen value; unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        # A field with an alias is stored and sent under it; in Python it goes by either name.
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    @classmethod
    def stored_names(cls) -> set[str]:
        """The names under which the fields are stored and sent."""
        return {field.alias or name for name, field in cls.model_fields.items()}
