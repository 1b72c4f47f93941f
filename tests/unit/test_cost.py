"""What remembering costs: the prompts stay short, and the benchmark replays and counts what it says."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from scrubjay.adapters.openai.chat_model import Dialect
from scrubjay.llm import prompts
from scrubjay.model import Scope, Turn
from scrubjay.ports import Question
from tests.bench.cost.conversations import Conversation, read
from tests.bench.cost.figures import Limit, Replay
from tests.model_server.traffic import Traffic
from tests.model_server.wire import Flow, Route

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
Format = Literal["json_schema", "json_object", "text"]
FORMATS: tuple[Format, ...] = ("json_schema", "json_object", "text")
LANES = [Scope(tenant="t", user_id="u"), Scope(tenant="t", agent_id="a"), Scope(tenant="t", run_id="r")]


def characters(question: Question, form: Format) -> int:
    """All that goes over the wire for one question."""
    traffic, body = Traffic(), Dialect(format=form).request(question)
    traffic.asked("chat", body["messages"], body.get("response_format"))
    flow = traffic.by_route()["chat"]
    return flow.system + flow.material + flow.response_format


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("scope", LANES, ids=lambda scope: scope.lane.kind)
def test_asking_for_facts_costs_at_most_4000_characters_before_content(scope: Scope, form: Format) -> None:
    nothing = prompts.extraction([Turn(id="t", scope=scope, messages=(), accepted_at=NOON)])
    assert characters(nothing, form) <= 4_000


@pytest.mark.parametrize("form", FORMATS)
def test_asking_what_facts_mean_costs_at_most_3000_characters_before_content(form: Format) -> None:
    assert characters(prompts.reconciliation([], []), form) <= 3_000


SAMPLE = {
    "speaker_a": "Ana",
    "speaker_b": "Bo",
    "session_2_date_time": "12:05 am on 9 June, 2023",
    "session_2": [{"speaker": "Ana", "text": "Later."}],
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [
        {"speaker": "Bo", "text": "Hello!"},
        {"speaker": "Ana", "text": "I ski.", "blip_caption": "a photo"},
        {"speaker": "Ana", "text": "A lot."},
        {"speaker": "Bo", "text": "Nice."},
        {"speaker": "Ana", "text": "You?"},
    ],
    "session_3_date_time": "1:00 pm on 10 June, 2023",  # LoCoMo dates sessions that it does not hold
}


@pytest.fixture
def conversations(tmp_path: Path) -> list[Conversation]:
    path = tmp_path / "locomo.json.gz"
    with gzip.open(path, "wt") as file:
        json.dump([{"conversation": SAMPLE}], file)
    return read(path, 1)


def test_a_turn_is_what_the_user_says_and_what_the_assistant_answers(conversations: list[Conversation]) -> None:
    speakers = [[(m["role"], m["content"]) for m in turn.messages] for turn in conversations[0].turns]
    assert speakers == [
        [("assistant", "Hello!")],
        [("user", "I ski."), ("user", "A lot."), ("assistant", "Nice.")],
        [("user", "You?")],
        [("user", "Later.")],
    ]
    dates = [turn.said_at for turn in conversations[0].turns[2:]]
    assert dates == [datetime(2023, 5, 8, 13, 56, tzinfo=UTC), datetime(2023, 6, 9, 0, 5, tzinfo=UTC)]
    assert [len(burst) for burst in conversations[0].bursts(3)] == [3, 1]


def test_a_missing_file_of_conversations_is_named_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"There is no file .*nowhere\.gz\. .*--data"):
        read(tmp_path / "nowhere.gz", 2)


def test_content_is_what_is_left_when_instructions_schema_and_template_are_taken_off() -> None:
    traffic: dict[Route, Flow] = {
        "extraction": Flow(calls=2, system=200, response_format=20, material=70),
        "reconciliation": Flow(calls=1, system=50, response_format=5, material=30),
        "embeddings": Flow(calls=9, material=1_000),
    }
    replay = Replay("us", "by turn", 4, 1, 1.0, traffic, templates={"extraction": 10, "reconciliation": 3})

    assert replay.overhead(["extraction"]) == 120
    assert (replay.overhead_a_turn(), replay.content_a_turn(), replay.sent_a_turn()) == (74.5, 19.25, 93.75)
    assert replay.calls() == 0.75


def test_a_promise_about_what_was_never_asked_is_not_held() -> None:
    holds = [Limit("calls", most=1, seen=seen).is_held for seen in (0, 0.5, 1, 1.1)]
    assert holds == [False, True, True, False]
