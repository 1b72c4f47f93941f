"""The command against a Scrubjay that is there already, called in this process: it starts nothing of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.evals.evaluation import DATA, LOCOMO, Evaluation, asked
from tests.evals.llm.__main__ import main
from tests.model_server.control import ModelServer
from tests.model_server.wire import Canned, Fault, Kind
from tests.running import Running, scrubjay_up


@pytest.fixture(scope="module")
def scrubjay(scripted: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("evaluated") / "data"
    settings = {"OPENAI_BASE_URL": scripted.base_url, "OPENAI_API_KEY": "test"}
    with scrubjay_up(data, workers=1, environment=settings) as running:
        yield running


Evaluate = Callable[..., Evaluation]


@pytest.fixture
def evaluate(
    model: ModelServer, scrubjay: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Evaluation]:
    def made(dataset: str, data: str | Path) -> Evaluation:
        folder = tmp_path / dataset
        evaluation = Evaluation(model, folder, dataset, "--data", str(DATA / data), "--url", scrubjay.url, "--yes")
        for name, setting in evaluation.environment.items():
            monkeypatch.setenv(name, setting)
        return evaluation

    return made


def test_longmemeval_reports_abstention_as_a_category_of_its_own(evaluate: Evaluate) -> None:
    evaluation = evaluate("longmemeval", "longmemeval/two.json")
    assert main(evaluation.options) == 0
    assert evaluation.accuracy == {"abstention": (1, 1.0), "knowledge-update": (1, 0.0), "all": (2, 0.5)}
    assert evaluation.figures["memories"]["turns"] == 4


def test_the_answering_model_is_told_the_day_on_which_each_memory_was_said(
    evaluate: Evaluate, model: ModelServer
) -> None:
    assert main([*evaluate("locomo", "locomo.json").options, "--limit", "3"]) == 0
    remembering = [text for text in users(model) if "What you remember:" in text]
    (asked_for_pets,) = (text for text in remembering if "Question: Which pets do Ines and Tom have?" in text)
    assert "Today is Saturday, 20 June 2026." in asked_for_pets
    assert "- 2026-06-20: I adopted a parrot in March." in asked_for_pets
    assert "- 2026-05-04: I moved to Porto yesterday." in asked_for_pets


def users(model: ModelServer) -> list[str]:
    return [sent["messages"][-1]["content"] for sent in model.requests() if "messages" in sent]


def test_a_question_of_beam_scores_the_mean_of_its_nuggets(evaluate: Evaluate) -> None:
    evaluation = evaluate("beam", "beam")
    assert main(evaluation.options) == 0
    assert evaluation.accuracy == {"abstention": (1, 1.0), "knowledge_update": (1, 0.25), "all": (2, 0.625)}


def test_a_question_that_the_provider_fails_counts_neither_way_and_is_asked_again_by_the_next_run(
    evaluate: Evaluate, model: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation = evaluate("locomo", "locomo.json")
    model.fault(Fault(kind=Kind.STATUS, status=503, contains="Question: When did Ines move?", route="chat"))
    assert main(evaluation.options) == 1
    assert (evaluation.accuracy["temporal"], evaluation.accuracy["all"]) == ((0, None), (6, 0.833))
    assert "1 unanswered: gpt-4o-mini could not be reached" in capsys.readouterr().out
    model.heal()
    assert main(evaluation.options) == 0
    assert asked(model, LOCOMO) == {**dict.fromkeys(LOCOMO, 1), "When did Ines move?": 3}  # twice in vain
    assert evaluation.accuracy["all"] == (7, 0.714)


def test_a_key_that_is_refused_ends_the_run_at_once(evaluate: Evaluate, model: ModelServer) -> None:
    evaluation = evaluate("locomo", "locomo.json")
    model.fault(Fault(kind=Kind.STATUS, status=401, message="no such key", route="chat"))
    assert main(evaluation.options) == 1
    assert sum(asked(model, LOCOMO).values()) == 1
    assert "no such key" in evaluation.figures["stopped"]


def test_without_an_endpoint_that_answers_nothing_is_begun(
    model: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    evaluation = Evaluation(model, tmp_path / "evals", "locomo", "--data", str(DATA / "locomo.json"), "--yes")
    assert main(evaluation.options) == 2
    assert "The endpoint of gpt-4o-mini cannot be reached" in capsys.readouterr().err


def test_a_verdict_that_is_no_verdict_is_asked_for_once_more(
    evaluate: Evaluate, model: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "swim.json").write_text(
        (DATA / "locomo.json").read_text().replace("Does Tom like rain?", "Can Tom swim?")
    )
    evaluation = evaluate("locomo", tmp_path / "swim.json")
    model.say(
        Canned(route="chat", contains="Question: Can Tom swim?", answer="Like a fish."),
        Canned(contains="Answer to grade: Like a fish.", answer={"reason": "Hm.", "correct": "perhaps"}),
        Canned(contains="Answer to grade: Like a fish.", answer='Sure: {"reason": "He does.", "correct": true}'),
    )
    assert main([*evaluation.options, "--limit", "1"]) == 0
    again = users(model)[-1]
    assert "“correct” was 'perhaps', not true or false. Answer once more." in again
    assert evaluation.accuracy["all"] == (1, 1.0)


def test_a_run_stops_when_its_budget_is_used_up_and_goes_on_with_a_larger_one(
    evaluate: Evaluate, model: ModelServer
) -> None:
    evaluation = evaluate("locomo", "locomo.json")
    assert main([*evaluation.options, "--budget-usd", "0.001"]) == 3
    assert evaluation.figures["stopped"] == "the budget is used up"
    assert 0 < sum(asked(model, LOCOMO).values()) < 7
    assert main([*evaluation.options, "--budget-usd", "1"]) == 0
    assert asked(model, LOCOMO) == dict.fromkeys(LOCOMO, 1)


def test_nothing_is_asked_before_the_cost_was_shown_and_agreed_to(
    evaluate: Evaluate, model: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [option for option in evaluate("locomo", "locomo.json").options if option != "--yes"]
    assert main([*options, "--limit", "2"]) == 2
    output = capsys.readouterr()
    assert "2 conversations with 4 turns to remember, 2 questions to judge" in output.out
    assert "add --yes" in output.err
    assert main([*options, "--estimate"]) == 0
    assert model.counts().calls == {}
