"""What the server was told to do, and what it has seen."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tests.model_server.traffic import Traffic
from tests.model_server.wire import Canned, Counts, Fault, Kind, Route, Rule

R = TypeVar("R", bound=Rule)
_REQUESTS_KEPT = 1_000

_STRUCTURED: frozenset[Route] = frozenset({"extraction", "reconciliation", "digest"})
_ASKED: frozenset[Route] = _STRUCTURED | {"chat"}
_EMBEDDED: frozenset[Route] = frozenset({"embeddings"})
_HTTP = (Kind.STATUS, Kind.SLOW, Kind.HELD, Kind.DRIP, Kind.DROPPED, Kind.NOT_JSON_BODY)
_OF_DECISIONS = (Kind.MISSING, Kind.UNKNOWN_NUMBER)
_UNFINISHED = (Kind.TRUNCATED, Kind.EMPTY, Kind.REFUSAL, Kind.CONTENT_FILTER, Kind.NO_CHOICES)
_MAKES_SENSE_FOR: Mapping[Kind, frozenset[Route]] = {
    **dict.fromkeys(_HTTP, _ASKED | _EMBEDDED),
    **dict.fromkeys(_UNFINISHED, _ASKED),
    **dict.fromkeys((Kind.WRONG_COUNT, Kind.WRONG_DIMENSION, Kind.NOT_A_NUMBER), _EMBEDDED),
    Kind.FALSE_QUOTE: frozenset({"extraction"}),
    **dict.fromkeys(_OF_DECISIONS, frozenset[Route]({"reconciliation"})),
}


@dataclass(frozen=True)
class Call:
    """One call as rules see it: its material is what the user messages or the texts say."""

    route: Route
    material: str
    with_schema: bool = False


@dataclass
class _Rationed(Generic[R]):
    rule: R
    to_pass: int
    left: int | None

    def lets_pass(self) -> bool:
        """Whether the rule lets this call pass, as one of the first that it fits."""
        self.to_pass -= 1
        return self.to_pass >= 0

    def use(self) -> R:
        """Use the rule once."""
        if self.left is not None:
            self.left -= 1
        return self.rule


class State:
    """Everything that changes while the server runs.

    Args:
        script: the answers that every reset brings back.
        seed: lets the rates of faults repeat themselves.
        faults: those that every reset brings back.
    """

    def __init__(self, script: Sequence[Canned], seed: int, faults: Sequence[Fault] = ()) -> None:
        self._initial_script = script
        self._initial_faults = faults
        self._random = random.Random(seed)
        self._released = asyncio.Event()
        self._held = 0
        self.reset()

    def reset(self) -> None:
        """Forget counts, requests and all that was added to the script and the faults; release what is held."""
        self.heal()
        self._script: list[_Rationed[Canned]] = []
        self._calls: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._hits_by_text: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()
        self.traffic = Traffic()
        self.requests: deque[Any] = deque(maxlen=_REQUESTS_KEPT)
        for canned in self._initial_script:
            self.add_answer(canned)
        for fault in self._initial_faults:
            self.add_fault(fault)

    def heal(self) -> None:
        """Switch all faults off, and release what is held."""
        self._faults: list[_Rationed[Fault]] = []
        self.release()

    def release(self) -> None:
        """Let the calls go on that are held now; those to come are held again."""
        self._released.set()
        self._released = asyncio.Event()

    async def hold(self) -> None:
        """Wait for the next release."""
        self._held += 1
        try:
            await self._released.wait()
        finally:
            self._held -= 1

    def add_fault(self, fault: Fault) -> None:
        """Switch a fault on, behind those that are on already."""
        self._faults.append(_Rationed(fault, fault.after, fault.calls))

    def add_answer(self, canned: Canned) -> None:
        """Put an answer at the end of the script."""
        self._script.append(_Rationed(canned, canned.after, canned.calls))

    def fault(self, call: Call) -> Fault | None:
        """Count a call, and choose the fault that hits it."""
        self._calls[call.route] += 1
        for rationed in self._faults:
            if not (_meets(rationed, call) and _sensible(rationed.rule, call)) or rationed.lets_pass():
                continue
            if self._random.random() < rationed.rule.rate:
                self._hits[rationed.rule.kind] += 1
                if rationed.rule.contains:
                    self._hits_by_text[rationed.rule.contains] += 1
                return rationed.use()
        return None

    def answer(self, call: Call) -> Canned | None:
        """The script's answer to a call."""
        canned = next((canned for canned in self._script if _meets(canned, call) and not canned.lets_pass()), None)
        return canned.use() if canned else None

    def add(self, *, texts: int = 0, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        """Count what a call has cost."""
        self._sums.update(texts=texts, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)

    def counts(self) -> Counts:
        """All counts until now."""
        traffic = self.traffic.by_route()
        hits = {"faults": dict(self._hits), "faults_by_text": dict(self._hits_by_text)}
        return Counts(calls=dict(self._calls), **hits, traffic=traffic, held=self._held, **self._sums)


def _meets(rationed: _Rationed[Any], call: Call) -> bool:
    rule: Rule = rationed.rule
    return rationed.left != 0 and rule.route in (None, call.route) and rule.contains in call.material


def _sensible(fault: Fault, call: Call) -> bool:
    if fault.kind is Kind.NO_JSON_SCHEMA:
        return call.with_schema
    return call.route == fault.route or call.route in _MAKES_SENSE_FOR.get(fault.kind, _STRUCTURED)
