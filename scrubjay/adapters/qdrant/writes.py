"""Writing points: cut into requests that a server takes, and judged when it refuses one.

A plan may hold more than a server takes at once: on a body over 32 MiB Qdrant closes the connection without an answer.
So points are put by several requests. A process that ends between two of them leaves a part, and whoever repeats the
plan writes the same points again under the same ids. All versions of one memory go in one request, so that no reader
meets a memory whose past is missing; of a memory that is too large for that, the past goes first and what stands last.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from scrubjay.adapters.qdrant.connection import NO_ID_OF_OURS, NoAnswer, QdrantConnection, TooLarge
from scrubjay.errors import LeaseLost, StoreRejected, StoreUnavailable

BM25 = "qdrant/bm25"
WRITE_BYTES = 8 * 1024 * 1024
# A number as JSON has at most 24 characters and a comma. Names of owners, in filters, are bounded as well.
_NUMBER_BYTES, _FRAME_BYTES = 25, 4_000
_SMALLEST_LIMIT = 1024 * 1024  # of servers that close the connection: theirs is set in whole MiB
# Points that are there would be updated if they had an id that none has.
_WRITES_NOTHING: Mapping[str, Any] = {
    "update_mode": models.UpdateMode.UPDATE_ONLY,
    "update_filter": models.Filter(must=[models.HasIdCondition(has_id=[NO_ID_OF_OURS])]),
}


class QdrantWriter:
    """Puts points.

    Args:
        client: an open client; closed by whoever opened it.
        server: awaits the client's calls.
        most_bytes: of one request.
    """

    def __init__(self, client: AsyncQdrantClient, server: QdrantConnection, most_bytes: int = WRITE_BYTES) -> None:
        self._client = client
        self._server = server
        self._most_bytes = most_bytes

    async def put(self, collection: str, points: Sequence[models.PointStruct], good_until: float, **how: Any) -> None:
        """Put points by as many requests as they need, in an order that may end after any of them.

        Where one request is not enough, all of them are tried first in a form that writes nothing: of points that the
        server refuses, no part must stay.

        Args:
            collection: where.
            points: their order stays, but for those of one memory, which go together.
            good_until: on the loop's clock: no request that writes begins later.
            how: arguments of the client's `upsert`.

        Raises LeaseLost when it is too late for a request, StoreUnavailable, or StoreRejected when one of the points
        is refused and a harmless one is not.
        """
        parts = cut(points, self._most_bytes)
        still_good(good_until)
        if len(parts) == 1 and await self._fits(collection, parts[0], how):
            return
        fitting = [piece for part in parts for piece in await self._pieces(collection, part)]
        for piece in fitting:
            still_good(good_until)
            await self._upsert(collection, piece, how)

    async def _pieces(self, collection: str, points: list[models.PointStruct]) -> list[list[models.PointStruct]]:
        """The points in pieces that the server takes; it is asked, and writes none of them."""
        if await self._fits(collection, points, _WRITES_NOTHING):
            return [points]
        half = len(points) // 2
        return [*await self._pieces(collection, points[:half]), *await self._pieces(collection, points[half:])]

    async def _fits(self, collection: str, points: list[models.PointStruct], how: Mapping[str, Any]) -> bool:
        """Make one request; returns False where the server does not take its size, and half of it may do."""
        try:
            await self._upsert(collection, points, how)
        except NoAnswer as error:
            if not error.hung_up or sum(map(size_of, points)) <= _SMALLEST_LIMIT:
                raise
            await self._server.answer(self._client.collection_exists(collection))  # it is there, so it may be the size
            if len(points) > 1:
                return False
            await self._send_once_more(collection, points, how)
        except TooLarge as error:
            if len(points) > 1:
                return False
            await self._require_that_others_are_taken(collection, points[0], error)
            raise TooLarge(_one_is_too_large(size_of(points[0]))) from error
        except StoreRejected as error:
            await self._require_that_others_are_taken(collection, points[0], error)
            raise
        return True

    async def _upsert(self, collection: str, points: list[models.PointStruct], how: Mapping[str, Any]) -> None:
        await self._server.answer(self._client.upsert(collection, points, wait=True, **how), writes=True)

    async def _send_once_more(self, collection: str, points: list[models.PointStruct], how: Mapping[str, Any]) -> None:
        """A server that hangs up twice on one point, and answers in between, does not take its size."""
        try:
            await self._upsert(collection, points, how)
        except NoAnswer as error:
            if not error.hung_up:
                raise
            raise TooLarge(_one_is_too_large(size_of(points[0]))) from error

    async def _require_that_others_are_taken(
        self, collection: str, like: models.PointStruct, error: StoreRejected
    ) -> None:
        """Raise StoreUnavailable where the server refuses a harmless write too: then these points are not at fault.

        It writes nothing.
        """
        vector = {"dense": [1.0] * _length(like), "bm25": document("nothing")}
        harmless = models.PointStruct(id=NO_ID_OF_OURS, vector=vector, payload={})
        try:
            await self._upsert(collection, [harmless], _WRITES_NOTHING)
        except StoreRejected:
            raise StoreUnavailable("Qdrant refuses every write; the log has its words") from error


def document(text: str) -> models.Document:
    """A text of which the server computes the BM25 vector."""
    return models.Document(text=text, model=BM25)


def still_good(good_until: float) -> None:
    """Raises LeaseLost when the loop's clock has passed a moment."""
    if asyncio.get_running_loop().time() > good_until:
        raise LeaseLost("the last look at the lease is too old to write on")


