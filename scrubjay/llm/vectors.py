"""Vectors of texts: what the store has is read, and only the other texts are embedded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrubjay.model import Lane, Vector
from scrubjay.ports import Embedder, Neighbours


async def vectors_of(
    texts: Sequence[str], stored: Mapping[str, str], lane: Lane, store: Neighbours, embedder: Embedder
) -> dict[str, Vector]:
    """The vector of each text.

    Args:
        texts: whose vectors are needed.
        stored: the id of a point, by the text that it has; a point that is gone meanwhile does no harm.
        lane: of these points.
        store: has their vectors.
        embedder: makes the others, in one call.

    Raises StoreUnavailable, and what the embedder raises.
    """
    points = {text: stored[text] for text in texts if text in stored}
    by_point = await store.vectors(lane, list(points.values())) if points else {}
    known = {text: by_point[point_id] for text, point_id in points.items() if point_id in by_point}
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    embedded = await embedder.embed(missing) if missing else []
    return {**known, **dict(zip(missing, embedded, strict=True))}
