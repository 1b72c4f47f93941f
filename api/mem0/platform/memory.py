"""One memory on the platform's surface: read, changed, deleted, its history."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from scrubjay.api import intake
from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened
from scrubjay.api.mem0 import shapes
from scrubjay.api.mem0.asked import UpdateIn
from scrubjay.api.mem0.lenient import MemoryId
from scrubjay.api.middleware.strict_json import Route
from scrubjay.edit.edits import UNKNOWN, delete, update
from scrubjay.errors import NotFound
from scrubjay.offload import each

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/memories/{memory_id:segment}/")
async def get_memory(caller: Reader, memory_id: MemoryId, parts: Opened) -> Any:
    """One memory as it stands now."""
    memory = await parts.store.get(caller.reach, memory_id)
    if memory is None:
        raise NotFound(UNKNOWN)
    return shapes.memory(memory)


@router.get("/v1/memories/{memory_id:segment}/history/")
async def get_history(caller: Reader, memory_id: MemoryId, parts: Opened) -> Any:
    """What happened to a memory, oldest first, with the messages that it rests on."""
    versions = await parts.store.history(caller.reach, memory_id)
    if not versions:
        raise NotFound(UNKNOWN)
    turn_ids = list(dict.fromkeys(turn_id for version in versions for turn_id in version.turn_ids))
    texts = await each(partial(parts.turns.text, caller.reach), turn_ids)
    return shapes.history(versions, {turn.id: turn for turn in texts if turn is not None})


@router.put("/v1/memories/{memory_id:segment}/")
async def put_memory(caller: Writer, memory_id: MemoryId, new: UpdateIn, parts: Opened) -> Any:
    """Give a memory a new text, other metadata or another end; what it was stays in its history."""
    changed = await update(
        caller.reach,
        memory_id,
        await intake.change(new.change, parts.mask),
        parts.edits,
    )
    return shapes.memory(changed)


@router.delete("/v1/memories/{memory_id:segment}/")
async def delete_memory(caller: Writer, memory_id: MemoryId, parts: Opened) -> Any:
    """Delete a memory with its whole history: what it superseded goes in any case."""
    await delete(caller.reach, memory_id, parts.edits)
    return {"message": "Memory deleted successfully!"}