def cut(points: Sequence[models.PointStruct], most_bytes: int) -> list[list[models.PointStruct]]:
    """The points in parts of at most so many bytes each, those of one memory in one part where they fit in one.

    Raises TooLarge, which names the size, for a point that is larger by itself.
    """
    parts, size = list[list[models.PointStruct]](), most_bytes + 1
    for group in _by_memory(points):
        sizes = [size_of(point) for point in group]
        if max(sizes) > most_bytes:
            raise TooLarge(_one_is_too_large(max(sizes)))
        together = sum(sizes) <= most_bytes
        for number, point in enumerate(group):
            needed = sum(sizes) if together and number == 0 else 0 if together else sizes[number]
            if size + needed > most_bytes:
                parts.append([])
                size = 0
            parts[-1].append(point)
            size += needed
    return parts


def _by_memory(points: Sequence[models.PointStruct]) -> list[list[models.PointStruct]]:
    """The points of each memory, in the order of their first ones: the past, and last what stands."""
    groups = defaultdict[str, list[models.PointStruct]](list)
    for point in points:
        groups[(point.payload or {})["memory_id"]].append(point)
    return [sorted(group, key=lambda point: point.id == name) for name, group in groups.items()]


def size_of(point: models.PointStruct) -> int:
    """No fewer bytes than a point has on the wire."""
    payload = point.payload or {}
    text = _json_bytes(payload.get("text", ""))  # a second time: in the document that BM25 is computed of
    return _json_bytes(payload) + text + vector_bytes(_length(point))


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def vector_bytes(numbers: int) -> int:
    """No fewer bytes than a request for a vector of so many numbers has on the wire, without its payload."""
    return numbers * _NUMBER_BYTES + _FRAME_BYTES


def _length(point: models.PointStruct) -> int:
    dense = point.vector.get("dense") if isinstance(point.vector, dict) else None
    return len(dense) if isinstance(dense, list) else 0


def _one_is_too_large(size: int) -> str:
    """The error message for a Qdrant point that is too large to upsert, even in a request by itself."""
    return (
        f"one memory needs a request of {size:,} bytes, and Qdrant takes none of that size: see its own limit "
        "(service.max_request_size_mb) and SCRUBJAY_QDRANT_WRITE_BYTES"
    )
