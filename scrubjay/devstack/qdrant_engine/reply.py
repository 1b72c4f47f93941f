"""Answers in Qdrant's envelope: `result`, `status` and the time spent, in seconds."""

from __future__ import annotations

import time
from typing import Any

import orjson
import qdrant_edge as engine
from starlette.requests import Request
from starlette.responses import Response

from scrubjay.devstack.qdrant_engine.errors import Refusal
from scrubjay.devstack.qdrant_engine.fields import Json
from scrubjay.devstack.qdrant_engine.vectors import vectors_as_json

VERSION = "1.20.0"
TITLE = "qdrant - vector search engine (Scrubjay embedded)"


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def answer(result: Any, started: float) -> Response:
    """Wrap a result; `started` is what `time.perf_counter()` said when the request came in."""
    return _json({"result": result, "status": "ok", "time": time.perf_counter() - started})


def refuse(refusal: Refusal, started: float) -> Response:
    """Wrap a refusal."""
    return _json({"status": {"error": str(refusal)}, "time": time.perf_counter() - started}, refusal.status)


def record_as_json(record: engine.Record) -> Json:
    """Write a stored point."""
    answer: Json = {"id": record.id, "payload": record.payload, "vector": _vectors(record.vector)}
    if record.order_value is not None:
        answer["order_value"] = record.order_value
    return answer


def scored_as_json(point: engine.ScoredPoint, *, with_vector: bool) -> Json:
    """Write a point found by a query."""
    answer: Json = {"id": point.id, "version": point.version, "score": point.score}
    answer |= {"payload": point.payload, "vector": _vectors(point.vector) if with_vector else None}
    if point.order_value is not None:
        answer["order_value"] = point.order_value
    return answer


def _vectors(vector: engine.Vector | None) -> Any:
    return None if vector is None else vectors_as_json(vector)


async def title(_: Request) -> Response:
    """Say what serves here; the client compares the version with its own."""
    return _json({"title": TITLE, "version": VERSION})
