"""What a turn may add to the prompt that extracts facts from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class Guidance(TypedDict, total=False):
    """What is added to the extraction prompt."""

    custom_instructions: str | None
    includes: str | None
    excludes: str | None
    custom_categories: Mapping[str, str]
