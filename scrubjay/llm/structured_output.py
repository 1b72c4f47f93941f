"""Asking a language model for a checked answer: once, and once more with the error named, then no more."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from scrubjay.errors import BadAnswer
from scrubjay.llm.prompts import question_after_error
from scrubjay.ports import Answer, LanguageModel, Question

T = TypeVar("T")

# Of a fact or of a memory's new wording, in characters: one sentence. What is longer is no answer to the question.
LONGEST_STATEMENT = 1_000

_BACKTICKS, _LANGUAGE = "```", re.compile(r"\w*")
# The marks that set the direction of text; those that shape letters and emoji stay.
_TURNING = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
_ERRORS_SHOWN = 3
_TIMES = 2


class Shape(BaseModel):
    """The shape of an answer: types are strict, extra keys are let pass."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


async def ask(
    model: LanguageModel,
    question: Question,
    read: Callable[[str], T],
    check: Callable[[T], Awaitable[None]] | None = None,
) -> T:
    """Ask until `read` accepts the answer, twice at most; returns what it read.

    Args:
        model: whom to ask.
        question: what to ask.
        read: takes the answer's JSON text; raises ValueError with a sentence when it will not do.
        check: what takes longer than reading, and away from the event loop; raises ValueError likewise.

    Raises BadAnswer when the second answer will not do either; ModelUnavailable or ModelRejected.
    """
    error, attempt = "", question
    for _ in range(_TIMES):
        answer = await model.ask(attempt)
        try:
            value = read(_finished(answer))
            if check is not None:
                await check(value)
            return value
        except ValueError as invalid:
            error = _described(invalid)
        attempt = question_after_error(question, error)
    raise BadAnswer(f"The model's answer to the {question.name} was invalid twice, at last because {error}.")


def _finished(answer: Answer) -> str:
    """The answer without the code fence that some models use; raises ValueError when it was not finished."""
    if answer.unfinished:
        raise ValueError(answer.unfinished)
    text = answer.text.strip()
    if not (text.startswith(_BACKTICKS) and text.endswith(_BACKTICKS) and len(text) >= 2 * len(_BACKTICKS)):
        return text
    # No pattern for the whole: on a model that has gone on with blank lines without end it would run for hours.
    within = text[len(_BACKTICKS) : -len(_BACKTICKS)]
    return _LANGUAGE.sub("", within, count=1)


def one_line(text: str) -> str:
    """Clean a statement in a language model's structured answer: put it on one line, as it is kept.

    Unseen characters that turn text around or cut it off are left out.
    """
    visible = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text if char not in _TURNING)
    return " ".join(visible.split())


def _described(invalid: ValueError) -> str:
    """What is wrong, without repeating the answer's own words: they may be long and private."""
    if not isinstance(invalid, ValidationError):
        return str(invalid)
    errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    reasons = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}".lstrip(": ") for e in errors]
    return "; ".join(reasons[:_ERRORS_SHOWN])
