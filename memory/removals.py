"""Removals that hold against writes in flight: take back what we wrote too late, remove once more what was removed."""

from __future__ import annotations

from collections.abc import Sequence

from memory.books import Removal
from memory.model import Scope
from memory.ports import Inbox, Lanes, MemoryStore


async def take_back(scopes: Sequence[Scope], lanes: Lanes, store: MemoryStore) -> None:
    """After writing under a lease that was lost: if an erase covers it, nothing of what we wrote may stay."""
    epochs = dict([found for scope in dict.fromkeys(scopes) for found in await lanes.epochs(scope)])
    for scope, epoch in epochs.items():
        await store.erase(scope, epoch)


async def finish_removals(inbox: Inbox, store: MemoryStore) -> int:
    """Remove once more what was removed a while ago, now that nobody can still be writing it; returns how many."""
    due = await inbox.unfinished()
    for name, removal in due:
        await _repeat(removal, store)
        await inbox.finished(name)
    return len(due)


async def _repeat(removal: Removal, store: MemoryStore) -> None:
    if removal.memory_id is not None:
        await store.delete(removal.scope.tenant, removal.memory_id)
    elif removal.until is not None:
        await store.erase(removal.scope, removal.until)
