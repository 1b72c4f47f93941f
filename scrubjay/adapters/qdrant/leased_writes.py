"""Writing under a lease: a point that a newer fencing token has written stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

from qdrant_client import models

from scrubjay.adapters.qdrant import payload as payloads
from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.collection import QdrantCollection
from scrubjay.adapters.qdrant.writes import QdrantWriter, document, still_good
from scrubjay.model import Feedback, Lease, Write

_MARKS_AT_ONCE = 100  # of at most some 100 kB each


class QdrantLeasedWrites:
    """The port `MemoryWrites` on Qdrant.

    Args:
        collection: the embedder's.
        writer: puts points in requests that the server takes.
    """

    def __init__(self, collection: QdrantCollection, writer: QdrantWriter) -> None:
        self._collection = collection
        self._writer = writer

    async def apply(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put the versions; a point that a newer fencing token has written is left as it is.

        The token protects points that exist. A holder that comes too late writes a point again that was deleted
        meanwhile: against that stand the lease, `good_until`, and the second check of `scrubjay.erase.tombstones`.

        Raises LeaseLost, and writes nothing more, when the loop's clock has passed `good_until`: a process that was
        stopped since its last check of the lease must check again.
        """
        whole = [write for write in writes if write.vector]
        marks = [write for write in writes if not write.vector]
        if whole:
            name, points = await self._points(lease, whole)
            unfenced = selectors.not_fenced_off(lease.token)
            await self._writer.put(name, points, good_until, update_filter=unfenced)
        for start in range(0, len(marks), _MARKS_AT_ONCE):
            still_good(good_until)
            operations = [
                models.OverwritePayloadOperation(
                    overwrite_payload=models.SetPayload(
                        payload=payloads.to_payload(write, lease.token),
                        filter=selectors.unfenced_point(lease.token, write),
                    )
                )
                for write in marks[start : start + _MARKS_AT_ONCE]
            ]
            call = self._collection.client.batch_update_points(await self._collection.ready(), operations)
            await self._collection.ask(call, writes=True)

    async def insert(self, lease: Lease, writes: Sequence[Write], good_until: float) -> None:
        """Put versions under new ids; a point that already has one of these ids, of any owner, stays as it is.

        Raises LeaseLost as `apply` does.
        """
        if writes:
            name, points = await self._points(lease, writes)
            await self._writer.put(name, points, good_until, update_mode=models.UpdateMode.INSERT_ONLY)

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        """Put feedback to the memory that stands under an id; None removes it. A newer lease's is left as it is."""
        name, client = await self._collection.ready(), self._collection.client
        selection = selectors.ours(lease, memory_id)
        if feedback is None:
            call = client.delete_payload(name, ["feedback"], points=selection, wait=True)
        else:
            payload = {"feedback": feedback.model_dump(mode="json", exclude_none=True)}
            call = client.set_payload(name, payload, points=selection, wait=True)
        await self._collection.ask(call, writes=True)

    async def _points(self, lease: Lease, writes: Sequence[Write]) -> tuple[str, list[models.PointStruct]]:
        """The collection's name, and the points that the writes make in it."""
        name = await self._collection.ready(writes[0].vector)
        return name, [
            models.PointStruct(
                id=write.point_id,
                vector={"dense": list(write.vector), "bm25": document(write.memory.text)},
                payload=payloads.to_payload(write, lease.token),
            )
            for write in writes
        ]
