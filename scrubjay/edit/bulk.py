"""Many memories changed or deleted in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrubjay.edit.edits import Change, delete, update
from scrubjay.errors import MemoryNotFound
from scrubjay.model import Scope
from scrubjay.ports import Embedder, Inbox, Lanes, MemoryStore
from scrubjay.safety.injection import Quarantine


async def update_each(
    reach: Scope,
    changes: Mapping[str, Change],
    *,
    lanes: Lanes,
    store: MemoryStore,
    embedder: Embedder,
    quarantine: Quarantine = Quarantine.MARK,
) -> None:
    """Change memories, one after the other; nothing is changed where one of them is not there.

    Args:
        reach: all that the caller may change.
        changes: by memory.
        lanes, store, embedder, quarantine: as of `edits.update`.

    Raises NotFound, LaneBusy, and what the parts raise: then those before are changed; the same call may come again.
    """
    await _all_there(reach, list(changes), store)
    for memory_id, change in changes.items():
        await update(reach, memory_id, change, lanes=lanes, store=store, embedder=embedder, quarantine=quarantine)


async def delete_each(
    reach: Scope, memory_ids: Sequence[str], *, inbox: Inbox, lanes: Lanes, store: MemoryStore
) -> None:
    """Delete memories, one after the other; nothing is deleted where one of them is not there.

    Raises NotFound, LaneBusy, and what the parts raise: then those before are gone.
    """
    await _all_there(reach, memory_ids, store)
    for memory_id in memory_ids:
        await delete(reach, memory_id, inbox=inbox, lanes=lanes, store=store)


async def _all_there(reach: Scope, memory_ids: Sequence[str], store: MemoryStore) -> None:
    for memory_id in memory_ids:
        if await store.get(reach, memory_id) is None:
            raise MemoryNotFound()
