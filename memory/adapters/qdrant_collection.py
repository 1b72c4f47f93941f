"""The collection of memories in Qdrant: opened when it is first needed, made where it is missing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from memory.adapters import qdrant_payload as payloads
from memory.clock import OWN_CLOCK
from memory.errors import StoreRejected, StoreUnavailable
from memory.ports import Clock, Embedder

PREFIX = "memories-"
_NOT_FOUND = 404
_OUR_FAULT = (400, 409, 413, 422)


class StoreMissing(StoreUnavailable):
    """The collection is gone: it is made again at the next call."""


class QdrantCollection:
    """One collection: its name holds the embedding model and the length of its vectors.

    Args:
        client: an open client; closed by whoever opened it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        clock: tells what has expired.
    """

    def __init__(self, client: AsyncQdrantClient, embedder: Embedder, clock: Clock = OWN_CLOCK) -> None:
        self._client = client
        self._embedder = embedder
        self._clock = clock
        self._opened = False
        self.collection = ""

    async def _ready(self, vector: Sequence[float] | None = None) -> str:
        """The collection, made with its indexes where it is missing; looked at once, as Qdrant may start after us.

        Args:
            vector: any of the embedder's. Where none is at hand, the collection that is there is taken, and only if
                there is none the embedder is asked for a vector, as the length is part of the name.
        """
        if not self._opened:
            await self._open(vector)
        if vector is not None and not self.collection.endswith(f"-{len(vector)}"):
            raise StoreUnavailable(_two_lengths(self._embedder.name, len(vector), self.collection))
        return self.collection

    async def _open(self, vector: Sequence[float] | None) -> None:
        prefix, ours = self._prefix, await self._ours()
        if vector is None and len(ours) == 1:
            self.collection = ours[0]
        else:
            dimension = len(vector or (await self._embedder.embed(["turnstone"]))[0])
            self.collection = f"{prefix}{dimension}"
            if self.collection not in ours:
                await self._create_first(dimension, ours)
        present = (await answered(self._client.get_collection(self.collection))).payload_schema
        for field, schema in payloads.INDEXES.items():
            if field not in present:
                await answered(self._client.create_payload_index(self.collection, field, schema, wait=True))
        self._opened = True

    @property
    def _prefix(self) -> str:
        """What the names of the embedder's collections begin with; the length of its vectors follows."""
        return f"{PREFIX}{re.sub(r'[^a-z0-9]+', '-', self._embedder.name.lower()).strip('-')}-"

    async def _ours(self) -> list[str]:
        """The embedder's collections that are there."""
        there = [one.name for one in (await answered(self._client.get_collections())).collections]
        return [name for name in there if name.removeprefix(self._prefix).isdecimal()]

    async def _create_first(self, dimension: int, others: Sequence[str]) -> None:
        """Make the collection, but not beside memories with vectors of another length: one of the two must be wrong.

        Raises StoreUnavailable: the turns wait until somebody has looked.
        """
        for other in others:
            if (await answered(self._client.count(other))).count:
                raise StoreUnavailable(_two_lengths(self._embedder.name, dimension, other))
        try:
            await self._create(dimension)
        except StoreRejected:  # another process was faster
            if not await answered(self._client.collection_exists(self.collection)):
                raise

    async def _create(self, dimension: int) -> None:
        dense = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        await answered(
            self._client.create_collection(
                self.collection,
                vectors_config={"dense": dense},
                sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
        )

    async def _ask(self, call: Awaitable[Any]) -> Any:
        try:
            return await answered(call)
        except StoreMissing:
            self._opened = False
            raise


def _two_lengths(embedder: str, dimension: int, collection: str) -> str:
    return (
        f"{embedder} gives vectors of {dimension} numbers, but its memories are in {collection}: mend the embedder, or "
        "remove that collection if it is the wrong one"
    )


async def answered(call: Awaitable[Any]) -> Any:
    """Await a call of the client. Raises StoreUnavailable (try later) or StoreRejected (the request is wrong)."""
    try:
        return await call
    except UnexpectedResponse as error:
        if error.status_code == _NOT_FOUND:
            raise StoreMissing("Qdrant has lost the collection; it is made again") from error
        if error.status_code in _OUR_FAULT:
            raise StoreRejected(f"Qdrant refused the request: {error}") from error
        raise StoreUnavailable(f"Qdrant answered {error.status_code}; try again shortly") from error
    except (ResponseHandlingException, ApiException, OSError) as error:
        raise StoreUnavailable("Qdrant does not answer; try again shortly") from error
