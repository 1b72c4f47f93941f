"""Health: is it alive, can it serve."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.context import Opened
from api.routing import Route
from memory.errors import TurnstoneError
from memory.ports import Pingable

router = APIRouter(route_class=Route, tags=["health"])

_PING_SECONDS = 3


class LiveOut(BaseModel):
    """The process runs."""

    status: Literal["live"]


class PartOut(BaseModel):
    """Whether a part answers, and what is wrong with it."""

    ok: bool
    error: str | None


class ReadyOut(BaseModel):
    """Whether every part answers, and what extracts and embeds."""

    status: Literal["ready", "unready"]
    parts: dict[str, PartOut]
    extractor: str
    embedder: str


@router.get("/health/live", response_model=LiveOut)
async def live() -> Response:
    """The process runs. Does nothing else: the benchmark's floor."""
    return Response(b'{"status":"live"}', media_type="application/json")


@router.get(
    "/health/ready", response_model=ReadyOut, responses={503: {"model": ReadyOut, "description": "A part is away."}}
)
async def ready(parts: Opened) -> JSONResponse:
    """Every part answers; a part that does not is named, with 503."""
    names = list(parts.pingable)
    faults = await asyncio.gather(*(_fault(part) for part in parts.pingable.values()))
    down = {name: fault for name, fault in zip(names, faults, strict=True) if fault is not None}
    body: dict[str, Any] = {
        "status": "unready" if down else "ready",
        "parts": {name: {"ok": name not in down, "error": down.get(name)} for name in names},
        "extractor": parts.extractor.name,
        "embedder": parts.embedder.name,
    }
    return JSONResponse(body, status_code=503 if down else 200, headers={"Retry-After": "1"} if down else None)


async def _fault(part: Pingable) -> str | None:
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await part.ping()
    except TurnstoneError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {_PING_SECONDS} seconds"
    return None
