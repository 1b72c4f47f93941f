"""`python -m tests.evals.llm` as a process, with a stack of its own: killed, interrupted, and run to its end."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.evals.evaluation import DATA, LOCOMO, Evaluation, asked
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until


async def test_runs_that_are_killed_and_interrupted_are_gone_on_with_and_nothing_is_asked_twice(
    model: ModelServer, tmp_path: Path
) -> None:
    evaluation = Evaluation(model, tmp_path / "evals", "locomo", "--data", str(DATA / "locomo.json"), "--yes")
    await killed_before_a_plan_is_recorded(evaluation, model)
    await interrupted_at_the_fourth_question(evaluation, model)
    assert evaluation.figures["stopped"] == "interrupted"
    assert evaluation.accuracy["all"][0] == 3

    assert "71.4%" in evaluation.run()
    assert asked(model, LOCOMO) == dict.fromkeys(LOCOMO, 1)
    assert model.counts().calls["judge"] == 7
    assert set(extractions(model).values()) == {1}
    assert_figures_are_right(evaluation)

    calls = model.counts().calls
    evaluation.run()
    assert model.counts().calls == calls


async def killed_before_a_plan_is_recorded(evaluation: Evaluation, model: ModelServer) -> None:
    """The facts of the first turn are extracted and paid for; their embedding never arrives."""
    model.fault(Fault(kind=Kind.HELD, route="embeddings"))
    with evaluation.started() as process:
        await wait_until(lambda: model.counts().held, deadline_seconds=60, what="an embedding being asked for")
        process.kill()
    assert set(extractions(model).values()) == {1}
    model.heal()


async def interrupted_at_the_fourth_question(evaluation: Evaluation, model: ModelServer) -> None:
    model.fault(Fault(kind=Kind.HELD, contains="Question: Would Tom enjoy", route="chat", calls=1))
    with evaluation.started() as process:
        await wait_until(lambda: model.counts().held, deadline_seconds=60, what="the fourth question being asked")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "what is in hand is finished first" not in process.stderr.readline():
            assert process.poll() is None
        model.release()
        process.communicate(timeout=30)
    assert process.returncode == 130


def extractions(model: ModelServer) -> Counter[str]:
    """How often the facts in which turns were asked for."""
    schemas = ((sent, sent.get("response_format", {}).get("json_schema", {})) for sent in model.requests())
    return Counter(sent["messages"][-1]["content"] for sent, schema in schemas if schema.get("name") == "extraction")


def assert_figures_are_right(evaluation: Evaluation) -> None:
    figures = evaluation.figures
    assert evaluation.accuracy == {
        "adversarial": (1, 1.0),
        "multi-hop": (1, 1.0),
        "open-domain": (2, 1.0),
        "single-hop": (2, 0.5),
        "temporal": (1, 0.0),
        "all but adversarial": (6, 0.667),
        "all": (7, 0.714),
    }
    memories = {"conversations": 2, "turns": 4, "dead": 0, "memories": 7, "errors": []}
    assert (figures["memories"], figures["stopped"], figures["unanswered"]) == (memories, None, {})
    spent = figures["spent"]
    assert (spent["answer"]["calls"], spent["judge"]["calls"]) == (7, 7)
    assert all(row["usd"] == pytest.approx(priced(row), abs=1e-6) for row in spent.values())
    assert figures["total_usd"] == pytest.approx(sum(map(priced, spent.values())), abs=1e-6)


def priced(row: dict[str, int]) -> float:
    """At 1 and 2 dollars for a million tokens."""
    return (row["prompt_tokens"] + 2 * row["completion_tokens"]) / 1_000_000
