"""Reconciliation: what each candidate means for what is already known, by rule alone or by rule and model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from scrubjay.ingest.wording import gist, tokens
from scrubjay.llm import prompts
from scrubjay.llm.structured_output import LONGEST_STATEMENT, Shape, ask, one_line
from scrubjay.model import Decision, Event, Fact, Recalled, Reconciliation
from scrubjay.ports import LanguageModel


def union(neighbours: Iterable[Sequence[Recalled]]) -> tuple[Recalled, ...]:
    """All neighbours in one list, each memory once, as first met: `Decision.target` is a position in it."""
    met: dict[str, Recalled] = {}
    for recalled in (recalled for of_candidate in neighbours for recalled in of_candidate):
        met.setdefault(recalled.memory.id, recalled)
    return tuple(met.values())


class RuleReconciler:
    """Without a model: what was said before in the same or nearly the same words is NONE, all else is ADD.

    Args:
        same_floor: cosine from which two sentences of the embedder in use may be the same statement.
    """

    def __init__(self, same_floor: float) -> None:
        self._same_floor = same_floor

    async def ping(self) -> None:
        """Nothing can be away."""

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        """Decide; `target` is a position in `union(neighbours)`, None for a repetition within the batch."""
        return Reconciliation(decisions=self.decide(candidates, neighbours))

    def decide(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> tuple[Decision, ...]:
        """The same, for callers that go on from here: one decision a candidate, in order, NONE or ADD."""
        positions = _positions(neighbours)
        seen: set[tuple[str, ...]] = set()
        decisions = []
        for number, (candidate, near) in enumerate(zip(candidates, neighbours, strict=True)):
            same = next((known for known in near if self._same(candidate, known)), None)
            content = gist(candidate.text)
            event = Event.NONE if (same or content in seen) and not candidate.verbatim else Event.ADD
            target = positions[same.memory.id] if same and event is Event.NONE else None
            decisions.append(Decision(candidate=number, event=event, target=target))
            seen.add(content)
        return tuple(decisions)

    def _same(self, candidate: Fact, known: Recalled) -> bool:
        if tokens(candidate.text) == tokens(known.memory.text):
            return True
        return known.score >= self._same_floor and gist(candidate.text) == gist(known.memory.text)


class ModelReconciler:
    """Asks a language model, but only about candidates that the rules leave open; one call for all of them.

    Args:
        model: whom to ask.
        related_floor: cosine below which two sentences of the embedder in use are unrelated.
        rules: settle what was said before, without the model.
    """

    def __init__(self, model: LanguageModel, related_floor: float, rules: RuleReconciler) -> None:
        self._model = model
        self._related_floor = related_floor
        self._rules = rules

    async def ping(self) -> None:
        """Return when the model answers; raises ModelUnavailable."""
        await self._model.ping()

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        """Decide; `target` is a position in `union(neighbours)`.

        Raises ModelUnavailable, BadAnswer or ModelRejected.
        """
        decisions = list(self._rules.decide(candidates, neighbours))
        related = [[recalled for recalled in near if self._matters(recalled, decisions)] for near in neighbours]
        open_ = [d.candidate for d in decisions if d.event is Event.ADD and related[d.candidate]]
        unsettled = [number for number in open_ if not candidates[number].verbatim]
        if not unsettled:
            return Reconciliation(decisions=tuple(decisions))
        known = union(related[number] for number in unsettled)
        question = prompts.reconciliation([candidates[number] for number in unsettled], _as_counted(known, unsettled))
        read = partial(_read, unsettled=unsettled, known=known)
        answer = await ask(self._model, question, read)
        positions = _positions(neighbours)
        for decision in answer:
            number = unsettled[decision.candidate]
            target = None if decision.target is None else positions[known[decision.target].memory.id]
            decisions[number] = decision.model_copy(update={"candidate": number, "target": target})
        return Reconciliation(decisions=tuple(decisions))

    def _matters(self, known: Recalled, decisions: Sequence[Decision]) -> bool:
        """Whether it is near enough; an earlier candidate that only repeats something stands for nothing of its own."""
        repeats = known.candidate is not None and decisions[known.candidate].event is Event.NONE
        return known.score >= self._related_floor and not repeats


# Unbounded, a number of thousands of digits would be repeated to whoever reads the error.
_Number = Annotated[int, Field(gt=-1_000_000, lt=1_000_000)]


def _as_counted(known: Sequence[Recalled], unsettled: Sequence[int]) -> list[Recalled]:
    """As the model counts candidates: one that the rules have settled is to it like any other thing known."""
    numbers = {number: new for new, number in enumerate(unsettled)}
    return [
        recalled
        if recalled.candidate is None
        else recalled.model_copy(update={"candidate": numbers.get(recalled.candidate)})
        for recalled in known
    ]


class _Decision(Shape):
    candidate: _Number
    event: Event
    target: _Number | None = None
    text: Annotated[str, StringConstraints(max_length=LONGEST_STATEMENT)] | None = None


class _Decisions(Shape):
    decisions: list[_Decision]


def _read(answer: str, *, unsettled: Sequence[int], known: Sequence[Recalled]) -> list[Decision]:
    """The decisions in an answer; raises ValueError unless they cover every candidate once."""
    decisions = _Decisions.model_validate_json(answer).decisions
    if sorted(decision.candidate for decision in decisions) != list(range(len(unsettled))):
        raise ValueError(f"it needs exactly one decision for each candidate from 0 to {len(unsettled) - 1}")
    return [_checked(decision, known, unsettled[decision.candidate]) for decision in decisions]


def _checked(decision: _Decision, known: Sequence[Recalled], number: int) -> Decision:
    """One decision with only what its event means; raises ValueError for what cannot be carried out.

    Args:
        decision: as the model counts.
        known: what its target may be.
        number: of the candidate among all.
    """
    where = f"the decision for candidate {decision.candidate}"
    if decision.target is not None and not 0 <= decision.target < len(known):
        raise ValueError(f"{where} has the unknown target {decision.target}")
    candidate = known[decision.target].candidate if decision.target is not None else None
    if candidate is not None and candidate >= number:
        raise ValueError(f"{where} has the target {decision.target}, which was not told before it")
    if decision.target is None and decision.event in (Event.UPDATE, Event.DELETE):
        raise ValueError(f"{where} is {decision.event} without a target")
    text = one_line(decision.text or "") if decision.event is Event.UPDATE else None
    if text == "":
        raise ValueError(f"{where} is UPDATE without a text")
    target = None if decision.event is Event.ADD else decision.target
    return Decision(candidate=decision.candidate, event=decision.event, target=target, text=text)


def _positions(neighbours: Sequence[Sequence[Recalled]]) -> dict[str, int]:
    return {recalled.memory.id: position for position, recalled in enumerate(union(neighbours))}
