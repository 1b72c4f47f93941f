"""The collection of memories in Qdrant: opened when it is first needed, made where it is missing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant.connection import QdrantConnection
from scrubjay.errors import StoreRejected, StoreUnavailable
from scrubjay.model.names import COLLECTION_PREFIX
from scrubjay.ports import Embedder

_NO_FORMAT = (
    "the collection {} holds points that name no format: they are not Scrubjay's, or of before the first release; "
    "begin with another SCRUBJAY_COLLECTION_PREFIX, or without that collection"
)
REFUSED_READ = "Qdrant refuses a request that it should serve; the log has its words"


class QdrantCollection:
    """One collection: its name holds the embedding model and the length of its vectors.

    Args:
        client: an open client; the caller closes it.
        embedder: its name and the length of its vectors name the collection: vectors of two models never meet.
        prefix: what the names of all collections of this installation begin with.

    Attributes:
        client: the same client, for calls that `ask` or `server.answer` awaits.
        server: awaits calls of the client, and knows the server's version.
        name: of the collection; empty until it is opened.
    """

    def __init__(self, client: AsyncQdrantClient, embedder: Embedder, prefix: str = COLLECTION_PREFIX) -> None:
        self.client = client
        self.server = QdrantConnection(client)
        self.name = ""
        self._embedder = embedder
        self._prefix = prefix
        self._opened_after = -1  # losses of the server; opened anew after another one
        self._is_refused = False

    async def ping(self) -> None:
        """Raises StoreUnavailable when Qdrant does not answer, is too old, does not let us read and write, or holds
        points that name no format.
        """
        ours = [self.name] if self.name else await self.of_embedder()
        await self.server.check(ours[0] if ours else None)
        if self._is_refused:
            await self._refuse_what_names_no_format()

    async def limits(self) -> Sequence[str]:
        """What this server cannot do for us, each in one sentence. Raises StoreUnavailable."""
        return (await self.server.meet()).limits

    async def ready(self, vector: Sequence[float] | None = None) -> str:
        """The collection, made with its indexes where it is missing; looked at once, as Qdrant may start after us.

        Args:
            vector: any of the embedder's. Where none is at hand, the collection that is there is taken, and only if
                there is none the embedder is asked for a vector, as the length is part of the name.
        """
        if self._opened_after != self.server.losses:
            await self._open(vector)
        if vector is not None and not self.name.endswith(f"-{len(vector)}"):
            raise StoreUnavailable(_two_lengths(self._embedder.name, len(vector), self.name))
        return self.name

    async def _open(self, vector: Sequence[float] | None) -> None:
        await self.server.meet()
        losses = self.server.losses
        ours = await self.of_embedder()
        if vector is None and len(ours) == 1:
            self.name = ours[0]
        else:
            dimension = len(vector or (await self._embedder.embed(["scrubjay"]))[0])
            self.name = f"{self._name_prefix}{dimension}"
            if self.name not in ours:
                await self._create_first(dimension, ours)
        present = (await self.ask(self.client.get_collection(self.name))).payload_schema
        for field, schema in payloads.INDEXES.items():
            if field not in present:
                call = self.client.create_payload_index(self.name, field, schema, wait=True)
                await self.ask(call, writes=True)
        await self._refuse_what_names_no_format()
        await self.server.try_to_write(self.name)
        self._opened_after = losses

    async def _refuse_what_names_no_format(self) -> None:
        without = models.IsEmptyCondition(is_empty=models.PayloadField(key="v"))
        call = self.client.scroll(self.name, models.Filter(must=[without]), limit=1, with_payload=False)
        self._is_refused = bool((await self.ask(call))[0])
        if self._is_refused:
            raise StoreUnavailable(_NO_FORMAT.format(self.name))

    @property
    def _name_prefix(self) -> str:
        """What the names of the embedder's collections begin with; the length of its vectors follows."""
        return f"{self._prefix}{re.sub(r'[^a-z0-9]+', '-', self._embedder.name.lower()).strip('-')}-"

    async def of_installation(self) -> list[str]:
        """The names of this installation's collections, of every embedder. Raises StoreUnavailable."""
        collections = (await self.ask(self.client.get_collections())).collections
        return [collection.name for collection in collections if collection.name.startswith(self._prefix)]

    async def of_embedder(self) -> list[str]:
        """The names of the embedder's collections, one for each length of vectors. Raises StoreUnavailable."""
        names = await self.of_installation()
        lengths = {name: name.removeprefix(self._name_prefix) for name in names if name.startswith(self._name_prefix)}
        return [name for name, length in lengths.items() if length.isdecimal()]

    async def _create_first(self, dimension: int, others: Sequence[str]) -> None:
        """Make the collection, but not beside memories with vectors of another length: one of the two must be wrong.

        Raises StoreUnavailable: the turns wait until somebody has looked.
        """
        for other in others:
            if (await self.ask(self.client.count(other))).count:
                raise StoreUnavailable(_two_lengths(self._embedder.name, dimension, other))
        try:
            await self._create(dimension)
        except StoreRejected:  # another process was faster
            if not await self.ask(self.client.collection_exists(self.name)):
                raise StoreUnavailable(REFUSED_READ) from None

    async def _create(self, dimension: int) -> None:
        dense = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        call = self.client.create_collection(
            self.name,
            vectors_config={"dense": dense},
            sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        await self.server.answer(call, writes=True)

    async def ask(self, call: Awaitable[Any], *, writes: bool = False) -> Any:
        """Await a call that holds nothing of our caller's: if it is refused, the store is at fault, not the call.

        Raises StoreUnavailable.
        """
        try:
            return await self.server.answer(call, writes=writes)
        except StoreRejected as error:
            raise StoreUnavailable(REFUSED_READ) from error


async def is_taken(call: Awaitable[Any]) -> bool:
    """Whether Qdrant answers a query on its collection; False where it rejects the query as wrong."""
    try:
        await call
    except StoreRejected:
        return False
    return True


def _two_lengths(embedder: str, dimension: int, collection: str) -> str:
    return (
        f"{embedder} gives vectors of {dimension} numbers, but its memories are in {collection}: mend the embedder, or "
        "remove that collection if it is the wrong one"
    )
