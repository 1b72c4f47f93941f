"""The collection of memories in Qdrant: opened when it is first needed, made where it is missing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant.connection import QdrantConnection
from scrubjay.errors import StoreRejected, StoreUnavailable
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.model.names import COLLECTION_PREFIX
from scrubjay.ports import Clock, Embedder

_NO_FORMAT = (
    "the collection {} holds points that name no format: they are not Scrubjay's, or of before the first release; "
    "begin with another SCRUBJAY_COLLECTION_PREFIX, or without that collection"
)
REFUSED_READ = "Qdrant refuses a request that it should serve; the log has its words"


class QdrantCollection:
    """One collection: its name holds the embedding model and the length of its vectors.

    Args:
        client: an open client; closed by whoever opened it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        clock: tells what has expired.
        prefix: what the names of all collections of this installation begin with.
    """

    def __init__(
        self, client: AsyncQdrantClient, embedder: Embedder, clock: Clock = OWN_CLOCK, prefix: str = COLLECTION_PREFIX
    ) -> None:
        self._client = client
        self._server = QdrantConnection(client)
        self._embedder = embedder
        self._clock = clock
        self._prefix = prefix
        self._opened_after = -1  # losses of the server; opened anew after another one
        self.collection = ""
        self._is_refused = False

    async def ping(self) -> None:
        """Raises StoreUnavailable when Qdrant does not answer, is too old, does not let us read and write, or holds
        points that name no format.
        """
        ours = [self.collection] if self.collection else await self._ours()
        await self._server.check(ours[0] if ours else None)
        if self._is_refused:
            await self._refuse_what_names_no_format()

    async def limits(self) -> Sequence[str]:
        """What this server cannot do for us, each in one sentence. Raises StoreUnavailable."""
        return (await self._server.meet()).limits

    async def _ready(self, vector: Sequence[float] | None = None) -> str:
        """The collection, made with its indexes where it is missing; looked at once, as Qdrant may start after us.

        Args:
            vector: any of the embedder's. Where none is at hand, the collection that is there is taken, and only if
                there is none the embedder is asked for a vector, as the length is part of the name.
        """
        if self._opened_after != self._server.losses:
            await self._open(vector)
        if vector is not None and not self.collection.endswith(f"-{len(vector)}"):
            raise StoreUnavailable(_two_lengths(self._embedder.name, len(vector), self.collection))
        return self.collection

    async def _open(self, vector: Sequence[float] | None) -> None:
        await self._server.meet()
        losses = self._server.losses
        ours = await self._ours()
        if vector is None and len(ours) == 1:
            self.collection = ours[0]
        else:
            dimension = len(vector or (await self._embedder.embed(["scrubjay"]))[0])
            self.collection = f"{self._of_embedder}{dimension}"
            if self.collection not in ours:
                await self._create_first(dimension, ours)
        present = (await self._ask(self._client.get_collection(self.collection))).payload_schema
        for field, schema in payloads.INDEXES.items():
            if field not in present:
                call = self._client.create_payload_index(self.collection, field, schema, wait=True)
                await self._ask(call, writes=True)
        await self._refuse_what_names_no_format()
        await self._server.try_to_write(self.collection)
        self._opened_after = losses

    async def _refuse_what_names_no_format(self) -> None:
        without = models.IsEmptyCondition(is_empty=models.PayloadField(key="v"))
        call = self._client.scroll(self.collection, models.Filter(must=[without]), limit=1, with_payload=False)
        self._is_refused = bool((await self._ask(call))[0])
        if self._is_refused:
            raise StoreUnavailable(_NO_FORMAT.format(self.collection))

    @property
    def _of_embedder(self) -> str:
        """What the names of the embedder's collections begin with; the length of its vectors follows."""
        return f"{self._prefix}{re.sub(r'[^a-z0-9]+', '-', self._embedder.name.lower()).strip('-')}-"

    async def _ours(self) -> list[str]:
        """The embedder's collections that are there."""
        there = [collection.name for collection in (await self._ask(self._client.get_collections())).collections]
        ours = [name for name in there if name.startswith(self._of_embedder)]
        return [name for name in ours if name.removeprefix(self._of_embedder).isdecimal()]

    async def _create_first(self, dimension: int, others: Sequence[str]) -> None:
        """Make the collection, but not beside memories with vectors of another length: one of the two must be wrong.

        Raises StoreUnavailable: the turns wait until somebody has looked.
        """
        for other in others:
            if (await self._ask(self._client.count(other))).count:
                raise StoreUnavailable(_two_lengths(self._embedder.name, dimension, other))
        try:
            await self._create(dimension)
        except StoreRejected:  # another process was faster
            if not await self._ask(self._client.collection_exists(self.collection)):
                raise StoreUnavailable(REFUSED_READ) from None

    async def _create(self, dimension: int) -> None:
        dense = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        call = self._client.create_collection(
            self.collection,
            vectors_config={"dense": dense},
            sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        await self._server.answer(call, writes=True)

    async def _ask(self, call: Awaitable[Any], *, writes: bool = False) -> Any:
        """Await a call of which nothing is a caller's own: where it is refused, the store is at fault and not the call.

        Raises StoreUnavailable.
        """
        try:
            return await self._server.answer(call, writes=writes)
        except StoreRejected as error:
            raise StoreUnavailable(REFUSED_READ) from error


def _two_lengths(embedder: str, dimension: int, collection: str) -> str:
    return (
        f"{embedder} gives vectors of {dimension} numbers, but its memories are in {collection}: mend the embedder, or "
        "remove that collection if it is the wrong one"
    )
