"""Conversing: recall, answer with the model, hand the turn in. What the article's chatbot does, in one call."""

from __future__ import annotations

from memory.errors import NoModel
from memory.model import Message, Role, Scope, Submission, Value
from memory.ports import Embedder, Inbox, LanguageModel, Mask, MemoryStore, TurnLog
from memory.prompts import chat_system
from memory.recall import Asked, recall
from memory.spending import paid_by


class Reply(Value):
    """The model's reply, and the memories that were put into its prompt."""

    text: str
    memories: tuple[str, ...]


async def converse(
    scope: Scope,
    message: str,
    *,
    mask: Mask,
    model: LanguageModel | None,
    inbox: Inbox,
    store: MemoryStore,
    embedder: Embedder,
    turns: TurnLog,
) -> Reply:
    """Answer a user's message with what is remembered of them, and remember this turn.

    The message is masked before anybody sees it, the reply before it is remembered. A memory that reads like an
    instruction to the model is left out of its prompt.

    Raises NoModel where none is configured, and what the parts raise.
    """
    if model is None:
        raise NoModel("no language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint")
    with paid_by(scope.tenant):
        return await _conversed(scope, message, mask, model, inbox=inbox, store=store, embedder=embedder, turns=turns)


async def _conversed(
    scope: Scope,
    message: str,
    mask: Mask,
    model: LanguageModel,
    *,
    inbox: Inbox,
    store: MemoryStore,
    embedder: Embedder,
    turns: TurnLog,
) -> Reply:
    said = mask(message)
    found = await recall(Asked(scope=scope, text=said), store=store, embedder=embedder, turns=turns)
    memories = tuple(one.memory.text for one in found.results if not one.memory.marked)
    asked = Message(role=Role.USER, content=said)
    reply = await model.chat([Message(role=Role.SYSTEM, content=chat_system(memories)), asked])
    answered = Message(role=Role.ASSISTANT, content=mask(reply))
    await inbox.accept(Submission(scope=scope, messages=(asked, answered)))
    return Reply(text=reply, memories=memories)
