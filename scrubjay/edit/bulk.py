"""Many memories changed or deleted in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrubjay.edit.edits import UNKNOWN, Change, EditServices, delete, update
from scrubjay.errors import NotFound
from scrubjay.model import Scope
from scrubjay.ports import MemoryStore


async def update_each(reach: Scope, changes: Mapping[str, Change], services: EditServices) -> None:
    """Change memories, one after the other; nothing is changed where one of them is not there.

    Args:
        reach: all that the caller may change.
        changes: by memory.
        services: what changes need.

    Raises NotFound, LaneBusy, and what the services raise: then those before are changed; the same call may come again.
    """
    await _all_there(reach, list(changes), services.store)
    for memory_id, change in changes.items():
        await update(reach, memory_id, change, services)


async def delete_each(reach: Scope, memory_ids: Sequence[str], services: EditServices) -> None:
    """Delete memories, one after the other; nothing is deleted where one of them is not there.

    Raises NotFound, LaneBusy, and what the services raise: then those before are gone.
    """
    await _all_there(reach, memory_ids, services.store)
    for memory_id in memory_ids:
        await delete(reach, memory_id, services)


async def _all_there(reach: Scope, memory_ids: Sequence[str], store: MemoryStore) -> None:
    for memory_id in memory_ids:
        if await store.get(reach, memory_id) is None:
            raise NotFound(UNKNOWN)
