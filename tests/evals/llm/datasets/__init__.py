"""The data sets: one file each, all giving conversations with their questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.evals.llm.datasets import beam, locomo, longmemeval
from tests.evals.llm.material import Conversation

LOADERS: Mapping[str, Callable[[Path], list[Conversation]]] = {
    "locomo": locomo.load,
    "longmemeval": longmemeval.load,
    "beam": beam.load,
}
