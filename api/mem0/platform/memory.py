"""One memory on the platform's surface: read, changed, deleted, its history."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from scrubjay.api import intake
from scrubjay.api.auth import Reader, Writer
from scrubjay.api.dependencies import Opened
from scrubjay.api.mem0.answers import Message
from scrubjay.api.mem0.lenient import MemoryId
from scrubjay.api.mem0.requests import UpdateIn
from scrubjay.api.middleware.strict_json import Route
from scrubjay.edit.edits import delete, update
from scrubjay.errors import MemoryNotFound
from scrubjay.mem0.history import PlatformEntry, entries_of, platform_entry, version_record
from scrubjay.mem0.memories import PlatformMemory, platform_memory, record_of
from scrubjay.mem0.messages import MEMORY_DELETED
from scrubjay.offload import each

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/v1/memories/{memory_id:segment}/", response_model_exclude_unset=True)
async def get_memory(caller: Reader, memory_id: MemoryId, parts: Opened) -> PlatformMemory:
    """One memory as it stands now."""
    memory = await parts.store.get(caller.reach, memory_id)
    if memory is None:
        raise MemoryNotFound()
    return platform_memory(record_of(memory))


@router.get("/v1/memories/{memory_id:segment}/history/")
async def get_history(caller: Reader, memory_id: MemoryId, parts: Opened) -> list[PlatformEntry]:
    """What happened to a memory, oldest first, with the messages that it rests on."""
    versions = await parts.store.history(caller.reach, memory_id)
    if not versions:
        raise MemoryNotFound()
    turn_ids = list(dict.fromkeys(turn_id for version in versions for turn_id in version.turn_ids))
    texts = await each(partial(parts.turns.text, caller.reach), turn_ids)
    by_id = {turn.id: turn for turn in texts if turn is not None}
    return [platform_entry(entry, by_id) for entry in entries_of([version_record(version) for version in versions])]


@router.put("/v1/memories/{memory_id:segment}/", response_model_exclude_unset=True)
async def put_memory(caller: Writer, memory_id: MemoryId, new: UpdateIn, parts: Opened) -> PlatformMemory:
    """Give a memory a new text, other metadata or another end; what it was stays in its history."""
    changed = await update(
        caller.reach,
        memory_id,
        await intake.change(new.change, parts.mask),
        parts.edits,
    )
    return platform_memory(record_of(changed))


@router.delete("/v1/memories/{memory_id:segment}/")
async def delete_memory(caller: Writer, memory_id: MemoryId, parts: Opened) -> Message:
    """Delete a memory with its whole history: what it superseded goes in any case."""
    await delete(caller.reach, memory_id, parts.edits)
    return Message(message=f"{MEMORY_DELETED}!")
