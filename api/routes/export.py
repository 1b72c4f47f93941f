"""Export: everything of one owner as JSON lines, sent while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from scrubjay.api.auth import Reader
from scrubjay.api.dependencies import Opened, OwnerIds, owner
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.edit.exporting import Line, export

router = APIRouter(route_class=Route, tags=["export"], responses=refusals(502))

NDJSON = "application/x-ndjson"
_CHUNK_BYTES = 64_000


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
async def export_owner(caller: Reader, parts: Opened, ids: OwnerIds) -> StreamingResponse:
    """Export everything that is kept of an owner, as JSON lines: versions of memories, then turns.

    The first line is of kind `export`; the last one, of kind `end`, has the counts: without it the export was cut off.
    """
    lines = export(owner(caller, ids), parts.exports)
    # With the second line both parts of the stack, or the first of them, have answered: until then a refusal is told.
    begun = _encoded(await anext(lines)) + _encoded(await anext(lines))
    return StreamingResponse(_chunks(begun, lines), media_type=NDJSON)


async def _chunks(begun: bytes, lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """Stream the body of `GET /export`: encode the lines as NDJSON, and gather them into chunks of about 64 kB."""
    chunk = bytearray(begun)
    async for line in lines:
        chunk += _encoded(line)
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _encoded(line: Line) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
