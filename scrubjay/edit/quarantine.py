"""The quarantine: what was held back is released by a person, and then stands like any other memory, or discarded."""

from __future__ import annotations

from scrubjay.edit.edits import EditServices
from scrubjay.erase.tombstones import is_forgotten, notify_webhooks, write_under
from scrubjay.errors import NotFound
from scrubjay.model import Event, Memory, Notification, Page, Scope, Write
from scrubjay.model.erasure import Removal
from scrubjay.ports import MemoryStore

_NOT_HELD = "there is no memory in quarantine with this id; it may have been released or discarded"


async def release(reach: Scope, memory_id: str, services: EditServices) -> Memory:
    """Let a memory stand that was held back. It is marked no longer: a person has judged it.

    It supersedes nothing, and what was learned meanwhile was not weighed against it. Raises NotFound, LaneBusy when a
    worker keeps the owner's lane, and what the services raise.
    """
    lanes, store = services.lanes, services.store
    lane = (await _in_quarantine(reach, memory_id, store)).scope.lane
    async with lanes.edit(lane) as lease:
        memory = await _in_quarantine(reach, memory_id, store)
        if await is_forgotten(memory, lanes):
            raise NotFound(_NOT_HELD)
        # Its times and its order stay: it is known since it was said, and an erase of that time must cover it.
        released = memory.model_copy(update={"in_quarantine": False, "current": True, "marked": False})
        write = Write(point_id=released.id, memory=released)  # its point has the vector of its text
        notification = Notification(
            event=Event.ADD, scope=released.scope, memory_id=released.id, version=released.version
        )
        async with notify_webhooks(lease, notification, lanes):
            await write_under(lease, [write], lanes, store)
        return released


async def discard(reach: Scope, memory_id: str, services: EditServices) -> None:
    """Remove a memory that was held back. Raises NotFound, LaneBusy, and what the services raise.

    As with any memory that is deleted, it is removed once more shortly after.
    """
    lanes, store = services.lanes, services.store
    lane = (await _in_quarantine(reach, memory_id, store)).scope.lane
    async with lanes.edit(lane) as lease:
        memory = await _in_quarantine(reach, memory_id, store)
        await services.removal_notes.note_removal(Removal(scope=memory.scope, memory_id=memory_id, until=lease.token))
        if not await store.delete(reach, memory_id):
            raise NotFound(_NOT_HELD)


async def _in_quarantine(reach: Scope, memory_id: str, store: MemoryStore) -> Memory:
    memories = (await store.quarantine_page(reach, Page(size=1), memory_id)).items
    if not memories:
        raise NotFound(_NOT_HELD)
    return memories[0]
