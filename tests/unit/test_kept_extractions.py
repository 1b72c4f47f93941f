"""An extraction is asked for once about the same batch, and for no longer than it may be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from scrubjay.ingest.kept_extractions import KeptExtractions
from scrubjay.llm.asking import asked_as_a_probe
from scrubjay.model import Extraction, Message, Role, Scope, Turn
from tests.fakes import EchoExtractor


def turn(name: str, *, replayed: bool = False) -> Turn:
    messages = (Message(role=Role.USER, content=f"I like {name}."),)
    now = datetime.now(UTC)
    return Turn(id=name, scope=Scope(tenant="t", user_id="u"), messages=messages, accepted_at=now, replayed=replayed)


class Watched(EchoExtractor):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        self.asked.append([turn.id for turn in turns])
        return await super().extract(turns)


async def test_the_same_batch_is_asked_about_once_and_any_other_anew() -> None:
    behind = Watched()
    kept = KeptExtractions(behind)
    tea, jazz = turn("tea"), turn("jazz")
    first = await kept.extract([tea, jazz])
    assert await kept.extract([tea, jazz]) == first
    await kept.extract([jazz])  # the other may have been erased
    assert behind.asked == [["tea", "jazz"], ["jazz"]]
    assert [fact.turn_id for fact in first.facts] == ["tea", "jazz"]


async def test_replayed_turns_and_probes_are_always_asked_about() -> None:
    behind = Watched()
    kept = KeptExtractions(behind)
    for _ in range(2):
        await kept.extract([turn("tea", replayed=True)])
        with asked_as_a_probe():
            await kept.extract([turn("jazz")])
    assert len(behind.asked) == 4


async def test_what_is_kept_ends_after_ten_minutes_and_is_bounded() -> None:
    now, behind = [0.0], Watched()
    kept = KeptExtractions(behind, lambda: now[0])
    await kept.extract([turn("tea")])
    now[0] = 599
    await kept.extract([turn("tea")])
    assert len(behind.asked) == 1
    now[0] = 601
    await kept.extract([turn("tea")])
    assert len(behind.asked) == 2
    for number in range(101):
        await kept.extract([turn(f"tea{number}")])
    await kept.extract([turn("tea")])
    assert len(behind.asked) == 104
