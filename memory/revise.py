"""Revising by hand: change or delete one memory, under the owner's lease so that no worker writes beside us."""

from __future__ import annotations

from datetime import UTC, datetime

from memory.errors import NotFound
from memory.model import Event, Memory, Write
from memory.plan import superseded, version_id
from memory.ports import Embedder, Lanes, MemoryStore

_UNKNOWN = "there is no memory with this id"


async def update(
    tenant: str, memory_id: str, text: str, *, lanes: Lanes, store: MemoryStore, embedder: Embedder
) -> Memory:
    """Give a memory a new text; the old one stays in its history.

    Raises NotFound, LaneBusy when a worker keeps the owner's lane, and what the parts raise.
    """
    found = await _current(tenant, memory_id, store)
    old_vector, vector = await embedder.embed([found.text, text])
    async with lanes.edit(found.scope.lane) as lease:
        before = await _current(tenant, memory_id, store)
        if before.text != found.text:
            (old_vector,) = await embedder.embed([before.text])
        now = datetime.now(UTC)
        changed = {
            "text": text,
            "event": Event.UPDATE,
            "version": before.version + 1,
            "updated_at": now,
            "valid_from": now,
            "turn_ids": (),
            "quote": None,
            "model": None,
            "prompt_version": None,
        }
        after = before.model_copy(update=changed)
        past = Write(
            point_id=version_id(before.id, before.version),
            memory=superseded(before, after),
            vector=tuple(old_vector),
        )
        await store.apply(lease, [past, Write(point_id=after.id, memory=after, vector=tuple(vector))])
    return after


async def delete(tenant: str, memory_id: str, *, lanes: Lanes, store: MemoryStore) -> None:
    """Remove a memory with its whole history. Raises NotFound, LaneBusy, and what the parts raise."""
    found = await _current(tenant, memory_id, store)
    async with lanes.edit(found.scope.lane):
        if not await store.delete(tenant, memory_id):
            raise NotFound(_UNKNOWN)


async def _current(tenant: str, memory_id: str, store: MemoryStore) -> Memory:
    found = await store.get(tenant, memory_id)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found
