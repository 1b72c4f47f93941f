"""Text without its case, kept beside the original: Qdrant compares bytes, and finds nothing "whatever the case"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrubjay.model.unicode_normalization import normalized

FOLDED = "folded"


def fold(text: str) -> str:
    """Case-fold a text for Qdrant, which compares bytes: without its case, and with its accents composed.

    Texts that differ in these alone become equal.
    """
    return normalized("NFC", normalized("NFC", text).casefold())


def folded(payload: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    """What is added to a payload: the fields that fold to something else. What is its own copy needs no other."""
    copy = _copy({name: payload[name] for name in fields if name in payload})
    return {} if copy is None else {FOLDED: copy}


def _copy(value: Any) -> Any:
    """A value's folded copy, with the texts in it only; None where there is nothing to fold."""
    if isinstance(value, str):
        return None if (copy := fold(value)) == value else copy
    if isinstance(value, Mapping):
        copies = {key: copy for key, item in value.items() if (copy := _copy(item)) is not None}
        return copies or None
    if isinstance(value, list | tuple):
        texts = [item for item in value if isinstance(item, str)]
        copies_of_texts = [fold(item) for item in texts]
        return None if copies_of_texts == texts else copies_of_texts
    return None
