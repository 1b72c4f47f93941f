"""Digests: a document of a given shape that a model makes out of memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memory.model.scope import OWNERS
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

    @property
    def named(self) -> frozenset[tuple[str, str]]:
        """Every owner whom the filters name, as field and id."""
        return frozenset(_named(self.filters))


def _named(part: Any, field: str | None = None) -> Iterator[tuple[str, str]]:
    if isinstance(part, str) and field is not None:
        yield field, part
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from _named(value, key if key in OWNERS else field)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _named(one, field)
