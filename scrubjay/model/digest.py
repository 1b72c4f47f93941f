"""Digests: a document of a given shape that a model makes out of memories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scrubjay.model.scope import OWNERS, spelled
from scrubjay.model.value import Value


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
    def owners(self) -> frozenset[tuple[str, str]]:
        """Every owner in the filters, as field and id: in its one spelling, and as it is written there."""
        return frozenset(_owners_in(self.filters))


def in_one_spelling(part: Any, field: str | None = None) -> Any:
    """Rewrite the filter of a digest's order, so that each id of an owner in it has its one spelling.

    It is a pure rule over the filter as it was written, in JSON; what is no id stays as it is.

    Args:
        part: the filter, or a part of it.
        field: the owner's field that the part stands under.
    """
    if isinstance(part, Mapping):
        return {key: in_one_spelling(value, key if key in OWNERS else field) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [in_one_spelling(value, field) for value in part]
    return part if field is None else spelled(part)


def _owners_in(part: Any, field: str | None = None) -> Iterator[tuple[str, str]]:
    """Walk through the filters of a digest's order and yield each owner in them as field and id."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _owners_in(value, key if key in OWNERS else field)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _owners_in(value, field)
    elif field is not None:
        yield from ((field, name) for name in {part, spelled(part)} if isinstance(name, str))
