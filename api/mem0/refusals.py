"""Refusals in Mem0's sentences: its clients read the sentence from `detail`, those who read bodies from `error`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scrubjay.api.errors import Refusal
from scrubjay.mem0.messages import sentence_for

_STATUS: Mapping[int, int] = {422: 400}


def translated(refusal: Refusal) -> Refusal:
    """The same refusal with one sentence in both fields, as one client reads this field and another that one."""
    sentence = sentence_for(refusal.kind) or refusal.detail
    status = _STATUS.get(refusal.status, refusal.status)
    return replace(refusal, status=status, detail=sentence, error=sentence)
