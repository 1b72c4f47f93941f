"""Reads a Qdrant collection for `turnstone import`, in a process of its own: no other command loads Qdrant's client.

From stdin a `Job` as a line of JSON, and then the place to begin at. On stdout a `Head` and one line for each page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import orjson
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

_SECONDS = 30


def main() -> None:
    """Do the job; what goes wrong is a line as well."""
    try:
        for line in _read(orjson.loads(sys.stdin.buffer.readline())):
            sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE, default=str))
            sys.stdout.buffer.flush()
    except (ApiException, OSError, ValueError, RuntimeError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        sys.stdout.buffer.write(orjson.dumps({"error": told[:500]}, option=orjson.OPT_APPEND_NEWLINE))


def _read(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    client, collection = _opened(job), job["collection"]
    there = [one.name for one in client.get_collections().collections]
    if collection not in there:
        yield {"error": f"there is no collection {collection}, but: {', '.join(there) or 'none'}"}
        return
    yield {"total": client.count(collection, exact=True).count}
    place = orjson.loads(sys.stdin.buffer.readline())
    while True:
        points, place = client.scroll(
            collection, limit=job["size"], offset=place, with_payload=True, with_vectors=False
        )
        yield {"points": [[_id(point), point.payload or {}] for point in points], "after": place}
        if place is None:
            return


def _opened(job: dict[str, Any]) -> QdrantClient:
    if job["path"] is not None:
        return QdrantClient(path=job["path"])  # it is locked as long as anybody has it open, and then this says so
    return QdrantClient(url=job["url"], api_key=job["api_key"], timeout=_SECONDS, check_compatibility=False)


def _id(point: models.Record) -> int | str:
    return point.id if isinstance(point.id, int) else str(point.id)


if __name__ == "__main__":
    main()
