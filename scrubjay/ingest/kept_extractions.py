"""Extractions kept for a batch's next try: where embedding or the store fails, the model is not asked and paid anew."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from scrubjay.llm.asking import PROBE, asker
from scrubjay.model import Extraction, Turn
from scrubjay.ports import Extractor

_MOST_BATCHES = 100
_KEPT_SECONDS = 600

_Key = tuple[str | None, ...]


class KeptExtractions:
    """The port `Extractor` over another one, which is asked once in ten minutes about the same batch.

    Only the very same turns get the same answer: facts found beside a turn that was erased since may say what it said.
    Turns that were dead and are replayed, and probes, are always asked about.

    Args:
        behind: asked about all else.
        clock: tells seconds.
    """

    def __init__(self, behind: Extractor, clock: Callable[[], float] = time.monotonic) -> None:
        self._behind = behind
        self._clock = clock
        self._kept = OrderedDict[_Key, tuple[float, Extraction]]()

    @property
    def name(self) -> str:
        """As of the extractor behind."""
        return self._behind.name

    @property
    def prompt_version(self) -> str | None:
        """As of the extractor behind."""
        return self._behind.prompt_version

    async def ping(self) -> None:
        """Return when the extractor behind answers."""
        await self._behind.ping()

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """Find the facts, or what was found a while ago. Raises what the extractor behind raises."""
        asks = asker()
        if not turns or any(turn.replayed for turn in turns) or (asks and asks.owner == PROBE):
            return await self._behind.extract(turns)
        while self._kept and self._clock() - next(iter(self._kept.values()))[0] > _KEPT_SECONDS:
            self._kept.popitem(last=False)
        key = (self.prompt_version, *(turn.id for turn in turns))
        if key in self._kept:
            return self._kept[key][1]
        extraction = await self._behind.extract(turns)
        self._kept[key] = self._clock(), extraction
        if len(self._kept) > _MOST_BATCHES:
            self._kept.popitem(last=False)
        return extraction
