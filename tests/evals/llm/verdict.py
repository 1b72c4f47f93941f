"""Answering one question from what is recalled, and judging the answer."""

from __future__ import annotations

from typing import Any

from scrubjay.client import ScrubjayClient
from tests.evals.llm.material import Question
from tests.evals.llm.model import Model, json_object
from tests.evals.llm.prompts import answering, judging


async def answered(
    question: Question, user_id: str, client: ScrubjayClient, model: Model, top_k: int
) -> dict[str, Any]:
    """The journal's line of an answer. Raises Failed, Refused, and ScrubjayError when nothing can be recalled.

    Args:
        question: what is asked.
        user_id: whose memory is searched.
        client: of the stack.
        model: who answers.
        top_k: how many memories are recalled at most.
    """
    page = await client.search(question.text, user_id=user_id, limit=top_k)
    answer = await model.ask(answering(question, page.results), str)
    memories = [memory.memory for memory in page.results]
    return {"id": question.id, "question": question.text, "answer": answer, "memories": memories}


async def judged(question: Question, number: int, answer: str, model: Model) -> dict[str, Any]:
    """The journal's line of a verdict. Raises Failed and Refused.

    Args:
        question: with what is right.
        number: which nugget of its rubric; 0 where there is none.
        answer: what is judged.
        model: who judges.
    """
    read = _read_score if question.rubric else _read_correct
    score, reason = await model.ask(judging(question, number, answer), read)
    return {"id": question.id, "number": number, "score": score, "reason": reason}


def _read_score(text: str) -> tuple[float, str]:
    verdict = json_object(text)
    if isinstance(verdict.get("score"), bool) or verdict.get("score") not in (0, 0.5, 1):
        raise ValueError(f"“score” was {verdict.get('score')!r}, not 0, 0.5 or 1.")
    return float(verdict["score"]), str(verdict.get("reason", ""))


def _read_correct(text: str) -> tuple[float, str]:
    verdict = json_object(text)
    if not isinstance(verdict.get("correct"), bool):
        raise ValueError(f"“correct” was {verdict.get('correct')!r}, not true or false.")
    return float(verdict["correct"]), str(verdict.get("reason", ""))
