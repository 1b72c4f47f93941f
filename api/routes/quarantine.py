"""The quarantine: memories that read like instructions to a prompt, held back until a person releases or discards them.

There are some only with SCRUBJAY_QUARANTINE=hold.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from scrubjay.api.auth import Admin, AdminAtScreen
from scrubjay.api.dependencies import Opened, Paged, listed, shown
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.memories import HeldPage, MemoryOut
from scrubjay.edit.quarantine import discard, release

router = APIRouter(route_class=Route, tags=["quarantine"], responses=refusals(502))


@router.get("/quarantine", response_model=HeldPage)
async def list_held(request: Request, caller: Admin, parts: Opened, page: Paged) -> Any:
    """What is held back, newest first, with the words that it rests on."""
    part = await parts.store.held_page(caller.reach, page)
    results = [{**shown(memory), "turn_ids": list(memory.turn_ids), "quote": memory.quote} for memory in part.items]
    return listed(request, page, part, results)


@router.post("/quarantine/{memory_id}/release", response_model=MemoryOut, responses=refusals(404))
async def release_memory(memory_id: UUID, caller: AdminAtScreen, parts: Opened) -> Any:
    """Let a memory stand that was held back; from now on it is found like any other."""
    return shown(await release(caller.reach, str(memory_id), parts.edits))


@router.post("/quarantine/{memory_id}/discard", responses=refusals(404))
async def discard_memory(memory_id: UUID, caller: AdminAtScreen, parts: Opened) -> dict[str, str]:
    """Remove a memory that was held back."""
    await discard(caller.reach, str(memory_id), parts.edits)
    return {"id": str(memory_id), "status": "discarded"}
