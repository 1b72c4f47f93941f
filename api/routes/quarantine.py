"""The quarantine: memories that read like instructions to a prompt, held back until a person releases or discards them.

There are some only with SCRUBJAY_QUARANTINE=hold.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from scrubjay.api.auth import Admin, AdminAtScreen
from scrubjay.api.dependencies import Opened, Paged, page_of
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.schemas.memories import MemoryOut
from scrubjay.api.schemas.quarantine import HeldDiscarded, HeldOut, HeldPage
from scrubjay.edit.quarantine import discard, release

router = APIRouter(route_class=Route, tags=["quarantine"], responses=refusals(502))


@router.get("/quarantine")
async def list_held(request: Request, caller: Admin, parts: Opened, page: Paged) -> HeldPage:
    """List memories in quarantine, newest first, with their quotes."""
    part = await parts.store.quarantine_page(caller.reach, page)
    results = [HeldOut.of(memory, turn_ids=list(memory.turn_ids), quote=memory.quote) for memory in part.items]
    return page_of(HeldPage, request, page, part, results)


@router.post("/quarantine/{memory_id}/release", responses=refusals(404))
async def release_memory(memory_id: UUID, caller: AdminAtScreen, parts: Opened) -> MemoryOut:
    """Release a memory from quarantine. It is then found like any other."""
    return MemoryOut.of(await release(caller.reach, str(memory_id), parts.edits))


@router.post("/quarantine/{memory_id}/discard", responses=refusals(404))
async def discard_memory(memory_id: UUID, caller: AdminAtScreen, parts: Opened) -> HeldDiscarded:
    """Delete a memory in quarantine."""
    await discard(caller.reach, str(memory_id), parts.edits)
    return HeldDiscarded(id=str(memory_id))
