"""The figures: scores by category, what was made, what it cost. Only what was judged counts as right or wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from scrubjay.llm import prompts as product
from tests.evals.llm.datasets.locomo import ADVERSARIAL
from tests.evals.llm.job import Job
from tests.evals.llm.material import Conversation, Question
from tests.evals.llm.meter import counted
from tests.evals.llm.options import Options
from tests.evals.llm.state import State

ALL = "all"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        questions: in the slice.
        judged: of those, how many have a verdict.
        accuracy: the mean score of those, in [0, 1]; None when there is none.
    """

    questions: int
    judged: int
    accuracy: float | None

    @property
    def unanswered(self) -> int:
        """Questions without a verdict."""
        return self.questions - self.judged


def scores(conversations: Sequence[Conversation], state: State) -> dict[str, float]:
    """The score of each question that is judged in full: of a rubric, the mean over its nuggets."""
    scores_by_id: dict[str, dict[int, float]] = {}
    for row in state.verdicts.rows:
        scores_by_id.setdefault(row["id"], {})[row["number"]] = row["score"]
    questions = (question for conversation in conversations for question in conversation.questions)
    return {
        question.id: mean(scores_by_id[question.id].values())
        for question in questions
        if len(scores_by_id.get(question.id, ())) == question.verdicts
    }


def accuracy(conversations: Sequence[Conversation], state: State) -> dict[str, Row]:
    """A row for each category, one for all, and for LoCoMo one without the adversarial, as papers leave those out."""
    score_of = scores(conversations, state)
    questions = [question for conversation in conversations for question in conversation.questions]
    categories = sorted({question.category for question in questions})
    rows = {
        name: _row([question for question in questions if question.category == name], score_of) for name in categories
    }
    if ADVERSARIAL in categories:
        rows["all but adversarial"] = _row(
            [question for question in questions if question.category != ADVERSARIAL], score_of
        )
    return {**rows, ALL: _row(questions, score_of)}


def report(job: Job, failures: Mapping[str, str]) -> dict[str, Any]:
    """Everything that is written to the report's file.

    Args:
        job: what was to be done.
        failures: why questions are without a verdict, by their ids.
    """
    options, state = job.options, job.state
    rows = accuracy(job.conversations, state)
    chosen = {conversation.id for conversation in job.conversations}
    made = [row for row in state.settled.rows if row["id"] in chosen]
    return {
        "dataset": options.dataset,
        "stopped": job.halt.reason,
        "settings": {**state.making, **state.asking, "slice": _slice(options)},
        "prompts": {
            "answer": state.asking["answer_prompt"],
            "judge": state.asking["judge_prompt"],
            "extraction": product.EXTRACTION.version,
            "reconciliation": product.RECONCILIATION.version,
        },
        "accuracy": {name: {**vars(row), "unanswered": row.unanswered} for name, row in rows.items()},
        "memories": {
            "conversations": len(made),
            **{name: sum(row[name] for row in made) for name in ("turns", "dead", "memories")},
            "errors": sorted({row["error"] for row in made if row["error"]}),
        },
        "spent": {
            step: {**counted(job.meter.usage[step]), "usd": _usd(job.meter.usd(step))} for step in job.meter.usage
        },
        "total_usd": _usd(job.meter.total_usd),
        "memories_measured": options.url is None,
        "estimated_before": {step: counted(usage) for step, (_, usage) in job.estimate.steps.items()},
        "unanswered": dict(failures),
    }


def _row(questions: Sequence[Question], score_of: Mapping[str, float]) -> Row:
    scored = [score_of[question.id] for question in questions if question.id in score_of]
    return Row(len(questions), len(scored), mean(scored) if scored else None)


def _slice(options: Options) -> dict[str, int | None]:
    return {name: getattr(options, name) for name in ("conversations", "questions", "limit")}


def _usd(amount: Any) -> float | None:
    return None if amount is None else round(float(amount), 6)
