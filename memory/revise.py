"""Revising by hand: change or delete one memory, under the owner's lease so that no worker writes beside us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from memory.books import Removal
from memory.errors import LaneBusy, LeaseLost, NotFound
from memory.model import Event, Lease, Memory, Write
from memory.plan import superseded, version_id
from memory.ports import Embedder, Inbox, Lanes, MemoryStore
from memory.removals import take_back

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
        if any(before.updated_at <= epoch for _, epoch in await lanes.epochs(before.scope)):
            raise NotFound(_UNKNOWN)  # an erase is at it; what we wrote now would be newer than its epoch, and stay
        if before.text != found.text:
            (old_vector,) = await embedder.embed([before.text])
        now = _EPOCH + timedelta(microseconds=lease.token)  # a token is Redis's clock, as acceptance times are
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
        await _write(lease, [past, Write(point_id=after.id, memory=after, vector=tuple(vector))], lanes, store)
    return after


async def _write(lease: Lease, writes: Sequence[Write], lanes: Lanes, store: MemoryStore) -> None:
    """Write between two looks: an erase may come in before or after the first, then the edit goes as well."""
    try:
        seen = await lanes.confirm(lease, ())
        await store.apply(lease, writes, seen.good_until)
        await lanes.confirm(lease, ())
    except LeaseLost as error:
        await take_back([write.memory.scope for write in writes], lanes, store)
        raise LaneBusy("this owner's memories were being changed just then", retry_after_seconds=1) from error


async def delete(tenant: str, memory_id: str, *, inbox: Inbox, lanes: Lanes, store: MemoryStore) -> None:
    """Remove a memory with its whole history. Raises NotFound, LaneBusy, and what the parts raise.

    A worker that was stopped in the midst of a write may still finish it: the sweep removes once more, shortly after.
    """
    found = await _current(tenant, memory_id, store)
    async with lanes.edit(found.scope.lane):
        await inbox.note_removal(Removal(scope=found.scope, memory_id=memory_id))
        if not await store.delete(tenant, memory_id):
            raise NotFound(_UNKNOWN)


async def _current(tenant: str, memory_id: str, store: MemoryStore) -> Memory:
    found = await store.get(tenant, memory_id)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found
