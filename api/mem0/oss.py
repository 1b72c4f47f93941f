"""What is only the OSS server's: adding memories and waiting for them, starting afresh, its configuration.

All else of it (`GET /memories`, `POST /search` …) shares its address with our own surface, which answers both.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scrubjay.api.auth import Admin, Reader, Writer
from scrubjay.api.dependencies import Opened
from scrubjay.api.mem0 import serving
from scrubjay.api.mem0.answers import OssAddOut, ResetOut
from scrubjay.api.mem0.requests import AddIn
from scrubjay.api.middleware.strict_json import Route
from scrubjay.errors import DeadTurn, NotOffered
from scrubjay.mem0.events import error_of, results_of
from scrubjay.model import OWNERS, Status

router = APIRouter(route_class=Route, include_in_schema=False)

_NO_CONFIGURATION = "a server is configured by its settings, see .env.example; what is to be kept by PUT /guidance"


@router.post("/memories", response_model_exclude_unset=True)
async def add(request: Request, response: Response, body: AddIn, caller: Writer) -> OssAddOut:
    """Remember messages, and tell what came of it; 202 where that takes longer than half a minute."""
    turn_id, turn = await serving.add_turn(request, caller, body.model_copy(update={"async_mode": False}))
    if turn is None:
        response.status_code = 202
        return OssAddOut(results=[], id=turn_id, event_id=turn_id, status="PENDING")
    if turn.status is not Status.SETTLED:
        raise DeadTurn(f"the turn {turn_id} failed: {error_of(turn.status, turn.error)}")
    return OssAddOut(results=results_of(turn))


@router.post("/reset")
async def reset(caller: Admin, parts: Opened) -> ResetOut:
    """Forget everybody."""
    receipts = await serving.forget_all_of(caller.tenant, OWNERS, parts)
    return ResetOut(message="All memories reset", receipts=[receipt.id for receipt in receipts])


@router.get("/configure")
async def get_configuration(_: Reader) -> None:
    """There is none over HTTP."""
    raise NotOffered(_NO_CONFIGURATION)


@router.post("/configure")
async def configure(_: Admin) -> None:
    """There is none over HTTP."""
    raise NotOffered(_NO_CONFIGURATION)


@router.get("/configure/providers")
async def list_providers(_: Reader) -> None:
    """There is one wire: that of OpenAI's API, which most providers speak."""
    raise NotOffered("any provider that speaks OpenAI's API will do: set OPENAI_BASE_URL and OPENAI_API_KEY")


@router.post("/generate-instructions")
async def generate_instructions(_: Admin) -> None:
    """Instructions are a person's."""
    raise NotOffered("instructions are not made up here: write what is to be kept, and PUT /guidance")
