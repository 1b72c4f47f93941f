"""Digests: a document of a given shape that a model makes out of memories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memory.model.value import Value


class DigestOrder(Value):
    """What somebody wants to have made. It is made of what stands when it is fetched.

    Args:
        id: its own.
        schema_: the JSON schema of the document.
        filters: of which memories, in the public grammar; they name the owner.
        instructions: what is wanted besides.
    """

    id: str
    schema_: Mapping[str, Any]
    filters: Mapping[str, Any]
    instructions: str | None = None
