"""The mind of the model in the cases of scope_cases.py: each turn comes with what is decided on its statement."""

from __future__ import annotations

from collections.abc import Sequence

from scrubjay.ingest.reconciliation import RuleReconciler, union
from scrubjay.model import Decision, Event, Fact, Memory, Recalled, Reconciliation
from tests.integration.scope_steps import Answer, Say


class AnswersOfTurns:
    """Decides by rule, or as a turn's own answer says: about the memory of the turn's scope, if there is one."""

    def __init__(self) -> None:
        self.turns: dict[str, Say] = {}
        self._rules = RuleReconciler(0.9)

    async def ping(self) -> None:
        """Nothing can be away."""

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        known = [neighbour.memory.id for neighbour in union(neighbours)]
        decisions = list(self._rules.decide(candidates, neighbours))
        for number, (fact, near) in enumerate(zip(candidates, neighbours, strict=True)):
            turn = self.turns[fact.turn_id]
            memory = _target(turn, near) if turn.by else None
            if turn.by is not None and memory is not None:
                decisions[number] = _decision(number, turn.by, known.index(memory.id), fact)
        return Reconciliation(decisions=tuple(decisions))


def _target(turn: Say, near: Sequence[Recalled]) -> Memory | None:
    meant = [neighbour.memory for neighbour in near if turn.by is not None and neighbour.memory.text == turn.by.of]
    return next((memory for memory in meant if memory.scope == turn.scope), meant[0] if meant else None)


def _decision(number: int, answer: Answer, target: int, fact: Fact) -> Decision:
    text = (answer.merged or fact.text) if answer.event is Event.UPDATE else None
    return Decision(candidate=number, event=answer.event, target=target, text=text)
