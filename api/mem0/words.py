"""Refusals in Mem0's words: its clients read the sentence from `detail`, those who read bodies from `error`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scrubjay.api.errors import Refusal
from scrubjay.edit.edits import UNKNOWN

NO_MEMORY = "Memory not found!"
NO_UUID = "memory_id should be a valid UUID"
NO_EVENT = "Event not found or you don't have permission to access it."
# What is said otherwise in the house.
_SAID: Mapping[str, str] = {UNKNOWN: NO_MEMORY}
_STATUS: Mapping[int, int] = {422: 400}


def words(refusal: Refusal) -> Refusal:
    """The same refusal: one sentence in both fields, as one client reads this field and another that one."""
    sentence = _SAID.get(refusal.detail, refusal.detail)
    status = _STATUS.get(refusal.status, refusal.status)
    return replace(refusal, status=status, detail=sentence, error=sentence)
