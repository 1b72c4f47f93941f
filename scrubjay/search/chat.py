"""Conversing: recall, answer with the model, hand the turn in. What the article's chatbot does, in one call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from scrubjay.errors import NoModel
from scrubjay.llm.asking import asked_by
from scrubjay.llm.prompts import chat_system
from scrubjay.llm.usage import paid_by
from scrubjay.model import Message, Role, Scope, Submission, Value
from scrubjay.offload import off_loop
from scrubjay.ports import LanguageModel, Mask, TurnIntake
from scrubjay.search.recall import RecallRequest, RecallServices, recall


@dataclass(frozen=True, kw_only=True)
class ChatServices:
    """What a chat needs.

    Args:
        mask: masks messages and replies.
        model: answers; None where none is configured.
        intake: where the turn is accepted.
        recall: finds the memories for the prompt.
    """

    mask: Mask
    model: LanguageModel | None
    intake: TurnIntake
    recall: RecallServices


class Recollection(Value):
    """The memories that were put into the model's prompt."""

    memories: tuple[str, ...]


class Delta(Value):
    """The next piece of the reply, as the model gave it."""

    text: str


class Reply(Value):
    """The model's whole reply, the memories that were put into its prompt, and the turn that was accepted for both."""

    text: str
    memories: tuple[str, ...]
    turn_id: str


async def converse(scope: Scope, message: str, services: ChatServices) -> Reply:
    """Answer a user's message with what is remembered of them, and remember this turn.

    The message is masked before anybody sees it, the reply before it is remembered. A memory that reads like an
    instruction to the model is left out of its prompt.

    Raises NoModel where none is configured, and what the services raise.
    """
    model = _present(services)
    with paid_by(scope.tenant), asked_by(scope):
        question, memories = await _recalled(scope, message, services)
        text = await model.chat(_prompt(question, memories))
        return await _remembered(scope, question, text, memories, services)


async def converse_in_pieces(
    scope: Scope, message: str, services: ChatServices
) -> AsyncGenerator[Recollection | Delta | Reply, None]:
    """The same while the model speaks: what was recalled, each piece of the reply, and last the Reply.

    The Reply comes once the turn is accepted. Whoever closes this before, or is cancelled in it, ends the model's call,
    and nothing is remembered: a turn is remembered as a whole or not at all. To be read by one task, as it knows by the
    task who pays.
    """
    model = _present(services)
    with paid_by(scope.tenant), asked_by(scope):
        question, memories = await _recalled(scope, message, services)
        yield Recollection(memories=memories)
        spoken = []
        async with aclosing(model.chat_stream(_prompt(question, memories))) as pieces:
            async for piece in pieces:
                spoken.append(piece)
                yield Delta(text=piece)
        yield await _remembered(scope, question, "".join(spoken), memories, services)


def _present(services: ChatServices) -> LanguageModel:
    if services.model is None:
        raise NoModel("no language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint")
    return services.model


async def _recalled(scope: Scope, message: str, services: ChatServices) -> tuple[Message, tuple[str, ...]]:
    """The message as it may be seen, and the memories that matter for it."""
    masked_message = await off_loop(len(message), partial(services.mask, message))
    question = RecallRequest(scope=scope, text=masked_message)
    recalled = await recall(question, services.recall)
    memories = tuple(result.memory.text for result in recalled.results if not result.memory.marked)
    return Message(role=Role.USER, content=masked_message), memories


def _prompt(question: Message, memories: tuple[str, ...]) -> list[Message]:
    return [Message(role=Role.SYSTEM, content=chat_system(memories)), question]


async def _remembered(
    scope: Scope, question: Message, text: str, memories: tuple[str, ...], services: ChatServices
) -> Reply:
    """Hand in a user's chat message and the model's reply, masked, as one turn to be remembered; return the Reply."""
    masked = await off_loop(len(text), partial(services.mask, text))
    answered = Message(role=Role.ASSISTANT, content=masked)
    accepted = await services.intake.accept(Submission(scope=scope, messages=(question, answered)))
    return Reply(text=text, memories=memories, turn_id=accepted.id)
