"""Forgetting an owner: the epoch first, then turns and plans, then every version; verified, and repeated once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import structlog

from memory.books import Receipt
from memory.model import Event, Lease, Memory, Scope, Write
from memory.ports import Embedder, Inbox, Lanes, MemoryStore, TurnLog
from memory.spending import paid_by
from memory.versions import in_order, standing

log = structlog.get_logger(__name__)


async def forget(
    scope: Scope, *, inbox: Inbox, lanes: Lanes, turns: TurnLog, store: MemoryStore, embedder: Embedder
) -> Receipt:
    """Erase everything of a scope: what waits, what is being worked on, what is dead, settled or remembered.

    Whoever works on one of the owner's lanes loses its lease at once. The lanes are ours until the store is clean,
    so nothing accepted afterwards is weighed against memories that are about to go. A worker that was stopped in
    the midst of a write may still finish it: therefore the sweep removes once more, shortly after.

    Where only a part of an owner is forgotten (what was said to one agent), a memory that it had changed holds again as
    it was before.

    Raises InboxUnavailable, StoreUnavailable or LaneBusy; then ask again: what is gone stays gone.
    """
    epoch, erased, held = await inbox.raise_epoch(scope), 0, list[Lease]()
    try:
        for lane in await turns.lanes(scope):
            lease, count = await inbox.erase(scope, lane, epoch)
            held.append(lease)
            erased += count
        # Of a user as a whole nothing is left that could hold again.
        changed = [] if set(scope.ids) == {"user_id"} else await store.standing(scope, epoch)
        memories = await store.erase(scope, epoch)
        left = await store.left(scope, epoch)
        for memory_id in changed:
            await _hold_again(scope.tenant, memory_id, held, lanes, store, embedder)
    finally:
        for lease in held:
            await lanes.hand_back(lease)
    log.info("owner_erased", turns=erased, memories=memories, left=left)
    return Receipt(tenant=scope.tenant, erased_at=epoch, turns=erased, memories=memories, verified=left == 0)


async def _hold_again(
    tenant: str, memory_id: str, held: Sequence[Lease], lanes: Lanes, store: MemoryStore, embedder: Embedder
) -> None:
    """Let a memory hold again as it was before what was forgotten had changed it; nothing where nothing is left."""
    versions = in_order(await store.history(tenant, memory_id))
    if not versions or standing(versions):
        return
    lane = versions[-1].scope.lane
    lease = next((one for one in held if one.lane == lane), None)
    async with contextlib.nullcontext(lease) if lease else lanes.edit(lane) as ours:
        await _write_again(ours, versions, lanes, store, embedder)


async def _write_again(
    lease: Lease, versions: Sequence[Memory], lanes: Lanes, store: MemoryStore, embedder: Embedder
) -> None:
    last = versions[-1]
    again = {"event": Event.UPDATE, "version": max(one.version for one in versions) + 1, "current": True}
    since = {"valid_from": last.valid_to or last.valid_from, "valid_to": None, "superseded_by": None}
    with paid_by(last.scope.tenant):
        (vector,) = await embedder.embed([last.text])
    write = Write(point_id=last.id, memory=last.model_copy(update={**again, **since}), vector=tuple(vector))
    seen = await lanes.confirm(lease, ())
    await store.apply(lease, [write], seen.good_until)
