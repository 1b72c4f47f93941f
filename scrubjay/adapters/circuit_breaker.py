"""A remote model behind a breaker: while the provider is away nobody calls it. Pings go past the breaker."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol

from scrubjay.model import Message, Trouble, Vector
from scrubjay.ports import EMBEDDING, EXTRACTION, RECONCILIATION, Answer, Embedder, LanguageModel, Question

_STEPS = (EXTRACTION, RECONCILIATION)


class Breaker(Protocol):
    """Knows whether a provider may be called, and learns from each call how it is."""

    async def trouble(self) -> Trouble | None:
        """Why the circuit breaker pauses calls to a model's provider, and since when; None where they are not paused.

        Raises InboxUnavailable.
        """

    def call(self, step: str | None = None) -> AbstractAsyncContextManager[None]:
        """Make one call inside. Raises ModelUnavailable instead when it is not the time for one.

        Args:
            step: the step of remembering that the call is for: its outcomes are kept apart. None for other calls.
        """


class GuardedModel:
    """The port `LanguageModel` over another one, asked only when the breaker lets it be asked.

    Args:
        model: the one behind; closed by whoever opened it.
        breaker: of its endpoint.
    """

    def __init__(self, model: LanguageModel, breaker: Breaker) -> None:
        self._model = model
        self._breaker = breaker

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    async def ping(self) -> None:
        """Return when the endpoint answers, whatever the breaker says; raises ModelUnavailable."""
        await self._model.ping()

    async def trouble(self) -> Trouble | None:
        """As the breaker knows; no call is made."""
        return await self._breaker.trouble()

    async def ask(self, question: Question) -> Answer:
        """Ask for an answer that follows the question's schema. Raises ModelUnavailable or ModelRejected."""
        async with self._breaker.call(question.name if question.name in _STEPS else None):
            return await self._model.ask(question)

    async def chat(self, messages: Sequence[Message]) -> str:
        """Answer a conversation in free text. Raises ModelUnavailable or ModelRejected."""
        async with self._breaker.call():
            return await self._model.chat(messages)

    async def chat_stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """The same piece by piece: one call, which ends with the last piece."""
        async with self._breaker.call(), aclosing(self._model.chat_stream(messages)) as pieces:
            async for piece in pieces:
                yield piece


class GuardedEmbedder:
    """The port `Embedder` over a remote one, called only when the breaker lets it be called.

    Args:
        embedder: the one behind; closed by whoever opened it.
        breaker: of its endpoint.
    """

    def __init__(self, embedder: Embedder, breaker: Breaker) -> None:
        self._embedder = embedder
        self._breaker = breaker

    @property
    def name(self) -> str:
        """The embedding model's name."""
        return self._embedder.name

    @property
    def same_floor(self) -> float:
        """As of the embedder behind."""
        return self._embedder.same_floor

    @property
    def related_floor(self) -> float:
        """As of the embedder behind."""
        return self._embedder.related_floor

    async def ping(self) -> None:
        """Return when the endpoint answers, whatever the breaker says; raises ModelUnavailable."""
        await self._embedder.ping()

    async def trouble(self) -> Trouble | None:
        """As the breaker knows; no call is made."""
        return await self._breaker.trouble()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in the same order. Raises ModelUnavailable or ModelRejected."""
        if not texts:
            return []  # no call is made, so it tells nothing about the provider
        async with self._breaker.call(EMBEDDING):
            return await self._embedder.embed(texts)
