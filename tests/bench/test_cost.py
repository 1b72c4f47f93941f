"""The cost benchmark's own side on a small conversation: every call is seen, and bursts are cheaper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.bench.cost.conversations import Conversation, Exchange
from tests.bench.cost.figures import limits
from tests.bench.cost.ours import replays
from tests.model_server.control import running as model_server

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SAID = (
    "I live in Lisbon with my sister.",
    "I work as a nurse in the clinic by the river.",
    "How are you today?",
    "I have a dog that is called Rex.",
    "My dog Rex is four years old.",
    "I play the violin in an orchestra.",
    "What a rainy day.",
    "My sister plays the cello in my orchestra.",
)


@pytest.fixture
def conversation() -> Conversation:
    turns = (
        Exchange(
            ({"role": "user", "content": text, "name": "Ana"}, {"role": "assistant", "content": "I see."}),
            START + timedelta(minutes=number),
        )
        for number, text in enumerate(SAID)
    )
    return Conversation("handwritten", tuple(turns))


def test_a_burst_costs_fewer_calls_than_its_turns_one_by_one_and_remembers_the_same(
    conversation: Conversation, tmp_path: Path
) -> None:
    ticks: list[int] = []
    with model_server() as model:
        in_turn, in_burst = replays(
            [conversation], model, tmp_path / "data", bursts=(1, 8), embedder="openai", tick=ticks.append
        )

    assert ticks == [1] * 8 + [8]
    assert in_turn.traffic["extraction"].calls == 7  # one turn is small talk
    assert in_turn.memories == in_burst.memories == 6
    assert in_burst.calls() < in_turn.calls()
    assert all(limit.is_held for limit in limits(in_turn, in_burst))
    assert in_turn.content_a_turn() > sum(map(len, SAID)) / len(SAID)
