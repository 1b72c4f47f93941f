"""Forgetting an owner: the epoch first, then turns and plans, then every version; verified, and repeated once."""

from __future__ import annotations

import structlog

from memory.books import Receipt
from memory.model import Lease, Scope
from memory.ports import Embedder, Inbox, Lanes, MemoryStore, TurnLog
from memory.removals import erase

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
        memories = await erase(scope, epoch, held=held, lanes=lanes, store=store, embedder=embedder)
        left = await store.left(scope, epoch)
    finally:
        for lease in held:
            await lanes.hand_back(lease)
    log.info("owner_erased", turns=erased, memories=memories, left=left)
    return Receipt(tenant=scope.tenant, erased_at=epoch, turns=erased, memories=memories, verified=left == 0)
