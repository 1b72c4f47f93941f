"""Reads a collection of a Qdrant server for `scrubjay import`: no other command loads Qdrant's client."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException

from scrubjay.cli.imports.pickles import Unreadable, plain
from scrubjay.cli.imports.reading import Job, Page, Point, PointId, serve

_SECONDS = 30


class RemoteStore:
    """One collection of a server.

    Args:
        client: of the server.
        collection: its name.
    """

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client = client
        self._collection = collection
        self.names: Sequence[str] = [collection.name for collection in client.get_collections().collections]

    def total(self) -> int:
        """How many points there are."""
        return self._client.count(self._collection, exact=True).count

    def page(self, place: PointId | None, size: int) -> Page:
        """Some points from a place on, which is the id of the first; None: from the start."""
        points, after = self._client.scroll(
            self._collection, limit=size, offset=place, with_payload=True, with_vectors=False
        )
        return Page([_point(_id(point.id), point.payload) for point in points], None if after is None else _id(after))


def _point(point_id: PointId, payload: object) -> Point:
    """Read one point that Qdrant's client returned into a point to import: its payload, or why that cannot be read."""
    try:
        read = plain(payload or {})
    except Unreadable as error:
        return Point(point_id, f"its payload cannot be read: {error}")
    return Point(point_id, read if isinstance(read, dict) else "it is no point")


def _id(point_id: object) -> PointId:
    return point_id if isinstance(point_id, int) else str(point_id)


def _opened(job: Job, closing: ExitStack) -> RemoteStore:
    client = QdrantClient(url=job.url, api_key=job.api_key, timeout=_SECONDS, check_compatibility=False)
    closing.callback(client.close)
    return RemoteStore(client, job.collection)


if __name__ == "__main__":
    serve(_opened, (ApiException, OSError, ValueError, RuntimeError))
