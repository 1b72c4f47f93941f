"""What a replay has cost, worked out from what the model server has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scrubjay.llm import prompts
from tests.model_server.wire import Flow, Route

EXTRACTIONS: tuple[Route, ...] = ("extraction", "additive_extraction")
ASKED: tuple[Route, ...] = (*EXTRACTIONS, "reconciliation")
NOTHING = Flow()


@dataclass(frozen=True)
class Replay:
    """One system's way through all the turns.

    Args:
        system: who remembered.
        mode: how it was given the turns.
        turns: how many there were.
        memories: how many it holds afterwards.
        seconds: how long it took.
        traffic: what the model server saw.
        templates: characters of the user's message of an empty question, by route.
    """

    system: str
    mode: str
    turns: int
    memories: int
    seconds: float
    traffic: Mapping[Route, Flow] = field(repr=False)
    templates: Mapping[Route, int]

    def calls(self, routes: Sequence[Route] = ASKED) -> float:
        """Calls a turn."""
        return self._sum("calls", routes) / self.turns

    def a_turn(self, what: str, routes: Sequence[Route] = ASKED) -> float:
        """One of a flow's sums, a turn."""
        return self._sum(what, routes) / self.turns

    def overhead(self, routes: Sequence[Route]) -> float:
        """Characters of one question before any content: instructions, schema, empty template; 0 if never asked."""
        calls = self._sum("calls", routes)
        return self._overheads(routes) / calls if calls else 0.0

    def overhead_a_turn(self) -> float:
        """Characters before content, a turn."""
        return self._overheads(ASKED) / self.turns

    def sent_a_turn(self) -> float:
        """All characters of the questions, a turn."""
        return sum(self.a_turn(part) for part in ("system", "material", "response_format"))

    def content_a_turn(self) -> float:
        """What the questions were about: the turns, and whatever is shown beside them; characters a turn."""
        return self.sent_a_turn() - self.overhead_a_turn()

    def _overheads(self, routes: Sequence[Route]) -> int:
        templates = sum(self.templates[route] * self.traffic[route].calls for route in routes if route in self.traffic)
        return self._sum("system", routes) + self._sum("response_format", routes) + templates

    def _sum(self, what: str, routes: Sequence[Route]) -> int:
        return sum(int(getattr(self.traffic.get(route, NOTHING), what)) for route in routes)


@dataclass(frozen=True)
class Limit:
    """What was promised beside what was seen."""

    what: str
    most: float
    seen: float

    @property
    def is_held(self) -> bool:
        """Whether the promise is kept; one about what was never seen is not."""
        return 0 < self.seen <= self.most


def templates() -> dict[Route, int]:
    """The length of the user's message of each of Scrubjay's questions when there is nothing to ask about."""
    empty = prompts.EXTRACTION.fill("material", turns=""), prompts.reconciliation([], []).user
    return {"extraction": len(empty[0]), "reconciliation": len(empty[1])}


def limits(in_turn: Replay, in_bursts: Replay) -> list[Limit]:
    """The promises, held against Scrubjay's two replays."""
    both = (in_turn, in_bursts)
    return [
        Limit("extraction, characters before content", 4_000, max(replay.overhead(["extraction"]) for replay in both)),
        Limit(
            "reconciliation, characters before content",
            3_000,
            max(replay.overhead(["reconciliation"]) for replay in both),
        ),
        Limit(f"extraction and reconciliation calls a turn in {in_bursts.mode}", 0.3, in_bursts.calls()),
    ]
