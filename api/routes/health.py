"""Health: is it alive, can it accept turns, does everything behind work?"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from scrubjay.api.auth import Gate
from scrubjay.api.dependencies import Opened
from scrubjay.api.middleware.strict_json import Route
from scrubjay.errors import ScrubjayError
from scrubjay.model import Readiness

router = APIRouter(route_class=Route, tags=["health"])

_RECOGNISING_SECONDS = 3


class LiveOut(BaseModel):
    """The process runs."""

    status: Literal["live"]


class PartOut(BaseModel):
    """Whether a part works, else why not and since when; `limits` are what it cannot do as it is set up."""

    ok: bool
    reason: str | None
    since: datetime | None
    limits: list[str]


class StatusOut(BaseModel):
    """Whether turns are accepted (`ready`, `degraded`) or not (`unready`)."""

    status: Readiness


class ReadyOut(StatusOut):
    """The same with every part by name, and what extracts and embeds."""

    parts: dict[str, PartOut]
    extractor: str
    embedder: str


@router.get("/health/live", response_model=LiveOut)
async def live() -> Response:
    """The process runs. Does nothing else: the benchmark's floor."""
    return Response(b'{"status":"live"}', media_type="application/json")


@router.get(
    "/health/ready",
    responses={503: {"model": ReadyOut | StatusOut, "description": "Turns cannot be accepted for now."}},
)
async def ready(request: Request, response: Response, parts: Opened) -> ReadyOut | StatusOut:
    """Are turns accepted, and does everything work? 503 if turns cannot be accepted.

    `degraded`: turns are accepted, and something behind needs a person. Callers with a key are told which part it is,
    why and since when; others the status alone, and a provider is never asked on their account.
    """
    is_known = await _is_known(request)
    health = await parts.health.health(ask_providers=is_known)
    if health.status is Readiness.UNREADY:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    if not is_known:
        return StatusOut(status=health.status)
    return ReadyOut(
        status=health.status,
        parts={name: PartOut.model_validate(part, from_attributes=True) for name, part in health.parts.items()},
        extractor=parts.extractor.name,
        embedder=parts.embedder.name,
    )


async def _is_known(request: Request) -> bool:
    """Whether somebody asks who has a key, or a session; where keys cannot be looked up now, nobody has."""
    gate: Gate = request.app.state.gate
    try:
        async with asyncio.timeout(_RECOGNISING_SECONDS):
            await gate(request, at_screen=True)
    except (ScrubjayError, TimeoutError):
        return False
    return True
