"""What an evaluation will cost, told before anything is spent: characters by four, and the guesses below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scrubjay.llm import prompts as product
from scrubjay.model import Usage
from scrubjay.settings import Settings
from tests.evals.llm.material import Conversation, Exchange, Question
from tests.evals.llm.options import Options
from tests.evals.llm.prompts import answering, judging
from tests.evals.llm.state import State

CHARS_A_TOKEN = 4
FACTS_A_TURN = 1.5
TOKENS_A_FACT = 20  # the sentence alone
TOKENS_AN_EXTRACTED_FACT = 60  # with its quote and the JSON around
NEIGHBOURS_SHOWN = 3  # for each candidate, as the lists of a batch overlap
TOKENS_A_DECISION = 30
TOKENS_AN_ANSWER = 150
TOKENS_A_VERDICT = 60
TOKENS_A_MEMORY = 40  # with its day


@dataclass(frozen=True)
class Estimate:
    """What is still to be done.

    Args:
        conversations: to be remembered.
        turns: in them.
        questions: to be answered or judged.
        steps: for each step, the model and what it will be asked for.
    """

    conversations: int
    turns: int
    questions: int
    steps: dict[str, tuple[str, Usage]]


def estimated(conversations: Sequence[Conversation], state: State, options: Options, settings: Settings) -> Estimate:
    """What the slice still costs, given what the journals hold. A conversation half remembered counts in full."""
    settled = {row["id"] for row in state.settled.rows}
    new = [conversation for conversation in conversations if conversation.id not in settled]
    answered = {row["id"] for row in state.answers.rows}
    judged = {(row["id"], row["number"]) for row in state.verdicts.rows}
    questions = [question for conversation in conversations for question in conversation.questions]
    unanswered = [question for question in questions if question.id not in answered]
    unjudged = [
        (question, number)
        for question in questions
        for number in range(question.verdicts)
        if (question.id, number) not in judged
    ]
    turns = [turn for conversation in new for turn in conversation.turns]
    batches = sum(_batches(conversation.turns, settings) for conversation in new)
    steps = {
        "extraction": (options.model, _extraction(turns, batches)),
        "reconciliation": (options.model, _reconciliation(len(turns), batches)),
        "answer": (options.answer_model, _answers(unanswered, options.top_k)),
        "judge": (options.judge_model, _verdicts(unjudged)),
    }
    if options.embedder == "openai":
        embedded = Usage(
            calls=2 * batches + len(unanswered), prompt_tokens=round(2 * len(turns) * FACTS_A_TURN * TOKENS_A_FACT)
        )
        steps["embeddings"] = (settings.embedding_model, embedded)
    return Estimate(len(new), len(turns), len({question.id for question, _ in unjudged}), steps)


def tokens(chars: int) -> int:
    """About how many tokens so many characters are."""
    return chars // CHARS_A_TOKEN + 1


def _batches(turns: Iterable[Exchange], settings: Settings) -> int:
    batches, turns_in_batch, chars = 0, 0, 0
    for turn in turns:
        if not batches or turns_in_batch == settings.batch_turns or chars + turn.chars > settings.batch_chars:
            batches, turns_in_batch, chars = batches + 1, 0, 0
        turns_in_batch, chars = turns_in_batch + 1, chars + turn.chars
    return batches


def _extraction(turns: Sequence[Exchange], batches: int) -> Usage:
    overhead = tokens(sum(map(len, product.EXTRACTION.sections.values())))
    turn_tokens = tokens(sum(turn.chars for turn in turns)) + 20 * len(turns)
    completion_tokens = round(len(turns) * FACTS_A_TURN * TOKENS_AN_EXTRACTED_FACT)
    return Usage(calls=batches, prompt_tokens=batches * overhead + turn_tokens, completion_tokens=completion_tokens)


def _reconciliation(turns: int, batches: int) -> Usage:
    overhead = tokens(sum(map(len, product.RECONCILIATION.sections.values())))
    facts = turns * FACTS_A_TURN
    shown = round(facts * TOKENS_A_FACT * (1 + NEIGHBOURS_SHOWN))
    decided = round(facts * TOKENS_A_DECISION)
    return Usage(calls=batches, prompt_tokens=batches * overhead + shown, completion_tokens=decided)


def _answers(questions: Sequence[Question], top_k: int) -> Usage:
    prompt = sum(tokens(answering(question, []).chars) + top_k * TOKENS_A_MEMORY for question in questions)
    return Usage(calls=len(questions), prompt_tokens=prompt, completion_tokens=len(questions) * TOKENS_AN_ANSWER)


def _verdicts(wanted: Sequence[tuple[Question, int]]) -> Usage:
    prompt = sum(tokens(judging(question, number, "").chars) + TOKENS_AN_ANSWER for question, number in wanted)
    return Usage(calls=len(wanted), prompt_tokens=prompt, completion_tokens=len(wanted) * TOKENS_A_VERDICT)
