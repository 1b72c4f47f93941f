"""The ports to models: one that answers, one that embeds, and what extraction and reconciliation are made of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

from scrubjay.model import (
    Extraction,
    Fact,
    Guidance,
    Message,
    Recalled,
    Reconciliation,
    Turn,
    Usage,
    Value,
    Vector,
)
from scrubjay.ports.health import Pingable

# The steps in which models are asked to remember; the first two are names of questions.
EXTRACTION, RECONCILIATION, EMBEDDING = "extraction", "reconciliation", "embedding"


class Question(Value):
    """One structured question to a language model.

    Args:
        name: the schema's name on the wire (`extraction` or `reconciliation`).
        system: the instructions.
        user: the material.
        schema: a JSON schema, strict: every property required, no others allowed.
    """

    name: str
    system: str
    user: str
    schema_: Mapping[str, Any]


class Answer(Value):
    """A model's answer: the text as it came (not yet parsed).

    `unfinished` tells in one clause why the model stopped before its end; None when it did finish.
    """

    text: str
    unfinished: str | None = None


class LanguageModel(Pingable, Protocol):
    """A chat model behind the OpenAI wire. Raises ModelUnavailable or ModelRejected."""

    @property
    def name(self) -> str:
        """The model's name, kept with each memory."""

    async def ask(self, question: Question) -> Answer:
        """Ask for an answer that follows the question's schema."""

    async def chat(self, messages: Sequence[Message]) -> str:
        """Answer a conversation in free text."""

    def chat_stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """The same answer piece by piece, while the model gives it; to close it early ends the call.

        What it raises may come after pieces: these are then the beginning of an answer that nobody got to its end.
        """


class Extractor(Pingable, Protocol):
    """Turns a batch of turns of one lane into candidate facts, in the order said."""

    @property
    def name(self) -> str:
        """Which extractor this is, for the banner and `/health/ready`."""

    @property
    def prompt_version(self) -> str | None:
        """The prompt's hash, None without a prompt."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """Find the facts. Raises ModelUnavailable (try later), BadAnswer or ModelRejected (will not get better)."""


class Reconciler(Pingable, Protocol):
    """Decides what each candidate means for what is already known."""

    async def reconcile(self, candidates: Sequence[Fact], neighbours: Sequence[Sequence[Recalled]]) -> Reconciliation:
        """Decide.

        Args:
            candidates: facts, in the order said.
            neighbours: for each candidate its nearest current memories of the same owner, nearest first; among them
                earlier candidates of the batch, which name themselves by `Recalled.candidate`.

        Returns one decision a candidate, in order; `target` is a position in `reconciliation.union(neighbours)`,
        None for ADD and for a repetition within the batch.
        """


class Embedder(Pingable, Protocol):
    """Texts to vectors. Raises ModelUnavailable when it is a remote one and away."""

    @property
    def name(self) -> str:
        """The model's name: one collection of memories exists per name and length of its vectors."""

    @property
    def same_floor(self) -> float:
        """Cosine from which two sentences may be the same statement (a floor belongs to the embedder)."""

    @property
    def related_floor(self) -> float:
        """Cosine below which two sentences of this embedder have nothing to do with each other."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in the same order."""


class Meter(Protocol):
    """Records what models cost for the tenant that pays: see `scrubjay.llm.usage`."""

    async def spent(self, model: str, usage: Usage) -> None:
        """Record the tokens and the cost of an answered call of a model for the tenant that pays.

        It fails no call: what cannot be recorded is logged.
        """


class GuidanceStore(Protocol):
    """Each tenant's own guidance on what to remember. Raises InboxUnavailable."""

    async def of(self, tenant: str) -> Guidance:
        """The tenant's guidance; an empty one where none was given."""

    async def give(self, tenant: str, guidance: Guidance) -> None:
        """Set the tenant's guidance, for all batches decided from now on."""
