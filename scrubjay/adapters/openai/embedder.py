"""An embedding model behind the OpenAI wire."""

from __future__ import annotations

import base64
import struct
from collections.abc import Awaitable, Sequence
from typing import cast

from pydantic import Field, FiniteFloat, field_validator

from scrubjay.adapters.openai.endpoint import Billed, OpenAIEndpoint, Raw, RemoteModel, Tokens, Wire
from scrubjay.adapters.openai.prices import Price, priced
from scrubjay.errors import ModelUnavailable
from scrubjay.model import Usage, Vector
from scrubjay.ports import Meter

# Floors for text-embedding-3-small and -large. They are estimates, not measured here for want of a key: for these two
# models one may expect unrelated sentences between .0 and .2, sentences on one subject above .3, and one statement in
# nearly the same words above .9. Both floors lie on the cautious side: the words must agree as well before anything
# counts as the same, and a lower floor that is too low only asks the language model more often. That holds for other
# models behind this wire, too, whose cosines mostly lie higher.
SAME_FLOOR = 0.85
RELATED_FLOOR = 0.25

_TEXTS_A_CALL = 256
# The wire's limit is 8,192 tokens, and some scripts take a token for each character.
_CHARS_A_TEXT = 8_000
_FLOAT_BYTES = 4


class _Embedding(Wire):
    index: int
    embedding: list[FiniteFloat] = Field(min_length=1)

    @field_validator("embedding", mode="before")
    @classmethod
    def _unpacked(cls, sent: object) -> object:
        """The openai package asks for base64 of little-endian float32; servers that do not know it send numbers."""
        if not isinstance(sent, str):
            return sent
        packed = base64.b64decode(sent, validate=True)
        if len(packed) % _FLOAT_BYTES:
            raise ValueError("the vector is cut off")
        return list(struct.unpack(f"<{len(packed) // _FLOAT_BYTES}f", packed))


class _Embeddings(Billed):
    data: list[_Embedding]


class OpenAIEmbedder:
    """Embeds over HTTP; it never tries again by itself, and it need not be reachable when it is made.

    A text is embedded by its first 8,000 characters.

    Args:
        remote: the model, and how it is reached.
        meter: records the cost of each answered call.
        price: of the model, None where it is not known.

    Raises BadConfiguration for a key that no header can carry. Close it with `aclose()`.
    """

    def __init__(self, remote: RemoteModel, *, meter: Meter, price: Price | None = None) -> None:
        self._endpoint = OpenAIEndpoint(remote, self._billed)
        self._name = remote.model
        self._meter = meter
        self._price = price
        self._dimension: int | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def same_floor(self) -> float:
        """Cosine from which two sentences may be the same statement."""
        return SAME_FLOOR

    @property
    def related_floor(self) -> float:
        """Cosine below which two sentences have nothing to do with each other."""
        return RELATED_FLOOR

    async def ping(self) -> None:
        """Return when the endpoint answers; raises ModelUnavailable."""
        await self._endpoint.ping(_what(self._name))

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in the same order; texts go out 256 a call. Raises ModelUnavailable or ModelRejected."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), _TEXTS_A_CALL):
            vectors += await _vectors(self._endpoint, self._name, texts[start : start + _TEXTS_A_CALL])
        dimension = self._dimension or (len(vectors[0]) if vectors else None)
        odd = next((len(vector) for vector in vectors if len(vector) != dimension), None)
        if odd is not None:
            changed = f"gives vectors of {odd} instead of {dimension} numbers, as it did before"
            raise ModelUnavailable(f"{_what(self._name)} {changed}.")
        self._dimension = dimension
        return vectors

    async def _billed(self, tokens: Tokens) -> None:
        usage = Usage(embeddings=1, embedding_tokens=tokens.prompt_tokens)
        await self._meter.spent(self._name, priced(usage, self._price))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()


def _what(model: str) -> str:
    return f"The embedding model {model}"


async def _vectors(endpoint: OpenAIEndpoint, model: str, texts: Sequence[str]) -> list[list[float]]:
    """One call; the vectors in the order of the texts. Raises ModelUnavailable or ModelRejected."""
    create = endpoint.client.embeddings.with_raw_response.create
    call = cast("Awaitable[Raw]", create(model=model, input=[text[:_CHARS_A_TEXT] for text in texts]))
    answer = await endpoint.read(_what(model), call, _Embeddings)
    ordered = sorted(answer.data, key=lambda item: item.index)
    if [item.index for item in ordered] != list(range(len(texts))):
        raise ModelUnavailable(f"{_what(model)} gave {len(ordered)} vectors for {len(texts)} texts, or wrong numbers.")
    return [item.embedding for item in ordered]
